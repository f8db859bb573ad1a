"""What those who answer for a policy are told: that it changes, and that somebody left on whom it counts."""

from datetime import UTC, datetime

from shared.policy.mentions import Mentions, RuleMention, Seat
from shared.policy.parse import parse_policy
from workers.assignment.policy.heralding import cancelled_words, change_words, heralds
from workers.intake.policy.mending import mending_words

_FORMER = parse_policy(
    "baton_policy: 1\nname: one\nowner: ops@x.example\nqualification: {intent: {minimum: 30}}\n"
    "rules: [{name: a, to: queue:q}]\nqueues: {q: {}}\n"
)
_NEXT = parse_policy(
    "baton_policy: 1\nname: one\nowner: new@x.example\nqualification: {intent: {minimum: 50}}\n"
    "stage_owners: {qualification: mkt@x.example, routing: new@x.example}\n"
    "rules: [{name: a, to: queue:q}]\nqueues: {q: {owner: new@x.example}}\n"
)
_AT = datetime(2027, 1, 1, tzinfo=UTC)


def test_everybody_who_answers_is_told_once() -> None:
    """The former owner, the new one, and those of the stages; nobody twice."""
    found = heralds(_FORMER, _NEXT, "text")

    assert [(one.kind, one.recipient, one.addressee, one.lead_ids) for one in found] == [
        ("policy", "ops@x.example", "ops", ()),
        ("policy", "new@x.example", "ops", ()),
        ("policy", "mkt@x.example", "ops", ()),
    ]


def test_a_changed_definition_is_named() -> None:
    """Whoever waits for qualified leads hears that the definition of one has changed, and how to read it."""
    words = change_words((3, _FORMER), 4, _NEXT, by="olga", at=None)
    planned = change_words((3, _FORMER), 4, _NEXT, by="olga", at=_AT)

    assert words is not None
    assert "Version 4 (one) is in force, by olga." in words
    assert "1 in qualification" in words
    assert words.endswith("baton policy diff 3 4")
    assert planned is not None
    assert "is planned for 2027-01-01 00:00:00 UTC" in planned


def test_nothing_is_said_of_nothing() -> None:
    """A version that says the same in another layout is no news; nor is a rep on whom nothing counts."""
    assert change_words((3, _FORMER), 4, _FORMER, by="olga", at=None) is None
    assert mending_words("ana", Mentions((), (), ()), 0, 0) is None
    assert mending_words("ana", Mentions((), (Seat("west", named=False, share=0.5, left=1),), ()), 0, 0) is None


def test_what_has_to_be_mended_is_listed() -> None:
    """Rules and pools that name the rep, pools and queues without anybody, and what the CRM says they own."""
    pools = (Seat("both", named=True, share=None, left=2), Seat("solo", named=False, share=1.0, left=0))
    hangs = Mentions(
        (RuleMention("danes", 9, ("pool:west",)),), pools, (Seat("tank", named=False, share=None, left=0),)
    )

    assert mending_words("ana", hangs, 1200, 1) == (
        "ana has departed: rule danes names them; pool both names them; pool solo has nobody left; nobody may claim "
        "from queue tank; accounts that they own: 1,200; open opportunities that they own: 1. "
        "baton rep depart ana --dry-run says more"
    )


def test_a_plan_that_is_taken_back_is_told() -> None:
    """Who prepared for it need not."""
    words = cancelled_words(4, _NEXT, by="otto", at=_AT)

    assert words == "Version 4 (one) does not take effect at 2027-01-01 00:00:00 UTC: taken back by otto"

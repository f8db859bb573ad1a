"""A rehearsal carries loads, caps and ledgers through time; what it says of a change is what has changed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.custody.states import Absence
from shared.domain.lead import Status
from shared.domain.rep import Rep
from shared.policy.compile import compile_policy
from shared.policy.parse import parse_policy
from shared.routing.policy.case import AccountState, Case
from shared.routing.policy.past import Past, PastBatch, Rosters, Verdict, recorded_case, reshaped_pools
from shared.routing.policy.pools import Ledger, LedgerLine
from shared.routing.policy.record import CoverageRecord, account_document, read_account
from shared.routing.policy.rehearse import Change, Draft, People, Rehearsal, change_of

_START = datetime(2026, 11, 2, 9, tzinfo=UTC)
_HOUR = timedelta(hours=1)

_FORMER = """
name: former
owner: ops@here.example
vocabulary: {product: [Anvil, Bellows]}
rules:
  - {name: bellows, when: {product: Bellows}, to: pool:east}
  - {name: rest, to: queue:tank}
pools:
  west: {members: {team: West}}
  east: {members: {team: East}}
queues:
  exceptions: {owner: ops@here.example}
  tank: {kind: claim, owner: ops@here.example, members: {}}
"""
_DRAFT = _FORMER.replace("to: queue:tank}", "to: pool:west}")
_REPS = (
    Rep("ana", "Ana", team="West", capacity=1),
    Rep("ben", "Ben", team="West", capacity=1),
    Rep("eva", "Eva", team="East"),
    Rep("ede", "Ede", team="East"),
)
_TANK = Verdict("rest", "pooled", "queue:tank", "tank")


def _rehearsal(text: str = _DRAFT, **people: Any) -> Rehearsal:
    policies = {text_: compile_policy(parse_policy(text_)) for text_ in (_FORMER, text)}
    rosters = Rosters([(1, rep) for rep in _REPS])
    draft = Draft(policies[text], "exceptions", lambda _at: {})
    return Rehearsal(draft, People(rosters, **people), lambda _version: policies[_FORMER])


def _past(lead_id: int, was: Verdict = _TANK, *, product: str | None = None, **more: Any) -> Past:
    facts = {"product": product} if product else {}
    return Past(Case(lead_id, Status.MATCHED, _START, _START, facts), 1, was, **more)


def _walk(rehearsal: Rehearsal, *batches: tuple[float, Sequence[Past]]) -> list[str | None]:
    """Decide batches at hours after the start, with nobody on record; return the owners in their order."""
    owners: list[str | None] = []
    for hours, leads in batches:
        found = rehearsal.decide(PastBatch(_START + hours * _HOUR, None, tuple(leads)))
        owners += [one.now.owner for one in sorted(found, key=lambda one: one.past.lead_id)]
    return owners


def test_a_lead_is_held_for_as_long_as_its_custody_lasted() -> None:
    """Who is full by what the draft gave is free again when the custody on record ended, and not before."""
    ended = _START + 2 * _HOUR

    owners = _walk(
        _rehearsal(),
        (0, [_past(1, custody_ended_at=ended), _past(2, custody_ended_at=None)]),
        (1, [_past(3)]),
        (2, [_past(4)]),
    )

    assert set(owners[:2]) == {"ana", "ben"}
    assert owners[2] == "exceptions"
    assert owners[3] == owners[0]


def test_a_lead_without_custody_is_held_as_long_as_usual() -> None:
    """Leads that went to a track on record are let go by the draft's owner after the usual time."""
    track = Verdict("rest", "nurturing", "nurture:long", "long")

    owners = _walk(
        _rehearsal(usual_hold=_HOUR),
        (0, [_past(1, track), _past(2, track)]),
        (0.5, [_past(3, track)]),
        (1, [_past(4, track)]),
    )

    assert owners[2] == "exceptions"
    assert owners[3] in {"ana", "ben"}


def test_a_lead_that_is_decided_again_leaves_whom_it_had() -> None:
    """The second decision about a lead finds its first owner free."""
    owners = _walk(_rehearsal(), (0, [_past(1), _past(2)]), (1, [_past(1)]))

    assert owners[2] == owners[0]


def test_what_reps_held_before_counts() -> None:
    """Who was full when the period began gets nothing."""
    assert _walk(_rehearsal(loads={"ana": 1}), (0, [_past(1), _past(2)])) == ["ben", "exceptions"]


def test_who_was_away_gets_nothing() -> None:
    """An absence of today's table counts where the batch did not look at the rep."""
    away = {"ana": [Absence(_START, _START + _HOUR, timedelta(0))]}

    assert _walk(_rehearsal(absences=away), (0, [_past(1)]), (1, [_past(2)])) == ["ben", "ana"]


def test_a_cap_counts_what_the_draft_gave() -> None:
    """A cap that only the draft has lets a member have so many in its window, and again after it."""
    text = _FORMER.replace("{members: {team: East}}", "{members: {reps: [eva]}, cap: 2 per 1h}")
    east = Verdict("bellows", "offered", "pool:east", "eva")

    owners = _walk(
        _rehearsal(text),
        (0, [_past(1, east, product="Bellows"), _past(2, east, product="Bellows")]),
        (0.5, [_past(3, east, product="Bellows")]),
        (1, [_past(4, east, product="Bellows")]),
    )

    assert owners == ["eva", "eva", "tank", "eva"]


def _east(eva: int, ede: int, given: int) -> CoverageRecord:
    """The East on record after so many leads each, with equal weights; who has one less is next."""
    lines = {
        rep_id: LedgerLine(1_000_000 * (eva + ede - 2 * own), own, 0, present=True, last_given=given * (own > 0))
        for rep_id, own in (("eva", eva), ("ede", ede))
    }
    return CoverageRecord(1, {"eva": eva, "ede": ede}, ledgers={"east": Ledger(given, lines)})


def test_a_pool_goes_with_the_record_until_the_first_lead_that_differs() -> None:
    """Bellows alternate on record; an anvil that the draft sends between them moves the turn of those after it."""
    text = _FORMER.replace("{name: rest, to: queue:tank}", "{name: rest, to: pool:east}")
    rehearsal = _rehearsal(text)
    first, second = (Verdict("bellows", "offered", "pool:east", rep_id) for rep_id in ("ede", "eva"))
    batches = [
        PastBatch(_START, _east(0, 0, 0), (_past(1, first, product="Bellows"),)),
        PastBatch(_START + _HOUR, None, (_past(2),)),
        PastBatch(_START + 2 * _HOUR, _east(0, 1, 1), (_past(3, second, product="Bellows"),)),
    ]

    found = [one for batch in batches for one in rehearsal.decide(batch)]

    assert [(one.now.owner, one.change) for one in found] == [
        ("ede", Change.NONE),
        ("eva", Change.PLACE),
        ("ede", Change.TURN),
    ]


def test_a_pool_that_only_the_record_has_asked_stands_as_before() -> None:
    """The draft makes the pool otherwise and keeps bellows out of it: the first turn on record was never taken."""
    text = _FORMER.replace("to: pool:east", "to: queue:tank").replace("rest, to: queue:tank", "rest, to: pool:east")
    rehearsal = _rehearsal(text.replace("{members: {team: East}}", "{members: {team: East}, strategy: least_loaded}"))
    batches = [
        PastBatch(
            _START, _east(0, 0, 0), (_past(1, Verdict("bellows", "offered", "pool:east", "ede"), product="Bellows"),)
        ),
        PastBatch(_START + _HOUR, _east(0, 1, 1), (_past(2),)),
    ]

    found = [one for batch in batches for one in rehearsal.decide(batch)]

    assert [one.now.owner for one in found] == ["tank", "ede"]


@pytest.mark.parametrize(
    ("now", "change"),
    [
        (Verdict("north", "offered", "pool:north", "ana"), Change.NONE),
        (Verdict("other", "offered", "pool:north", "ana"), Change.RULE),
        (Verdict("north", "offered", "rep:ana", "ana"), Change.RULE),
        (Verdict("north", "offered", "pool:north", "ben"), Change.TURN),
        (Verdict("north", "offered", "pool:south", "ben"), Change.PLACE),
        (Verdict("north", "held", "queue:exceptions", "exceptions", "no_one_available"), Change.PLACE),
    ],
)
def test_a_change_has_one_word(now: Verdict, change: Change) -> None:
    """Nothing, another way to the same owner, another turn in the same place, or another place."""
    assert change_of(Verdict("north", "offered", "pool:north", "ana"), now) is change


def test_a_pool_is_reshaped_by_what_decides_who_gets_its_leads() -> None:
    """Members, strategy, caps and hours count; where it stands in the file and what it overflows into do not."""
    former = compile_policy(parse_policy(_FORMER))
    moved = _FORMER.replace("pools:\n", "pools:\n  new: {}\n").replace(
        "{members: {team: East}}", "{members: {team: East}, overflow: [pool:west]}"
    )
    capped = _FORMER.replace("{team: West}}", "{team: West}, cap: 1 per 1d}")

    assert reshaped_pools(compile_policy(parse_policy(moved)), former) == {"new"}
    assert reshaped_pools(compile_policy(parse_policy(capped)), former) == {"west"}


def test_a_case_is_read_back_from_what_was_kept() -> None:
    """Facts that the policy used are those of then, also where there were none; others are those of today."""
    detail = {
        "inputs": {
            "facts": {"product": "Anvil", "signals": {"visit": 2}, "attributes": {"persona": "it"}},
            "bad": {"country": "Atlantis"},
            "account_id": "acme",
            "account": {"status": "customer", "owner": "ana", "facts": {"industry": "retail"}},
        }
    }
    today = {
        "product": "Bellows",
        "employees": 5,
        "state": "CA",
        "hand_raise": True,
        "attributes": {"persona": "hr", "size": "xl"},
    }

    case = recorded_case(7, _START, detail, today, {"product", "employees", "persona"})

    facts = case.rule_facts()
    assert (facts["product"], facts["state"], facts["industry"]) == ("Anvil", "CA", "retail")
    assert facts["attributes"] == {"persona": "it", "size": "xl"}
    assert "employees" not in facts
    assert "hand_raise" not in facts
    assert (facts["signals"], facts["account_status"], case.account and case.account.owner_rep_id) == (
        {"visit": 2},
        "customer",
        "ana",
    )


def test_an_account_comes_back_as_it_was_kept() -> None:
    """Every part that decides anything, without the facts that are kept elsewhere."""
    account = AccountState("acme", "customer", True, "ana", "deal", "ben", {"country": "GB", "industry": "retail"})

    again = read_account("acme", account_document(account, {"country"}))

    assert again == AccountState("acme", "customer", True, "ana", "deal", "ben", {"industry": "retail"})


def test_a_coverage_comes_back_as_it_was_kept() -> None:
    """Loads, absences with their cover, departures and ledgers with windows survive the way through JSON."""
    ledger = Ledger(9, {"ana": LedgerLine(-5, 3, 1, present=True, last_given=8)}, {"ana": 2})
    record = CoverageRecord(4, {"ana": 2, "ben": 0}, {"ben": None, "eva": "ana"}, frozenset({"ede"}), {"west": ledger})

    again = CoverageRecord.read(4, record.reps_document(), record.pools_document())

    assert again == record

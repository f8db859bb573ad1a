"""One lead explained, corrected and given a place by hand, on real PostgreSQL."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.db.find_lead import find_leads, find_one
from shared.db.transaction import transaction
from shared.domain.target import Target
from shared.errors import RefusedError
from tests.fixtures.ops_texts import OPS_POLICY, OPS_TEAM
from tests.fixtures.pipeline import Pipeline, lead_event
from workers.assignment.ops import assign_lead, correct_lead
from workers.assignment.view import LeadPage, lead_page

_NORTHERN: Mapping[str, Any] = {"country": "GB", "employees": 200, "lead_type": "demo_request"}
_RIDDLE: Mapping[str, Any] = {"country": "Atlantis", "employees": 200, "lead_type": "demo_request"}


@pytest.fixture
def full(pipeline: Pipeline) -> Pipeline:
    """A pipeline with the full policy and its people."""
    pipeline.activate(OPS_POLICY)
    pipeline.sync("reps", OPS_TEAM)
    return pipeline


def _page(pipeline: Pipeline, lead_id: int) -> LeadPage:
    with transaction(pipeline.context.engine) as tx:
        return lead_page(tx, pipeline.context.policies, lead_id)


def _away(rep_id: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "rep_id": rep_id,
        "from": (now - timedelta(days=1)).isoformat(),
        "until": (now + timedelta(days=1)).isoformat(),
        "cover_rep_id": "nora",
    }


def _assign(pipeline: Pipeline, lead_id: int, target: str) -> None:
    assign_lead(pipeline.context, lead_id, Target.parse(target), reason="the customer asked", made_by="ops")


# Show -----------------------------------------------------------------------------------------------------------------


def test_a_page_says_why(full: Pipeline) -> None:
    """The page has the facts with origin, the rule's conditions, the pool's others and why not, owner and clock."""
    full.sync("absences", [_away("nils")])
    (lead_id,) = full.route(lead_event("f-1", **_NORTHERN))

    page = _page(full, lead_id)

    assert page.owner is not None
    assert (page.owner["owner"], page.owner["pool"], page.owner["rule"]) == ("nora", "north", "north")
    assert {one.field: one.origin for one in page.facts}["country"] == "form"
    assert page.sheet["blanks"] == ["industry", "product", "channel", "original_source"]
    assert [one.stage for one in page.timeline] == ["enrichment", "deduplication", "assignment"]
    assert all(one.reasons for one in page.timeline)
    assert [one.action for one in page.clock] == ["remind", "flag_overdue", "move_to"]
    reason = page.reason
    assert reason is not None
    assert reason.conditions is not None
    assert [(one.field, one.expected, one.found, one.result) for one in reason.conditions.tests] == [
        ("region", "= north", "north", True)
    ]
    assert [one.name for one in reason.passed_over] == ["open-deal", "customer", "support", "anvils", "large"]
    assert {one.rep_id: (one.chosen, one.why) for one in reason.colleagues} == {
        "nora": (True, "was number 1 in the line"),
        "nils": (False, "away"),
    }
    assert reason.replay.differences == ()


def test_a_page_keeps_the_policy_of_the_case(full: Pipeline) -> None:
    """A lead is explained by the version it was decided with, whatever is in force by now."""
    (lead_id,) = full.route(lead_event(**_NORTHERN))
    full.activate(OPS_POLICY.replace("region: north", "region: south").replace("rule: north", "rule: south"))

    reason = _page(full, lead_id).reason

    assert reason is not None
    assert (reason.policy_version, reason.explanation.rule, reason.replay.differences) == (1, "north", ())


def test_every_decision_of_a_mixed_batch_replays(full: Pipeline) -> None:
    """Law 8: for leads of all kinds the recorded decision, made again, has the same rule and outcome."""
    full.sync("accounts", [{"account_id": "acme", "name": "Acme", "domain": "acme.example", "status": "customer"}])
    lead_ids = full.route(
        lead_event(**_NORTHERN),
        lead_event(**_NORTHERN, product="the anvil", hand_raise=True),
        lead_event(**_RIDDLE),
        lead_event(email="a@acme.example", company="Acme", **_NORTHERN),
        lead_event(lead_type="newsletter", employees=5),
        lead_event(lead_type="webinar", employees=500, country="IT"),
        lead_event(lead_type="support_request"),
        lead_event(lead_type="content_download", employees=4000, country="DE"),
        lead_event(lead_type="demo_request", country="DE"),
    )

    reasons = [_page(full, lead_id).reason for lead_id in lead_ids]

    assert [one.replay.differences for one in reasons if one is not None] == [()] * len(lead_ids)
    assert len({full.lead(lead_id)["status"] for lead_id in lead_ids}) >= 4


def test_a_page_names_who_joined(full: Pipeline) -> None:
    """A later submission stands on the page of the lead that it joined, and points at it on its own."""
    (first,) = full.route(lead_event(email="ana@acme.example", **_NORTHERN))
    (second,) = full.route(lead_event(email="ana@acme.example", **_NORTHERN))

    assert [one["lead_id"] for one in _page(full, first).joined] == [second]
    assert _page(full, second).lead["merged_into"] == first
    assert _page(full, second).timeline[-1].reasons[0] == f"the same person as lead {first}, by email"


def test_a_lead_without_facts_has_a_page(pipeline: Pipeline) -> None:
    """A lead that waits for the first policy can be shown."""
    (lead_id,) = pipeline.publish(lead_event(**_NORTHERN))

    page = _page(pipeline, lead_id)

    assert (page.lead["status"], page.facts, page.owner, page.reason) == ("received", (), None, None)


# Keys -----------------------------------------------------------------------------------------------------------------


def test_a_key_is_an_id_an_address_or_an_event(full: Pipeline) -> None:
    """A lead is found by each of its keys, the newest of a person first; colons may stand anywhere."""
    (first,) = full.route(lead_event("x:1", source="urn:forms:demo", email="Ana@Acme.example", **_NORTHERN))
    (second,) = full.route(lead_event(email="ana+news@acme.example", **_NORTHERN))

    with transaction(full.context.engine) as tx:
        found = {
            key: [one.lead_id for one in find_leads(tx, key)]
            for key in (str(first), "urn:forms:demo:x:1", "ANA@acme.example")
        }
        living = find_one(tx, "ana@acme.example")

    assert found == {str(first): [first], "urn:forms:demo:x:1": [first], "ANA@acme.example": [second, first]}
    assert living == first


@pytest.mark.parametrize("key", ["99", "9" * 30, "nobody@here.example", "a:b", "?", ""])
def test_a_key_of_nobody_is_refused(full: Pipeline, key: str) -> None:
    """What no lead has is said with the forms that a key can take."""
    with transaction(full.context.engine) as tx, pytest.raises(RefusedError, match="SOURCE:ID"):
        find_leads(tx, key)


# Correct --------------------------------------------------------------------------------------------------------------


def test_a_corrected_lead_is_decided_again(full: Pipeline) -> None:
    """The fact is mended on the sheet, the record says by whom, and the lead goes where the rules send it."""
    (lead_id,) = full.route(lead_event(**_RIDDLE))
    held = full.lead(lead_id)

    done = correct_lead(full.context, lead_id, {"country": "Norway"}, made_by="olga")
    full.run_all()

    lead = full.lead(lead_id)
    decision = full.decisions(lead_id)[-2]
    made_by = full.value("SELECT made_by FROM decision WHERE lead_id = :id AND stage = 'ops'", id=lead_id)
    assert held["hold_reason"] == "not_understood:country"
    assert [one.as_record() for one in done.changes] == [{"field": "country", "from": None, "to": "NO"}]
    assert (lead["status"], lead["country"], lead["rule"]) == ("offered", "NO", "north")
    assert (decision["stage"], decision["outcome"], made_by) == ("ops", "corrected", "olga")
    assert _page(full, lead_id).timeline[-2].reasons == ("country: unknown → NO",)
    assert full.breaches() == []


def test_an_account_named_by_hand_counts(full: Pipeline) -> None:
    """A held lead whose account nobody matched goes to the account's owner once a person has named it."""
    full.sync("accounts", [{"account_id": "acme", "name": "Acme", "status": "customer", "owner_rep_id": "sven"}])
    (lead_id,) = full.route(lead_event(company="Quite Another", **_RIDDLE))

    correct_lead(full.context, lead_id, {"account_id": "acme"}, made_by="ops")
    full.run_all()

    lead = full.lead(lead_id)
    assert (lead["account_id"], lead["owner"], lead["rule"]) == ("acme", "sven", "customer")


def test_a_nurtured_lead_that_waits_for_a_correction_wakes(full: Pipeline) -> None:
    """A lead nurtured until it is changed is matched anew with the corrected address, and routed."""
    (lead_id,) = full.route(lead_event(email="wrong@acme.example", **_NORTHERN))
    _assign(full, lead_id, "nurture:until_changed")

    correct_lead(full.context, lead_id, {"email": "right@acme.example"}, made_by="ops")
    full.run_all()

    lead = full.lead(lead_id)
    assert (lead["status"], lead["email"]) == ("offered", "right@acme.example")
    assert "email:right@acme.example" in full.ids("SELECT key FROM person_key WHERE lead_id = :id", id=lead_id)
    assert full.breaches() == []


def test_what_is_decided_is_not_corrected(full: Pipeline) -> None:
    """A lead that a rep has, and one on a track that no correction ends, are refused with the way that there is."""
    offered, nurtured = full.route(lead_event(**_NORTHERN), lead_event(lead_type="newsletter"))

    with pytest.raises(RefusedError, match=r"offered with nils.*baton lead assign"):
        correct_lead(full.context, offered, {"country": "IT"}, made_by="ops")
    with pytest.raises(RefusedError, match=r"wakes on lead\.submitted"):
        correct_lead(full.context, nurtured, {"country": "IT"}, made_by="ops")


def test_a_word_outside_the_vocabulary_is_no_correction(full: Pipeline) -> None:
    """A product that the policy does not know is refused with the nearest one; nothing has changed."""
    (lead_id,) = full.route(lead_event(**_RIDDLE))

    with pytest.raises(RefusedError, match="Anvil"):
        correct_lead(full.context, lead_id, {"product": "Anvill", "country": "GB"}, made_by="ops")

    assert full.lead(lead_id)["status"] == "held"
    assert full.lead(lead_id)["country"] is None


def test_an_address_of_somebody_else_is_refused(full: Pipeline) -> None:
    """Corrected to the address of another living lead, a lead is a duplicate, and that is said."""
    first, held = full.route(lead_event(email="ana@acme.example", **_NORTHERN), lead_event(**_RIDDLE))

    with pytest.raises(RefusedError, match=f"duplicate --of {first}"):
        correct_lead(full.context, held, {"email": "Ana@acme.example"}, made_by="ops")

    assert full.lead(held)["status"] == "held"


# Assign ---------------------------------------------------------------------------------------------------------------


def test_a_lead_is_assigned_by_hand_with_its_clock(full: Pipeline) -> None:
    """Custody ends and starts anew with reason manual, the clock is the policy's, load and notices follow."""
    (lead_id,) = full.route(lead_event(**_NORTHERN))

    _assign(full, lead_id, "rep:sven")

    custodies = full.rows("SELECT owner, reason, end_reason FROM report.assignment ORDER BY epoch")
    steps = full.rows("SELECT epoch, cancelled_at IS NULL AS runs FROM report.deadline ORDER BY epoch, step")
    notices = full.rows("SELECT kind, recipient FROM report.notification ORDER BY recipient")
    assert custodies == [
        {"owner": "nils", "reason": "rule", "end_reason": "manual"},
        {"owner": "sven", "reason": "manual", "end_reason": None},
    ]
    assert [(one["epoch"], one["runs"]) for one in steps] == [(1, False)] * 3 + [(2, True)] * 3
    assert notices == [{"kind": "reassigned", "recipient": "nils"}, {"kind": "reassigned", "recipient": "sven"}]
    assert full.rows("SELECT rep_id, open_leads FROM rep_load WHERE open_leads <> 0") == [
        {"rep_id": "sven", "open_leads": 1}
    ]
    assert _page(full, lead_id).timeline[-1].reasons[0] == "by hand: the customer asked"
    assert full.breaches() == []


def test_a_pool_gives_a_lead_by_hand_as_by_rule(full: Pipeline) -> None:
    """Given to a pool, the lead goes to the pool's next and is debited there."""
    (lead_id,) = full.route(lead_event(**_RIDDLE))

    _assign(full, lead_id, "pool:south")

    assert full.lead(lead_id)["owner"] == "sara"
    assert full.value("SELECT given FROM pool WHERE pool = 'south'") == 1
    assert full.value("SELECT pool FROM assignment WHERE ended_at IS NULL") == "south"
    assert full.breaches() == []


@pytest.mark.parametrize(
    ("target", "status", "owner"),
    [
        ("queue:shark_tank", "pooled", "shark_tank"),
        ("queue:exceptions", "held", "exceptions"),
        ("nurture:long_term", "nurturing", None),
        ("divert:support", "diverted", None),
        ("suppress", "suppressed", None),
    ],
)
def test_every_kind_of_place_can_be_chosen(full: Pipeline, target: str, status: str, owner: str | None) -> None:
    """Queues, tracks and the ways out of sales take a lead by hand, and the laws hold."""
    (lead_id,) = full.route(lead_event(**_NORTHERN))

    _assign(full, lead_id, target)

    assert (full.lead(lead_id)["status"], full.lead(lead_id)["owner"]) == (status, owner)
    assert full.breaches() == []


def test_a_rep_beyond_capacity_can_be_named(full: Pipeline) -> None:
    """Capacity bounds what rules give; a person who names a rep knows why."""
    full.sync("reps", [{**OPS_TEAM[3], "capacity": "0"}])
    (lead_id,) = full.route(lead_event(**_NORTHERN))

    _assign(full, lead_id, "rep:sven")

    assert full.lead(lead_id)["owner"] == "sven"


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("rep:zoe", "not among the reps"),
        ("rep:sven", "has departed"),
        ("rep:nora", r"away until .*nora covers"),
        ("rep:nils", "with nils already"),
        ("pool:souht", "south"),
        ("pool:large", r"sara departed"),
        ("queue:nowhere", "no queue:nowhere"),
        ("nurture:nowhere", "no nurture:nowhere"),
        ("owner:account", "no such owner"),
        ("merge", "recycle KEY --reason duplicate"),
        ("keep_owner", "left alone"),
    ],
)
def test_an_illegal_place_is_refused_in_a_sentence(full: Pipeline, target: str, says: str) -> None:
    """Whoever is gone, away or unknown gets nothing, the sentence names the mend, and the lead stays where it is."""
    full.sync("absences", [_away("nora")])
    (lead_id,) = full.route(lead_event(**_NORTHERN))
    full.sync("reps", [{**OPS_TEAM[3], "status": "departed"}, {**OPS_TEAM[2], "status": "departed"}])

    with pytest.raises(RefusedError, match=says):
        _assign(full, lead_id, target)

    assert full.lead(lead_id)["owner"] == "nils"
    assert full.breaches() == []


def test_a_lead_that_cannot_move_stays(full: Pipeline) -> None:
    """What is final stays final, what is nurtured cannot be given to a rep, what is in the buffer has to wait."""
    final, nurtured = full.route(lead_event(lead_type="support_request"), lead_event(lead_type="newsletter"))
    (fresh,) = full.publish(lead_event(**_NORTHERN))

    with pytest.raises(RefusedError, match="final"):
        _assign(full, final, "rep:nils")
    with pytest.raises(RefusedError, match="cannot become offered; it can become buffering"):
        _assign(full, nurtured, "rep:nils")
    with pytest.raises(RefusedError, match="still being gathered"):
        _assign(full, fresh, "rep:nils")

"""Queues worked by ops and reps: claimed once, retried whole, seen with age and owner."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from shared.db.transaction import transaction
from shared.domain.target import Target
from shared.errors import RefusedError
from tests.fixtures.ops_texts import OPS_POLICY, OPS_TEAM
from tests.fixtures.pipeline import Pipeline, lead_event
from workers.assignment.desks import queue_desks, queue_page
from workers.assignment.ops import assign_lead, retry_queue
from workers.assignment.ops.find import active_policy
from workers.escalation.claim import claim_lead


@pytest.fixture
def full(pipeline: Pipeline) -> Pipeline:
    """A pipeline with people and a policy with a claim queue."""
    pipeline.activate(OPS_POLICY)
    pipeline.sync("reps", [*OPS_TEAM, {"rep_id": "eva", "name": "Eva", "status": "active", "team": "East"}])
    return pipeline


def _pooled(pipeline: Pipeline, count: int) -> list[int]:
    """Put so many leads into the shark tank, in the order of their ids."""
    lead_ids = pipeline.route(*(lead_event(country="GB", employees=200) for _ in range(count)))
    for lead_id in lead_ids:
        assign_lead(pipeline.context, lead_id, Target.parse("queue:shark_tank"), reason="test", made_by="test")
    return lead_ids


def _claim(pipeline: Pipeline, rep_id: str, lead_id: int | None = None) -> int:
    return claim_lead(pipeline.context, "shark_tank", rep_id, lead_id=lead_id)


# Claim ----------------------------------------------------------------------------------------------------------------


def test_a_claim_is_an_acceptance(full: Pipeline) -> None:
    """The lead that is longest in the queue becomes the rep's, accepted, with the first-touch clock running."""
    first, _ = _pooled(full, 2)

    claimed = _claim(full, "nora")

    lead = full.lead(first)
    clock = full.rows(
        "SELECT ladder, action FROM report.deadline WHERE fired_at IS NULL AND cancelled_at IS NULL AND lead_id = :id",
        id=first,
    )
    assert claimed == first
    assert (lead["status"], lead["owner"], lead["accepted_at"] is not None) == ("accepted", "nora", True)
    assert full.value("SELECT reason FROM assignment WHERE lead_id = :id AND ended_at IS NULL", id=first) == "claim"
    assert clock == [{"ladder": "first_touch", "action": "remind"}]
    assert full.value("SELECT open_leads FROM rep_load WHERE rep_id = 'nora'") == 1
    assert full.breaches() == []


@pytest.mark.parametrize("named", [True, False])
def test_of_two_claims_one_wins(full: Pipeline, named: bool) -> None:
    """Two reps claim the same lead at once: exactly one has it, and the other is told so."""
    (lead_id,) = _pooled(full, 1)
    start = Barrier(2)

    def claim(rep_id: str) -> str:
        start.wait(10)
        try:
            _claim(full, rep_id, lead_id if named else None)
        except RefusedError as error:
            return str(error)
        return "won"

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(claim, ["nora", "sven"]), key=len)

    assert told[0] == "won"
    assert ("it belongs to" in told[1]) if named else ("nothing to claim" in told[1])
    assert full.value("SELECT count(*) FROM assignment WHERE reason = 'claim'") == 1
    assert full.lead(lead_id)["owner"] in {"nora", "sven"}
    assert full.breaches() == []


def test_many_reps_claim_without_a_double(full: Pipeline) -> None:
    """Four reps who claim at the same time from a queue of eight get eight different leads."""
    _pooled(full, 8)
    reps = ["nils", "nora", "sara", "sven"]
    start = Barrier(4)

    def claim_two(rep_id: str) -> list[int]:
        start.wait(10)
        return [_claim(full, rep_id) for _ in range(2)]

    with ThreadPoolExecutor(4) as pool:
        claimed = [lead_id for pair in pool.map(claim_two, reps) for lead_id in pair]

    assert len(set(claimed)) == 8
    assert full.statuses() == {"accepted": 8}
    assert full.breaches() == []


def test_a_claim_has_a_limit(full: Pipeline) -> None:
    """The third claim within the hour is refused, and allowed again when the hour is over."""
    _pooled(full, 3)
    _claim(full, "nora")
    _claim(full, "nora")

    with pytest.raises(RefusedError, match="2 leads within 1h"):
        _claim(full, "nora")
    full.pass_time(3601)
    _claim(full, "nora")

    assert full.value("SELECT count(*) FROM assignment WHERE reason = 'claim'") == 3


@pytest.mark.parametrize(
    ("rep_id", "says"),
    [("zoe", "no rep zoe"), ("eva", "not a member"), ("nils", "away until"), ("sven", "departed")],
)
def test_who_may_not_claim_is_told_why(full: Pipeline, rep_id: str, says: str) -> None:
    """Only an active member who is here may claim; the lead stays where it is."""
    (lead_id,) = _pooled(full, 1)
    now = datetime.now(UTC)
    full.sync("absences", [{"rep_id": "nils", "from": now.isoformat(), "until": (now + timedelta(days=1)).isoformat()}])
    full.sync("reps", [{**OPS_TEAM[3], "status": "departed"}])

    with pytest.raises(RefusedError, match=says):
        _claim(full, rep_id)

    assert full.lead(lead_id)["status"] == "pooled"


def test_only_what_is_there_can_be_claimed(full: Pipeline) -> None:
    """A lead elsewhere, a lead of nobody and a queue that is none are refused."""
    (offered,) = full.route(lead_event(country="GB", employees=200))

    with pytest.raises(RefusedError, match=f"Lead {offered} cannot be claimed: it belongs to nils"):
        _claim(full, "nora", offered)
    with pytest.raises(RefusedError, match="no lead 99"):
        _claim(full, "nora", 99)
    with pytest.raises(RefusedError, match="shark_tank"):
        claim_lead(full.context, "shark_tnk", "nora")


# Retry ----------------------------------------------------------------------------------------------------------------


def test_a_retry_decides_the_whole_queue_again(full: Pipeline) -> None:
    """After a policy fix every held lead leaves the queue by the new rules, in batches, each once."""
    full.context.settings = full.context.settings.model_copy(update={"batch_size": 2})
    lead_ids = full.route(*(lead_event(country="DE", employees=200) for _ in range(5)))
    full.activate(OPS_POLICY.replace("south: {country: [IT, ES]}", "south: {country: [IT, ES, DE]}"))
    batches: list[int] = []

    count = retry_queue(full.context, "exceptions", reason=None, made_by="ops", done=batches.append)
    full.run_all()

    assert (count, batches) == (5, [2, 2, 1])
    assert {full.lead(lead_id)["rule"] for lead_id in lead_ids} == {"south"}
    assert full.statuses() == {"offered": 5}
    assert full.breaches() == []


def test_a_retry_can_be_narrowed_to_a_reason(full: Pipeline) -> None:
    """Only the leads held for that reason, whole or before the colon, are taken out."""
    strange, plain = full.route(lead_event(country="Atlantis", employees=200), lead_event(country="DE", employees=200))

    assert retry_queue(full.context, "exceptions", reason="vocabulary", made_by="ops") == 0
    assert retry_queue(full.context, "exceptions", reason="not_understood", made_by="ops") == 1
    assert (full.lead(strange)["status"], full.lead(plain)["status"]) == ("matched", "held")


def test_a_lead_that_comes_back_is_retried_once(full: Pipeline) -> None:
    """A lead that is held again for the same sake does not keep the retry going round."""
    (lead_id,) = full.route(lead_event(country="Atlantis", employees=200))

    count = retry_queue(full.context, "exceptions", reason=None, made_by="ops", done=lambda _leads: full.run_all())

    assert count == 1
    assert full.lead(lead_id)["status"] == "held"
    assert full.breaches() == []


def test_only_exception_queues_are_retried(full: Pipeline) -> None:
    """A claim queue and an unknown one are refused with the mend."""
    with pytest.raises(RefusedError, match="queue claim"):
        retry_queue(full.context, "shark_tank", reason=None, made_by="ops")
    with pytest.raises(RefusedError, match="exceptions"):
        retry_queue(full.context, "exception", reason=None, made_by="ops")


def test_a_queue_that_left_the_policy_can_be_emptied(full: Pipeline) -> None:
    """Leads in a queue that the policy does not name any more are seen and can be retried."""
    full.route(lead_event(country="Atlantis", employees=200))
    full.activate(OPS_POLICY.replace("exceptions", "desk"))

    with transaction(full.context.engine) as tx:
        kinds = {one.queue: one.kind for one in queue_desks(tx, active_policy(tx, full.context.policies))}
    count = retry_queue(full.context, "exceptions", reason=None, made_by="ops")
    full.run_all()

    assert kinds["exceptions"] == "not in the policy"
    assert count == 1
    assert full.value("SELECT owner FROM assignment WHERE ended_at IS NULL") == "desk"


# Show -----------------------------------------------------------------------------------------------------------------


def test_queues_are_seen_with_age_owner_and_share(full: Pipeline) -> None:
    """Every queue is listed with who answers for it, how much it holds, for how long, and whether that is too much."""
    full.route(lead_event(country="Atlantis", employees=200), lead_event(country="GB", employees=200))
    full.pass_time(600)

    with transaction(full.context.engine) as tx:
        desks = {one.queue: one for one in queue_desks(tx, active_policy(tx, full.context.policies))}

    exceptions = desks["exceptions"]
    assert list(desks) == ["exceptions", "shark_tank", "support", "product_feedback"]
    assert (exceptions.owner, exceptions.alert, exceptions.leads) == ("ops@here.example", "#exceptions", 1)
    assert (exceptions.share, exceptions.share_alarm, exceptions.is_alarming) == (0.5, 0.05, True)
    assert exceptions.oldest_seconds is not None
    assert 600 <= exceptions.oldest_seconds < 700
    assert (exceptions.escalate_after, exceptions.escalate_to) == ("30m", "boss@here.example")


def test_a_queue_says_why_its_leads_are_there(full: Pipeline) -> None:
    """The reasons are counted, the oldest leads are named, and who may claim is listed."""
    full.route(
        lead_event(country="Atlantis", employees=200),
        lead_event(country="Atlantis", employees=200),
        lead_event(country="DE", employees=200, product="Bellows"),
    )

    with transaction(full.context.engine) as tx:
        version = active_policy(tx, full.context.policies)
        page = queue_page(tx, version, "exceptions", 2)
        tank = queue_page(tx, version, "shark_tank", 2)
        with pytest.raises(RefusedError, match="exceptions"):
            queue_page(tx, version, "exeptions", 2)

    assert [(one["reason"], one["leads"]) for one in page.reasons] == [("not_understood:country", 2), ("no_rule", 1)]
    assert [one["lead_id"] for one in page.leads] == [1, 2]
    assert tank.members == ["nils", "nora", "sara", "sven"]

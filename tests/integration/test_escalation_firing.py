"""Clocks: every step of a ladder fires exactly once, never early, never after the answer that ends it."""

from collections.abc import Iterator

import pytest

from shared.bus.queues import TaskName
from shared.db.transaction import transaction
from shared.domain.target import Target
from tests.fixtures.pipeline import Pipeline, lead_event, open_pipeline, rep
from tests.fixtures.policy_texts import CLOCKS
from workers.assignment.ops.assign import assign_lead
from workers.escalation.answer import settle_answers
from workers.escalation.policy.answers import Answer, Kind

HOUR = 3600


@pytest.fixture
def clocks(database_url: str, redis_url: str) -> Iterator[Pipeline]:
    """A pipeline with two reps and a full ladder for demo requests."""
    with open_pipeline(database_url, redis_url) as pipeline:
        pipeline.activate(CLOCKS)
        pipeline.sync("reps", [rep("ana", team="Sales", manager_channel="#managers"), rep("bob", team="Sales")])
        yield pipeline


def _fired(pipeline: Pipeline, lead_id: int) -> list[tuple[str, int, str]]:
    rows = pipeline.rows(
        "SELECT ladder, step, fired_by FROM deadline WHERE lead_id = :id AND fired_at IS NOT NULL ORDER BY epoch, step",
        id=lead_id,
    )
    return [(row["ladder"], row["step"], row["fired_by"]) for row in rows]


def test_nothing_fires_before_it_is_due(clocks: Pipeline) -> None:
    """A countdown that comes early, however often, fires nothing."""
    (lead_id,) = clocks.route(lead_event(lead_type="demo_request"))

    for _ in range(3):
        clocks.deliver(TaskName.FIRE, [lead_id])
    clocks.keeper.fire()

    assert _fired(clocks, lead_id) == []
    assert clocks.lead(lead_id)["status"] == "offered"


def test_overdue_at_two_hours_and_the_manager_is_told(clocks: Pipeline) -> None:
    """At two hours the running offer is marked, on the rep's record, and the manager gets one notice."""
    (lead_id,) = clocks.route(lead_event(lead_type="demo_request"))
    owner = clocks.lead(lead_id)["owner"]
    clocks.pass_time(2 * HOUR + 2)

    for _ in range(2):
        clocks.deliver(TaskName.FIRE, [lead_id])
        clocks.keeper.fire()

    assert _fired(clocks, lead_id) == [("accept", 1, "countdown"), ("accept", 2, "countdown")]
    assert clocks.lead(lead_id)["overdue"]
    assert clocks.value("SELECT overdue_total FROM report.rep WHERE rep_id = :rep", rep=owner) == 1
    assert clocks.value("SELECT count(*) FROM report.notification WHERE kind = 'overdue'") == 1


def test_into_the_shark_tank_at_four_hours(clocks: Pipeline) -> None:
    """At four hours the lead loses its owner, the non-response is on the record, and the tank is told."""
    (lead_id,) = clocks.route(lead_event(lead_type="demo_request"))
    owner = clocks.lead(lead_id)["owner"]
    clocks.pass_time(4 * HOUR + 2)

    clocks.keeper.fire()
    clocks.keeper.fire()

    lead = clocks.lead(lead_id)
    assert (lead["status"], lead["owner_kind"], lead["owner"]) == ("pooled", "queue", "shark_tank")
    assert _fired(clocks, lead_id) == [("accept", number, "keeper") for number in (1, 2, 3)]
    record = clocks.rows("SELECT open_leads, overdue_total, missed_total FROM report.rep WHERE rep_id = :r", r=owner)
    assert record == [{"open_leads": 0, "overdue_total": 1, "missed_total": 1}]
    assert clocks.value("SELECT end_reason FROM report.assignment WHERE owner = :rep", rep=owner) == "non_response"
    assert clocks.breaches() == []


def test_two_custodies_may_be_reminded_of_the_same_second(clocks: Pipeline) -> None:
    """The record of a step names its custody, so that the same step of the next one is no repetition."""
    (lead_id,) = clocks.route(lead_event(lead_type="demo_request"))
    for _ in range(2):
        clocks.pass_time(HOUR)
        clocks.keeper.fire()
        other = {"ana": "rep:bob", "bob": "rep:ana"}[clocks.lead(lead_id)["owner"]]
        assign_lead(clocks.context, lead_id, Target.parse(other), reason="test", made_by="ops")
    # As if both had been due in one second, which the record keeps to itself while the tables move on.
    clocks.rows("UPDATE decision SET detail = detail || '{\"due_at\": null}' WHERE outcome = 'remind'")

    reminded = clocks.ids("SELECT detail -> 'epoch' FROM decision WHERE outcome = 'remind' ORDER BY sequence")

    assert reminded == [1, 2]
    assert clocks.breaches() == []


def test_an_unclaimed_lead_comes_before_the_queues_owner(clocks: Pipeline) -> None:
    """An hour in the tank with no claim, and its owner is told, once."""
    (lead_id,) = clocks.route(lead_event(lead_type="demo_request"))
    clocks.pass_time(4 * HOUR + 2)
    clocks.keeper.fire()
    clocks.pass_time(HOUR + 2)

    clocks.keeper.fire()
    clocks.keeper.fire()

    told = clocks.rows("SELECT recipient, lead_ids FROM report.notification WHERE kind = 'unclaimed'")
    assert told == [{"recipient": "director@maven.example", "lead_ids": [lead_id]}]


def test_no_promise_no_clock(clocks: Pipeline) -> None:
    """A lead type without a promise has no deadline at all."""
    (lead_id,) = clocks.route(lead_event(lead_type="content_download"))

    assert clocks.rows("SELECT * FROM deadline WHERE lead_id = :id", id=lead_id) == []


def test_a_pause_holds_moves_and_never_marks(clocks: Pipeline) -> None:
    """While something burns a lead is marked overdue but stays with its owner; after it the move is made."""
    (lead_id,) = clocks.route(lead_event(lead_type="demo_request"))
    clocks.rows("INSERT INTO escalation_pause (paused_by) VALUES ('test')")
    clocks.pass_time(4 * HOUR + 2)

    clocks.keeper.fire()
    while_paused = clocks.lead(lead_id)
    clocks.rows("UPDATE escalation_pause SET resumed_at = now(), resumed_by = 'test'")
    clocks.pass_time(60)
    clocks.keeper.fire()

    assert (while_paused["status"], while_paused["overdue"]) == ("offered", True)
    assert clocks.lead(lead_id)["status"] == "pooled"
    assert clocks.breaches() == []


@pytest.mark.parametrize("kind", [Kind.ACCEPT, Kind.RECYCLE])
def test_what_ends_a_ladder_stands_after_all_that_fired(clocks: Pipeline, kind: Kind) -> None:
    """An answer that begins before a firing, and has to wait for it, is not on record as the earlier of the two."""
    (lead_id,) = clocks.route(lead_event(lead_type="demo_request"))
    owner = clocks.lead(lead_id)["owner"]
    clocks.pass_time(HOUR)

    with transaction(clocks.context.engine) as tx:
        clocks.keeper.fire()
        reason = "timing" if kind is Kind.RECYCLE else None
        (verdict,) = settle_answers(clocks.context, tx, [Answer(kind, lead_id, owner, reason=reason)])

    (ended,) = clocks.rows(
        """
        SELECT coalesce(ended_at, accepted_at) >= max(fired_at) AS in_order, max(fired_at) > :began AS fired_meanwhile
        FROM deadline JOIN assignment USING (lead_id, epoch) JOIN lead USING (lead_id) GROUP BY ended_at, accepted_at
        """,
        began=tx.started_at,
    )
    assert verdict.refusal is None
    assert ended == {"in_order": True, "fired_meanwhile": True}
    assert clocks.breaches() == []

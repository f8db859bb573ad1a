"""What the exporter shows agrees with the rows, and stays cheap and honest whatever happens."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared import metrics
from shared.bus.queues import TaskName
from shared.bus.stream import EventStream, connect
from shared.db.transaction import transaction
from shared.local.launch import free_port
from shared.tallied import Board
from tests.fixtures.pipeline import Pipeline, counted, lead_event, open_pipeline, rep
from tests.fixtures.policy_texts import CLOCKS
from tests.fixtures.scrape import Sample, read_board, sample, total
from workers.audit.exporter import Exporter
from workers.audit.patrol import Patrol
from workers.audit.queries import gauges
from workers.escalation.queries import sweeping

HOUR = 3600


@pytest.fixture
def clocks(database_url: str, redis_url: str) -> Iterator[Pipeline]:
    """A pipeline with two reps and a full ladder for demo requests."""
    with open_pipeline(database_url, redis_url) as pipeline:
        pipeline.activate(CLOCKS)
        pipeline.sync("reps", [rep("ana", team="Sales", manager_channel="#managers"), rep("bob", team="Sales")])
        yield pipeline


def _look(pipeline: Pipeline) -> dict[Sample, float]:
    board = Board()
    Exporter(pipeline.context, board).look()
    return read_board(board)


def _answer(pipeline: Pipeline, kind: str, lead_id: int) -> None:
    event = {**lead_event(), "type": f"lead.{kind}"}
    pipeline.publish({**event, "data": {"lead_id": lead_id, "rep_id": pipeline.lead(lead_id)["owner"]}})
    pipeline.run_all()


def test_events_are_counted_by_their_way_in(clocks: Pipeline) -> None:
    """A lead, one that repeats it and one that nobody can read; a way in that nobody knows is called other."""
    event = lead_event()

    clocks.publish(event, event, b"no event", channel="file")
    clocks.publish(lead_event(), channel="carrier pigeon")

    shown = _look(clocks)
    received = {
        (one.labels[0][1], one.labels[1][1]): value
        for one, value in shown.items()
        if one.name == "baton_events_received_total" and value
    }
    assert received == {
        ("file", "leads"): 1,
        ("file", "duplicates"): 1,
        ("file", "quarantined"): 1,
        ("other", "leads"): 1,
    }
    assert shown[sample("baton_conservation_delta")] == 0


def test_a_lead_that_is_gone_shows_in_the_delta(clocks: Pipeline) -> None:
    """Two leads were read, and one row is not there any more."""
    clocks.publish(lead_event(), lead_event())

    clocks.rows("UPDATE status_tally SET leads = leads - 1 WHERE status = 'received'")

    assert _look(clocks)[sample("baton_conservation_delta")] == 1


def test_owners_are_counted_with_what_gave_them_the_lead(clocks: Pipeline) -> None:
    """By a rule, and by claiming what nobody answered; the way to the first owner is measured once, no test counts."""
    lead_id, _ = clocks.route(lead_event(lead_type="demo_request"), lead_event(lead_type="demo_request", test=True))
    clocks.pass_time(4 * HOUR + 60)
    clocks.keeper.fire()
    clocks.publish({**lead_event(), "type": "lead.claimed", "data": {"lead_id": lead_id, "rep_id": "bob"}})
    clocks.run_all()

    shown = _look(clocks)
    assert clocks.lead(lead_id)["owner"] == "bob"
    assert total(shown, "baton_leads_assigned_total", reason="rule") == 1
    assert total(shown, "baton_leads_assigned_total", reason="claim") == 1
    assert total(shown, "baton_leads_assigned_total") == 2
    assert shown[sample("baton_time_to_assignment_seconds_count")] == 1
    assert shown[sample("baton_routing_seconds_count")] == 1


def test_steps_are_counted_as_they_are_recorded(clocks: Pipeline) -> None:
    """By a countdown, by the keeper, and by the answer that came before either."""
    first, second, third = clocks.route(*[lead_event(lead_type="demo_request") for _ in range(3)])
    clocks.pass_time(2 * HOUR + 60)
    clocks.deliver(TaskName.FIRE, [first])
    _answer(clocks, "accepted", second)
    clocks.keeper.fire()

    shown = _look(clocks)
    recorded = clocks.rows(
        "SELECT action, fired_by, count(*) AS steps FROM deadline WHERE fired_at IS NOT NULL GROUP BY 1, 2"
    )
    assert {row["fired_by"] for row in recorded} == {"countdown", "keeper", "answer"}
    assert third
    for row in recorded:
        labels = {"action": row["action"], "fired_by": row["fired_by"]}
        assert shown[sample("baton_escalations_total", **labels)] == row["steps"]
    assert total(shown, "baton_escalations_total") == sum(row["steps"] for row in recorded)


def test_the_first_touch_is_measured_once(clocks: Pipeline) -> None:
    """From the event's acceptance, however often the rep calls again."""
    (lead_id,) = clocks.route(lead_event(lead_type="demo_request"))
    clocks.pass_time(600)

    _answer(clocks, "touched", lead_id)
    _answer(clocks, "touched", lead_id)

    shown = _look(clocks)
    assert shown[sample("baton_time_to_first_touch_seconds_count")] == 1
    assert 600 <= shown[sample("baton_time_to_first_touch_seconds_sum")] < 660


def test_what_a_transaction_undoes_is_not_counted(clocks: Pipeline) -> None:
    """The tally is a part of it."""
    context = clocks.context
    with pytest.raises(ZeroDivisionError), transaction(context.engine) as tx:
        tx.count(metrics.NOTIFICATIONS, "slack", "sent", amount=1 // 0)
    with transaction(context.engine) as tx:
        tx.count(metrics.NOTIFICATIONS, "slack", "sent")
        tx.connection.rollback()
        tx.tally.clear()

    assert total(_look(clocks), "baton_notifications_total") == 0


def test_adding_up_changes_nothing_that_is_shown(clocks: Pipeline) -> None:
    """The keeper replaces differences by their sums."""
    clocks.route(*[lead_event(lead_type="demo_request") for _ in range(3)])
    clocks.route(lead_event(lead_type="demo_request"))
    before = _look(clocks)
    rows = clocks.value("SELECT count(*) FROM metric_tally")

    with transaction(clocks.context.engine) as tx:
        sweeping.add_up_metrics(tx)

    changing = ("baton_leads_oldest", "baton_exporter", "baton_law")
    after = _look(clocks)
    assert clocks.value("SELECT count(*) FROM metric_tally") < rows
    assert {one: value for one, value in after.items() if not one.name.startswith(changing)} == {
        one: value for one, value in before.items() if not one.name.startswith(changing)
    }


@pytest.mark.parametrize(("days", "step"), [(0, 60), (2, HOUR), (40, 24 * HOUR)])
def test_the_age_of_a_status_is_that_of_its_oldest_lead(clocks: Pipeline, days: int, step: int) -> None:
    """It is exact to the minute, the hour or the day; who has left a status has no age there."""
    clocks.publish(lead_event())
    clocks.hints.published.clear()
    clocks.pass_time(days * 24 * HOUR + 600)
    clocks.route(lead_event(lead_type="demo_request"))
    with transaction(clocks.context.engine) as tx:
        sweeping.add_up_metrics(tx)

    ages = {one.labels[0][1]: age for one, age in _look(clocks).items() if one.name == metrics.LEADS_OLDEST.name}

    exact = clocks.value("SELECT extract(epoch FROM now() - min(status_at)) FROM lead WHERE status = 'received'")
    assert float(exact) - 1 <= ages["received"] <= float(exact) + step + 1
    assert ages["offered"] <= 61
    assert ages["matched"] == 0


def test_overdue_leads_and_late_steps_are_seen(clocks: Pipeline) -> None:
    """Nobody fired what has been due for a minute; then somebody does."""
    clocks.route(lead_event(lead_type="demo_request"))
    clocks.pass_time(2 * HOUR + 60)
    late = _look(clocks)

    clocks.keeper.fire()

    fired = _look(clocks)
    assert late[sample("baton_leads_overdue")] == 0
    assert late[sample("baton_escalation_oldest_due_age_seconds")] >= 50
    assert fired[sample("baton_leads_overdue")] == 1
    assert fired[sample("baton_escalation_oldest_due_age_seconds")] == 0


def test_a_broker_that_is_away_shows_nothing_old(clocks: Pipeline) -> None:
    """Its gauges go, the database's stay, and it is said when the broker was last seen."""
    nobody = EventStream(connect(f"redis://127.0.0.1:{free_port()}"), "baton:events")
    board = Board()
    Exporter(clocks.context, board).look()
    seen = read_board(board)

    Exporter(replace(clocks.context, stream=nobody), board).look()

    shown = read_board(board)
    look = sample("baton_exporter_last_look_timestamp_seconds", look="broker")
    assert sample("baton_stream_lag") in seen
    assert sample("baton_stream_lag") not in shown
    assert sample("baton_leads", status="received") in shown
    assert seen[look] > 0
    assert shown[look] == 0


def test_a_look_costs_the_same_however_many_leads_there_are(clocks: Pipeline) -> None:
    """The number of statements is fixed, and none of them reads a lead, an assignment in full, or an event."""
    exporter = Exporter(clocks.context, Board())
    exporter.look_at_database()
    with counted(clocks.context.engine) as few:
        exporter.look_at_database()
    clocks.route(*[lead_event(lead_type="demo_request") for _ in range(50)])

    with counted(clocks.context.engine) as many:
        exporter.look_at_database()

    assert len(many) == len(few)
    assert not [sql for sql in many if " lead " in sql or "intake_batch" in sql or " event " in sql]


def test_the_patrol_makes_every_check_and_finds_what_is_wrong(clocks: Pipeline) -> None:
    """One check at a time; a lead that two reps could claim to have shows as a breach of its law."""
    clocks.route(lead_event(lead_type="demo_request"))
    patrol = Patrol(clocks.context, iter(range(0, 100_000, 60)).__next__)
    kept = {patrol.step() for _ in range(60)}
    clean = _look(clocks)
    clocks.rows("UPDATE lead SET epoch = 7 WHERE status = 'offered'")

    for _ in range(60):
        patrol.step()

    shown = _look(clocks)
    assert len(kept) > 20
    assert total(clean, "baton_law_breaches") == 0
    assert shown[sample("baton_law_breaches", law="One custody")] == 1


def test_a_check_beyond_its_budget_is_left_to_the_audit(clocks: Pipeline) -> None:
    """It is not tried again for a while; the audit makes it, and forgets checks that there are no more."""
    clock = iter(range(0, 100_000, 11)).__next__
    clocks.rows("INSERT INTO law_finding VALUES ('a check of an older release', 'Books', 3)")
    clocks.rows(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(5); RETURN NEW; END'"
    )
    clocks.rows("CREATE TRIGGER slow BEFORE INSERT ON law_finding FOR EACH ROW EXECUTE FUNCTION slow()")

    left = Patrol(clocks.context, clock).step(budget_ms=100)

    clocks.rows("DROP TRIGGER slow ON law_finding")
    assert left is None
    assert clocks.breaches() == []
    with transaction(clocks.context.engine) as tx:
        findings = {one.law: one.breaches for one in gauges.load_findings(tx)}
    assert findings["Books"] == 0
    assert findings["Explained"] == 0

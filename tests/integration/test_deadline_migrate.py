"""A policy change moves no running clock; the migrate command does, with a report."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from shared.bus.publisher import batches
from shared.bus.queues import TaskName
from tests.fixtures.crowds import match_leads
from tests.fixtures.pipeline import Pipeline, counted, lead_event, open_pipeline, rep
from tests.fixtures.policy_texts import CLOCKS
from workers.escalation.migrate import Order, migrate_clocks

_CROWD = 10_000
#: Everything that a clock is: whose it is, when it falls due, and by which policy.
_CLOCKS = """
SELECT md5(string_agg(deadline::text, chr(10) ORDER BY lead_id, epoch, ladder, step)) FROM deadline
"""
FASTER = CLOCKS.replace("after: 2h", "after: 1h").replace("after: 4h", "after: 3h")


@pytest.fixture
def running(database_url: str, redis_url: str) -> Iterator[Pipeline]:
    """A pipeline with sixty running clocks of version 1, under a faster version 2."""
    with open_pipeline(database_url, redis_url, batch_size=25) as pipeline:
        pipeline.sync("reps", [rep("ana", team="Sales"), rep("bob", team="Sales")])
        pipeline.activate(CLOCKS)
        pipeline.route(*(lead_event(lead_type="demo_request") for _ in range(60)))
        pipeline.activate(FASTER)
        yield pipeline


@pytest.fixture
def crowd(database_url: str, redis_url: str) -> Iterator[Pipeline]:
    """Ten thousand running clocks of version 1."""
    with open_pipeline(database_url, redis_url) as pipeline:
        pipeline.sync("reps", [rep(f"r{number}", team="Sales") for number in range(20)])
        pipeline.activate(CLOCKS)
        for lead_ids in batches(match_leads(pipeline, _CROWD), 1_000):
            pipeline.deliver(TaskName.ASSIGN, lead_ids)
        yield pipeline


def _hours(pipeline: Pipeline, step: int) -> set[float]:
    rows = pipeline.rows(
        """
        SELECT round(extract(epoch FROM due_at - started_at) / 3600)::float8 AS hours
        FROM deadline JOIN assignment USING (lead_id, epoch) WHERE ladder = 'accept' AND step = :step
        """,
        step=step,
    )
    return {row["hours"] for row in rows}


def test_a_policy_change_moves_no_running_clock(running: Pipeline) -> None:
    """Every clock keeps the steps and the version that it started with."""
    running.keeper.tick()

    assert (_hours(running, 2), _hours(running, 3)) == ({2.0}, {4.0})
    assert running.ids("SELECT DISTINCT policy_version FROM deadline") == [1]
    assert running.breaches() == []


def test_the_report_changes_nothing(running: Pipeline) -> None:
    """Without being told to write, the command says what would happen."""
    version, counts = migrate_clocks(running.context, Order(), lambda _: None)

    assert (version, counts["clocks"], counts["sooner"], counts["same"]) == (2, 60, 120, 60)
    assert _hours(running, 2) == {2.0}


def test_clocks_move_on_purpose(running: Pipeline) -> None:
    """Written, every clock has the steps of the new version from its own start, and is pinned to it."""
    batches: list[int] = []

    migrate_clocks(running.context, Order(write=True, made_by="ops"), batches.append)
    _, again = migrate_clocks(running.context, Order(write=True, made_by="ops"), batches.append)

    assert (batches, again["clocks"]) == ([25, 25, 10], 0)
    assert (_hours(running, 2), _hours(running, 3)) == ({1.0}, {3.0})
    assert running.ids("SELECT DISTINCT policy_version FROM deadline") == [2]
    assert running.value("SELECT count(*) FROM decision WHERE outcome = 'clock_migrated' AND made_by = 'ops'") == 60
    assert running.breaches() == []


def test_what_has_fired_stays_fired(running: Pipeline) -> None:
    """A step that fired before the migration does not fire again after it."""
    running.pass_time(11 * 60)
    running.keeper.fire()

    migrate_clocks(running.context, Order(write=True), lambda _: None)
    running.keeper.fire()

    assert running.value("SELECT count(*) FROM deadline WHERE step = 1 AND fired_at IS NOT NULL") == 60
    assert running.value("SELECT count(*) FROM decision WHERE outcome = 'remind'") == 60
    assert running.breaches() == []


def test_ten_thousand_clocks_stay_until_they_are_moved(crowd: Pipeline) -> None:
    """A policy that comes into force moves none of them; the command moves all, batch by batch, and says how."""
    before = crowd.value(_CLOCKS)
    crowd.activate(FASTER)
    crowd.keeper.tick()
    _, planned = migrate_clocks(crowd.context, Order(), lambda _: None)
    after_activation = crowd.value(_CLOCKS)
    steps: list[int] = []

    with counted(crowd.context.engine) as statements:

        def note_batch(_: int) -> None:
            steps.append(len(statements))

        version, moved = migrate_clocks(crowd.context, Order(write=True, made_by="ops"), note_batch)

    assert after_activation == before
    assert planned == moved
    assert (version, moved["clocks"], moved["sooner"], moved["same"]) == (2, _CROWD, 2 * _CROWD, _CROWD)
    assert (_hours(crowd, 2), _hours(crowd, 3)) == ({1.0}, {3.0})
    # The first batch reads policy and reps as well; each further one costs what the one before it cost.
    assert len(steps) == _CROWD // 1_000
    assert len({later - earlier for earlier, later in pairwise(steps)}) == 1
    assert crowd.breaches() == []

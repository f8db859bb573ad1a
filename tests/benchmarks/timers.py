"""Timers: what a million deadlines that are hours away cost, and how late a thousand that are due per second fire.

Real keeper, real Celery workers, Redis and PostgreSQL in between. `python -m tests.benchmarks.timers` runs this alone.
"""

import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import redis

from shared.bus.queues import TaskName, TaskQueue
from shared.console import note
from shared.db.transaction import Transaction
from shared.settings import Settings, load_settings
from tests.benchmarks.meter import Meter
from tests.benchmarks.pipeline import StalledError, memory, process_ids
from tests.benchmarks.place import TIMERS_REDIS, Place, own_place
from tests.fixtures.pipeline import Pipeline, open_pipeline, rep
from tests.fixtures.plans import explain
from tests.fixtures.policy_texts import CLOCKS
from workers.escalation.keeper import LATE_SECONDS, TICK_LIMIT
from workers.escalation.queries import firing
from workers.processes.system import System, running_system
from workers.processes.table import process_table

#: Who keeps the clock, and who carries away the notices that it writes.
_PROCESSES = frozenset({"keeper", "worker-escalation", "worker-timers", "worker-notification"})
#: So near that the keeper itself arms what falls due in the run, as it arms whatever was written hours before.
_HORIZON_SECONDS = 8
#: Everything is written before the keeper's horizon reaches the first of it.
_AHEAD_SECONDS = _HORIZON_SECONDS + 6
#: Leads that are fired at once to see what firing costs.
_BATCH = 1_000
#: The keeper looks several times before its memory is read.
_SETTLE_SECONDS = 5.0
_PATIENCE_SECONDS = 120.0
#: How often the oldest step that is due is looked at, through the index.
_LOOK_SECONDS = 0.05

#: Deadlines of leads that nothing else knows: all that arming reads of them is their row in the index.
_OUTSTANDING = """
INSERT INTO deadline (lead_id, epoch, ladder, step, action, due_at, policy_version)
SELECT 10000000 + n, 1, 'accept', 1, 'remind',
    date_trunc('second', now()) + make_interval(hours => 2, secs => n % 7200), 1
FROM generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS n
"""
_DUE = """
WITH new AS (
    INSERT INTO lead (status, epoch, policy_version, event_source, event_id)
    SELECT 'offered', 1, 1, '/bench', n::text FROM generate_series(1, CAST(:leads AS integer)) AS n
    RETURNING lead_id, event_id::int AS n
), held AS (
    INSERT INTO assignment (lead_id, epoch, owner_kind, owner, reason, policy_version)
    SELECT lead_id, 1, 'rep', 'r' || n % 20, 'rule', 1 FROM new
), clocked AS (
    INSERT INTO deadline (lead_id, epoch, ladder, step, action, due_at, policy_version, detail)
    SELECT lead_id, 1, 'accept', 1, 'flag_overdue',
        date_trunc('second', now()) + make_interval(secs => CAST(:ahead AS integer) + n % CAST(:spread AS integer)), 1,
        '{"notify": "manager"}'
    FROM new
)
SELECT lead_id FROM new
"""
_BEGUN = "SELECT EXISTS (SELECT FROM deadline WHERE fire_at <= now() + interval '1 second')"
#: Nothing else falls due for an hour and more.
_OVER = "SELECT NOT EXISTS (SELECT FROM deadline WHERE fire_at <= now() + interval '1 minute')"
_LAG = "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(fire_at)), 0) FROM deadline WHERE fire_at <= now()"
_LATENESS = """
SELECT count(*) AS fired, count(*) FILTER (WHERE fired_by = 'countdown') AS by_countdown,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM fired_at - due_at)) AS p50,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM fired_at - due_at)) AS p99,
    min(fired_at - due_at) >= interval '0' AS never_early
FROM deadline WHERE lead_id = ANY(:ids) AND fired_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Load:
    """How many deadlines are hours away, in two measurements, and how many fall due per second for how long."""

    few: int = 1_000
    many: int = 1_000_000
    per_second: int = 1_000
    seconds: int = 10


def measure_timers(place: Place, load: Load) -> dict[str, Any]:
    """Return cost and memory with few and with many deadlines outstanding, and how late they fire under load."""
    url = place.new_database("timers")
    settings = place.settings("timers").model_copy(update={"redis_url": place.redis(TIMERS_REDIS)})
    specs = [spec for spec in process_table(settings) if spec.name in _PROCESSES]
    with (
        _environment("BATON_ARM_HORIZON_SECONDS", str(_HORIZON_SECONDS)),
        running_system(settings, specs, before=_seed, tell=note) as system,
        open_pipeline(url, place.redis(TIMERS_REDIS)) as pipeline,
    ):
        note(f"{load.few} deadlines that are hours away")
        pipeline.rows(_OUTSTANDING, first=1, last=load.few)
        few = _standing(place, system, pipeline)
        note(f"{load.many} deadlines that are hours away")
        pipeline.rows(_OUTSTANDING, first=load.few + 1, last=load.many)
        many = _standing(place, system, pipeline)
        note(f"{load.per_second} deadlines per second for {load.seconds} s")
        lateness = _lateness(place, system, pipeline, load)
    return {"outstanding": [few, many], "lateness": lateness}


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Tell processes that are started within the block a setting as every setting is told."""
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]


def _seed(settings: Settings) -> None:
    with open_pipeline(settings.database_url or "", settings.redis_url or "") as pipeline:
        pipeline.activate(CLOCKS)
        pipeline.sync("reps", [rep(f"r{number}", team="Sales", manager_channel=f"#m{number}") for number in range(20)])


def _standing(place: Place, system: System, pipeline: Pipeline) -> dict[str, Any]:
    """Return what it costs to look after the deadlines that stand in the database now."""
    engine = pipeline.context.engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # What fired in an earlier measurement leaves the index as well.
        connection.exec_driver_sql("VACUUM (ANALYZE, INDEX_CLEANUP ON) deadline")
    threading.Event().wait(_SETTLE_SECONDS)
    return {
        "deadlines": pipeline.value("SELECT count(*) FROM deadline WHERE fire_at IS NOT NULL"),
        "memory_mb": {name: used for name, used in memory(place, system).items() if name in _PROCESSES},
        "broker": _broker(place),
        "arm": explain(engine, _look_ahead) | {"ms": _median_ms(pipeline.keeper.arm)},
        "find_late": explain(engine, _look_back) | {"ms": _median_ms(pipeline.keeper.fire)},
        "fire_batch_ms": _fire_ms(pipeline),
    }


def _broker(place: Place) -> dict[str, Any]:
    """Return the memory of Redis, and how many messages wait in it or are held by a worker."""
    with redis.Redis.from_url(place.redis(TIMERS_REDIS)) as client:
        about: Any = client.info("memory")
        waiting: list[Any] = [client.llen(queue.value) for queue in TaskQueue]
        held: Any = client.hlen("unacked")
    return {"used_mb": round(about["used_memory"] / 1e6, 2), "messages": sum(waiting) + held}


def _look_ahead(tx: Transaction) -> None:
    """Ask what the keeper asks to arm the next stretch."""
    firing.load_seconds_between(tx, tx.started_at, tx.started_at + timedelta(seconds=120), TICK_LIMIT)


def _look_back(tx: Transaction) -> None:
    """Ask what the keeper asks to fire what no countdown has fired."""
    firing.load_late(tx, LATE_SECONDS, TICK_LIMIT)


def _median_ms(step: Callable[[], object], times: int = 21) -> float:
    return round(statistics.median(_seconds(step) for _ in range(times)) * 1000, 2)


def _fire_ms(pipeline: Pipeline, times: int = 5) -> float:
    """Return what it takes to fire a batch that has just fallen due, before the keeper finds it."""
    taken = []
    for _ in range(times):
        lead_ids = pipeline.ids(_DUE, leads=_BATCH, ahead=0, spread=1)
        taken.append(_seconds(lambda ids=lead_ids: pipeline.deliver(TaskName.FIRE, ids)))  # type: ignore[misc]
    return round(statistics.median(taken) * 1000, 2)


def _seconds(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return time.perf_counter() - began


def _lateness(place: Place, system: System, pipeline: Pipeline, load: Load) -> dict[str, Any]:
    """Let so many leads per second fall due, and return how late their steps fired, and by whom."""
    leads = load.per_second * load.seconds
    lead_ids = pipeline.ids(_DUE, leads=leads, ahead=_AHEAD_SECONDS, spread=load.seconds)
    pipeline.rows("ANALYZE lead, assignment, deadline")
    _watch(pipeline, until=_BEGUN)
    meter = Meter(process_ids(place, system))
    lag = _watch(pipeline, until=_OVER)
    usage = meter.stop()
    found = pipeline.rows(_LATENESS, ids=lead_ids)[0]
    return {
        "leads": leads,
        "per_second": load.per_second,
        **found,
        "p50": round(float(found["p50"]), 3),
        "p99": round(float(found["p99"]), 3),
        "longest_visible": round(lag, 3),
        "cpu_us_per_step": {name: used for name, used in usage.per_lead(leads).items() if name != "benchmark"},
        "foreign_cores": usage.foreign_cores,
    }


def _watch(pipeline: Pipeline, *, until: str) -> float:
    """Look again and again until a condition holds; return the longest that any step was seen to be late."""
    pause, give_up_at = threading.Event(), time.monotonic() + _PATIENCE_SECONDS
    lag = 0.0
    while not pipeline.value(until):
        lag = max(lag, float(pipeline.value(_LAG)))
        pause.wait(_LOOK_SECONDS)
        if time.monotonic() > give_up_at:
            message = f"the clocks do not run out within {_PATIENCE_SECONDS:.0f} s"
            raise StalledError(message)
    return lag


if __name__ == "__main__":
    with own_place(load_settings().home.expanduser().resolve()) as own:
        sys.stdout.write(json.dumps(measure_timers(own, Load()), indent=2, default=str) + "\n")

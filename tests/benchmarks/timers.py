"""Timers: what a million deadlines that are hours away cost, and how late a thousand that are due per second fire.

Run alone with `python -m tests.benchmarks.timers DATABASE_URL REDIS_URL` on an empty database at the newest schema.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from shared.bus.queues import TaskName
from shared.db.transaction import transaction
from tests.fixtures.pipeline import Pipeline, open_pipeline, rep
from tests.fixtures.policy_texts import CLOCKS
from workers.escalation.keeper import TICK_LIMIT
from workers.escalation.queries import firing

_FEW, _MANY = 1_000, 1_000_000
_PER_SECOND, _SECONDS = 1_000, 10
#: The first second is so far ahead that everything is written before it begins.
_AHEAD = 8

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
)
INSERT INTO deadline (lead_id, epoch, ladder, step, action, due_at, policy_version, detail)
SELECT lead_id, 1, 'accept', 1, 'flag_overdue',
    date_trunc('second', now()) + make_interval(secs => CAST(:ahead AS integer) + n % CAST(:spread AS integer)), 1,
    '{"notify": "manager"}'
FROM new
"""
_PLAN = """
EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT fire_at, lead_id FROM deadline
WHERE fire_at > now() AND fire_at <= now() + interval '120 seconds'
ORDER BY fire_at LIMIT 5000
"""
_LATENESS = """
SELECT count(*) AS fired, count(*) FILTER (WHERE fired_by = 'countdown') AS by_countdown,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM fired_at - due_at)) AS p50,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM fired_at - due_at)) AS p99,
    min(fired_at - due_at) >= interval '0' AS never_early
FROM deadline WHERE fired_at IS NOT NULL
"""


def measure_timers(database_url: str, redis_url: str) -> dict[str, Any]:
    """Return cost with few and with many deadlines outstanding, memory of the arming process, and lateness."""
    with open_pipeline(database_url, redis_url) as pipeline:
        pipeline.activate(CLOCKS)
        pipeline.sync("reps", [rep(f"r{number}", team="Sales", manager_channel=f"#m{number}") for number in range(20)])
        pipeline.rows(_OUTSTANDING, first=1, last=_FEW)
        few = _cost(pipeline)
        pipeline.rows(_OUTSTANDING, first=_FEW + 1, last=_MANY)
        return {"outstanding_1k": few, "outstanding_1m": _cost(pipeline), "lateness": _lateness(pipeline)}


def _cost(pipeline: Pipeline) -> dict[str, Any]:
    """Return what one look for the next stretch costs, how it is answered, and this process's memory."""
    with pipeline.context.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE deadline")
    plan = pipeline.value(_PLAN)[0]["Plan"]
    scan = plan["Plans"][0]
    return {
        "scan": f"{scan['Node Type']} on {scan.get('Index Name')}",
        "buffers": plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
        "arm_ms": _median_ms(lambda: _look(pipeline)),
        "fire_nothing_ms": _median_ms(pipeline.keeper.fire),
        "process_mb": _resident_mb(),
    }


def _resident_mb() -> float | None:
    """Return the memory of this process alone, as Linux tells it."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return next((round(int(line.split()[1]) / 1024, 1) for line in lines if line.startswith("VmRSS:")), None)


def _look(pipeline: Pipeline) -> None:
    with transaction(pipeline.context.engine) as tx:
        firing.load_seconds_between(tx, tx.started_at, tx.started_at + timedelta(seconds=120), TICK_LIMIT)


def _median_ms(step: Callable[[], object], times: int = 21) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        step()
        taken.append(time.perf_counter() - began)
    return round(sorted(taken)[times // 2] * 1000, 2)


def _lateness(pipeline: Pipeline) -> dict[str, Any]:
    """Deliver each second's countdowns when they are due, as the timers' worker does, and say how late they were."""
    leads = _PER_SECOND * _SECONDS
    pipeline.rows(_DUE, leads=leads, ahead=_AHEAD, spread=_SECONDS)
    pause = threading.Event()
    armed: list[tuple[float, list[int]]] = []
    # One more than fills them: a tick begins again with the second that the one before may have cut.
    for _ in range(2 + leads // TICK_LIMIT):
        pipeline.keeper.arm()
        armed += [(time.monotonic() + seconds, lead_ids) for _, lead_ids, seconds in pipeline.hints.later]
        pipeline.hints.later.clear()
    size = pipeline.context.settings.batch_size
    for at, lead_ids in sorted(armed):
        pause.wait(max(0.0, at - time.monotonic()))
        for place in range(0, len(lead_ids), size):
            pipeline.deliver(TaskName.FIRE, lead_ids[place : place + size])
    found = pipeline.rows(_LATENESS)[0]
    return {
        "due": leads,
        **found,
        "p50": round(float(found["p50"]), 3),
        "p99": round(float(found["p99"]), 3),
        "countdowns": len(armed),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure_timers(*sys.argv[1:3]), indent=2, default=str) + "\n")

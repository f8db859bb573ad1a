"""Latency where there is no queue: leads that come one by one, from their publication and capture to an owner."""

import statistics
import threading
import time
from collections.abc import Sequence
from typing import Any

import psycopg

from shared.bus.stream import EventStream, connect
from tests.benchmarks.meter import Meter
from tests.benchmarks.pipeline import StalledError, process_ids
from tests.benchmarks.place import Place
from tests.benchmarks.world import lead_events
from workers.processes.system import System

#: How often newly owned leads are looked for; half of it is the error of each latency.
_LOOK_SECONDS = 0.003
#: A lead alone takes some tens of milliseconds; one that takes so long is lost.
_PATIENCE_SECONDS = 30.0

_RESTING = """
SELECT event_id, received_at FROM lead
WHERE lead_id > %s AND status NOT IN ('received', 'buffering', 'matched')
"""


def run_at_low_load(place: Place, system: System, *, per_second: int, seconds: int, first: int) -> dict[str, Any]:
    """Publish leads at an even pace and see when each is at rest, committed and visible to others."""
    bodies = list(lead_events(per_second * seconds, first=first))
    stream = EventStream(connect(place.redis_url), place.settings().stream_key)
    published: dict[str, float] = {}
    meter = Meter(process_ids(place, system))
    sender = threading.Thread(target=_publish, args=(stream, bodies, first, 1 / per_second, published))
    with psycopg.connect(place.database_url, autocommit=True) as connection:
        last_id = connection.execute("SELECT coalesce(max(lead_id), 0) FROM lead").fetchone() or (0,)
        sender.start()
        seen = _watch(connection, int(last_id[0]), len(bodies), seconds + _PATIENCE_SECONDS)
    sender.join()
    usage = meter.stop()
    return {
        "leads": len(bodies),
        "per_second": per_second,
        "publish_to_owner_ms": _percentiles([at - published[event_id] for event_id, (at, _) in seen.items()]),
        "capture_to_owner_ms": _percentiles([at - captured for at, captured in seen.values()]),
        "cpu_cores": {name: round(used / usage.wall, 3) for name, used in usage.cpu.items()},
        "foreign_cores": usage.foreign_cores,
    }


def _publish(
    stream: EventStream, bodies: Sequence[bytes], first: int, pause: float, published: dict[str, float]
) -> None:
    """Publish one event after the other at an even pace, whatever each takes."""
    rest, started = threading.Event(), time.monotonic()
    for number, body in enumerate(bodies):
        rest.wait(max(0.0, started + number * pause - time.monotonic()))
        published[f"b-{first + number}"] = time.time()
        stream.publish([body])


def _watch(
    connection: psycopg.Connection[Any], last_id: int, leads: int, patience: float
) -> dict[str, tuple[float, float]]:
    """Return, by event, when its lead was first seen at rest and when the transaction that captured it began."""
    rest, give_up_at = threading.Event(), time.monotonic() + patience
    seen: dict[str, tuple[float, float]] = {}
    while len(seen) < leads:
        if time.monotonic() > give_up_at:
            message = f"{len(seen)} of {leads} leads came to rest in {patience:.0f} s"
            raise StalledError(message)
        rows = connection.execute(_RESTING, (last_id,)).fetchall()
        now = time.time()
        for event_id, captured_at in rows:
            seen.setdefault(event_id, (now, captured_at.timestamp()))
        rest.wait(_LOOK_SECONDS)
    return seen


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    if len(seconds) == 1:
        return {"p50": round(seconds[0] * 1000, 1), "p99": round(seconds[0] * 1000, 1)}
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {"p50": round(cuts[49] * 1000, 1), "p99": round(cuts[98] * 1000, 1)}

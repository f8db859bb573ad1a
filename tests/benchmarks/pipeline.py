"""Baton itself: real processes, a publisher that fills the stream, and how fast and at what cost leads come to rest."""

import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.benchmarks.meter import Meter, resident_mb
from tests.benchmarks.place import Place
from workers.processes.system import System

#: How often the tallies are read: fine enough for a run of seconds, and no load.
_LOOK_SECONDS = 0.05
#: Nothing moves for so long: the run has failed, and waiting on would only hide it.
_STALLED_SECONDS = 60.0
#: The beginning and the end of a run, when not every stage has work, are left out of the steady rate.
_WARM, _COOL = 0.1, 0.9

_STANDING = """
SELECT coalesce(sum(leads), 0)::bigint,
    coalesce(sum(leads) FILTER (WHERE status NOT IN ('received', 'buffering', 'matched')), 0)::bigint
FROM status_tally
"""
_LATENCY = """
SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM assigned_at - received_at))
FROM lead WHERE assigned_at IS NOT NULL AND lead_id > %s
"""


class StalledError(Exception):
    """Leads stopped moving before all of them were at rest."""


@dataclass(frozen=True, slots=True)
class Point:
    """At an instant, so many leads were captured and so many at rest."""

    at: float
    captured: int
    at_rest: int


def run_pipeline(place: Place, system: System, leads: int, *, first: int = 0) -> dict[str, Any]:
    """Publish leads at once and watch until all are at rest; `first` numbers them on from an earlier run."""
    with (
        psycopg.connect(place.database_url, autocommit=True) as connection,
        _publisher(place, leads, first) as publisher,
    ):
        last_id = connection.execute("SELECT coalesce(max(lead_id), 0) FROM lead").fetchone()
        before = _look(connection)
        meter = Meter(process_ids(place, system))
        started_at, publisher_cpu = _publish(publisher)
        curve = _watch(connection, before, leads)
        usage = meter.stop()
        row = connection.execute(_LATENCY, last_id).fetchone()
    cpu = {**usage.per_lead(leads)}
    if cpu:
        cpu["publisher"] = round(publisher_cpu * 1e6 / leads, 1)
        cpu["total"] = round(sum(used for name, used in cpu.items() if name not in {"total", "benchmark"}), 1)
    p50, p99 = row[0] if row and row[0] else (None, None)
    return {
        "leads": leads,
        "seconds": round(curve[-1].at - started_at, 2),
        "leads_per_second": round(leads / (curve[-1].at - started_at), 1),
        "steady_leads_per_second": round(steady_rate([(one.at, one.at_rest) for one in curve], leads), 1),
        "capture_to_owner_ms": {"p50": _ms(p50), "p99": _ms(p99)},
        "cpu_us_per_lead": cpu,
        "foreign_cores": usage.foreign_cores,
    }


def process_ids(place: Place, system: System) -> dict[str, int]:
    """Return the process numbers of everything that runs for the system."""
    processes = {one.name: one.mark.pid for one in system.report().processes if one.mark is not None}
    return {**processes, **place.server_pids()}


def memory(place: Place, system: System) -> dict[str, float | None]:
    """Return the memory of every process with its children, in MB."""
    return {name: resident_mb(pid) for name, pid in process_ids(place, system).items()}


def steady_rate(curve: Sequence[tuple[float, int]], total: int) -> float:
    """Return how many came per second between the first tenth and the last, from (instant, how many so far)."""
    warm, cool = (_instant_of(curve, total * share) for share in (_WARM, _COOL))
    return total * (_COOL - _WARM) / max(cool - warm, _LOOK_SECONDS)


def _instant_of(curve: Sequence[tuple[float, int]], count: float) -> float:
    """Return when so many had come, between two looks as if they came evenly."""
    before_at, before = curve[0]
    for at, found in curve:
        if found >= count:
            share = (count - before) / (found - before) if found > before else 1.0
            return before_at + (at - before_at) * max(0.0, share)
        before_at, before = at, found
    return curve[-1][0]


def _publisher(place: Place, leads: int, first: int) -> "subprocess.Popen[str]":
    settings = place.settings()
    arguments = [place.redis_url, settings.stream_key, str(leads), str(first)]
    command = [sys.executable, "-m", "tests.benchmarks.publisher", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _publish(publisher: "subprocess.Popen[str]") -> tuple[float, float]:
    """Let the publisher go, and return when its first event left and how much CPU it took."""
    if publisher.stdin is None or publisher.stdout is None or publisher.stdout.readline() != "ready\n":
        message = "the publisher did not start"
        raise StalledError(message)
    publisher.stdin.write("go\n")
    publisher.stdin.flush()
    started_at, used = publisher.stdout.readline().split()
    return float(started_at), float(used)


def _look(connection: psycopg.Connection[Any]) -> Point:
    row: Mapping[int, Any] | tuple[Any, ...] = connection.execute(_STANDING).fetchone() or (0, 0)
    return Point(time.time(), row[0], row[1])


def _watch(connection: psycopg.Connection[Any], before: Point, leads: int) -> list[Point]:
    """Return what was seen until all leads were at rest, counted from `before`."""
    pause = threading.Event()
    curve = [Point(before.at, 0, 0)]
    moved_at = time.monotonic()
    while curve[-1].at_rest < leads:
        pause.wait(_LOOK_SECONDS)
        seen = _look(connection)
        now = Point(seen.at, seen.captured - before.captured, seen.at_rest - before.at_rest)
        if (now.captured, now.at_rest) != (curve[-1].captured, curve[-1].at_rest):
            moved_at = time.monotonic()
        elif time.monotonic() - moved_at > _STALLED_SECONDS:
            message = f"{now.at_rest} of {leads} leads are at rest, and nothing has moved for {_STALLED_SECONDS} s"
            raise StalledError(message)
        curve.append(now)
    return curve


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)

"""The two yardsticks, run by a Celery worker as anybody starts one: the naive pipeline and the chain of no-ops."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import psycopg
import redis

from tests.benchmarks.meter import Meter
from tests.benchmarks.pipeline import StalledError
from tests.benchmarks.place import NAIVE_REDIS, NOOP_REDIS, Place

#: How often progress is looked at.
_LOOK_SECONDS = 0.05
#: Two cores: more children gain nothing, as was measured.
_CHILDREN = 2
#: Five times what a slow machine takes.
_PATIENCE_SECONDS = 120.0


def run_naive(place: Place, leads: int) -> dict[str, Any]:
    """Measure the naive pipeline on leads that wait in its queue already."""
    url = place.new_database("naive")
    environment = {"BENCH_NAIVE_DATABASE": url, "BENCH_NAIVE_REDIS": place.redis(NAIVE_REDIS)}
    os.environ.update(environment)
    import_module("tests.benchmarks.naive.tables").fill()
    tasks = import_module("tests.benchmarks.naive.tasks")
    _submit_all(tasks.submit, leads)
    with psycopg.connect(url, autocommit=True) as connection:

        def done() -> int:
            row = connection.execute("SELECT count(*) FROM lead WHERE armed_at IS NOT NULL").fetchone()
            return int(row[0]) if row else 0

        return _measure(place, "tests.benchmarks.naive.tasks", environment, done, leads)


def run_noop_chain(place: Place, leads: int) -> dict[str, Any]:
    """Measure chains of four tasks that do nothing, on chains that wait in the queue already."""
    environment = {"BENCH_NOOP_REDIS": place.redis(NOOP_REDIS)}
    os.environ.update(environment)
    noop = import_module("tests.benchmarks.noop")
    _submit_all(noop.submit, leads)
    with redis.Redis.from_url(place.redis(NOOP_REDIS)) as client:

        def done() -> int:
            # The queue is first in, first out: what is left in it are chains that have one task more to go.
            waiting: Any = client.llen("celery")
            unfinished: Any = client.hlen("unacked")
            return 0 if waiting + unfinished else leads

        return _measure(place, "tests.benchmarks.noop", environment, done, leads)


def _submit_all(submit: Callable[[int], None], leads: int) -> None:
    for number in range(leads):
        submit(number)


def _measure(
    place: Place, app: str, environment: Mapping[str, str], done: Callable[[], int], leads: int
) -> dict[str, Any]:
    """Run a worker until all leads are done, from the moment at which it is ready.

    The queue is first in, first out, so that all leads pass each task together: a rate at the end would be the last
    task's alone.
    """
    with _worker(app, environment) as worker:
        meter = Meter({"worker": worker.pid, **place.server_pids()})
        _wait(done, leads, worker)
        usage = meter.stop()
    return {
        "leads": leads,
        "seconds": round(usage.wall, 2),
        "leads_per_second": round(leads / usage.wall, 1),
        "cpu_us_per_lead": {name: used for name, used in usage.per_lead(leads).items() if name != "benchmark"},
        "foreign_cores": usage.foreign_cores,
    }


def _wait(done: Callable[[], int], leads: int, worker: "subprocess.Popen[bytes]") -> None:
    pause, give_up_at = threading.Event(), time.monotonic() + _PATIENCE_SECONDS
    while (count := done()) < leads:
        pause.wait(_LOOK_SECONDS)
        if worker.poll() is not None or time.monotonic() > give_up_at:
            message = f"the worker has done {count} of {leads} leads and does not go on"
            raise StalledError(message)


@contextmanager
def _worker(app: str, environment: Mapping[str, str]) -> "Iterator[subprocess.Popen[bytes]]":
    """Start a worker and give it when it is ready to take its first task; stop it when the block ends."""
    command = [
        *(sys.executable, "-m", "celery", "--app", app, "worker", "--concurrency", str(_CHILDREN)),
        *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "info"),
    ]
    process = subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        log = process.stderr
        if log is None or not any(b" ready." in line for line in iter(log.readline, b"")):
            message = f"the worker of {app} did not start"
            raise StalledError(message)
        # Whoever does not read on would stop the worker when the pipe is full.
        threading.Thread(target=lambda: [None for _ in iter(log.readline, b"")], daemon=True).start()
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

"""A real Prometheus beside a real system that is hurt in four ways: each time the right alert fires, and no other."""

import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Self

import orjson
import pytest
from redis.exceptions import RedisError

from deploy.prometheus.run import Prometheus, running_prometheus
from deploy.prometheus.write import as_yaml, rules
from deploy.promql import Pace
from shared.bus.stream import EventStream, connect
from shared.local.stack import LocalStack
from shared.local.state import read_state
from tests.chaos.conftest import Configure
from tests.conftest import Eventually
from tests.fixtures.pipeline import STREAM_KEY, Pipeline, lead_event, open_pipeline, rep
from tests.fixtures.programs import prometheus as prometheus_program
from tests.fixtures.vendor import Answer, BadVendor, bad_vendor
from workers.processes.system import System, running_system

#: Ten minutes of an alert's patience are one here.
_PACE = Pace(10)
#: An alert is believed when it has fired for so many evaluations, a second apart.
_EVALUATIONS = 5
_PATIENCE = 240.0
#: Intake, keeper, exporter and eight workers.
_PROCESSES = 11

_POLICY = """
baton_policy: 1
name: watched
owner: ops@here.example
vocabulary: {lead_type: [demo_request]}
buffer: {default: {minimum: 0s, maximum: 2s}}
rules: [{name: demos, when: {lead_type: demo_request}, to: pool:all}, {name: rest, when: {}, to: queue:exceptions}]
pools: {all: {}}
queues: {exceptions: {kind: exception, owner: ops@here.example, share_alarm: 30%}}
sla: [{when: {}, accept: [{after: 1h, do: flag_overdue, notify: manager}]}]
"""


class Publisher:
    """Publishes a few leads a second, each from a company of its own, for as long as the test runs."""

    def __init__(self, stream: EventStream, vendor: BadVendor) -> None:
        self._stream = stream
        self._vendor = vendor
        self._numbers = itertools.count(1)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.vendor_is_broken = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def publish(self, leads: int, lead_type: str = "demo_request") -> None:
        """Publish so many leads; while Redis hangs they are not sent."""
        bodies = []
        for _ in range(leads):
            domain = f"firm{next(self._numbers)}.example"
            self._vendor.tell(domain, Answer(500 if self.vendor_is_broken else 404))
            bodies.append(orjson.dumps(lead_event(email=f"ana@{domain}", lead_type=lead_type)))
        try:
            self._stream.publish(bodies)
        except (RedisError, OSError):
            return

    def _run(self) -> None:
        while not self._over.wait(0.5):
            self.publish(2)


@pytest.fixture
def vendor() -> Iterator[BadVendor]:
    """A vendor of company facts on this machine."""
    with bad_vendor() as running:
        yield running


@pytest.fixture
def system(
    home: Path, database_url: str, redis: LocalStack, vendor: BadVendor, configure: Configure
) -> Iterator[System]:
    """Every process of the system."""
    settings = configure(database_url, redis.redis_url, CLEARBIT_KEY="sk_test", CLEARBIT_URL=vendor.url)
    with running_system(settings) as running:
        yield running
        for log in sorted((home / "logs").glob("*.log")):
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            # For whoever reads a failure: what the processes said.
            print(log.name, *lines[-3:], sep="\n  ")  # noqa: T201  pytest shows it with a failure only


@pytest.fixture
def pipeline(system: System) -> Iterator[Pipeline]:
    """The test's own view of the same servers."""
    with open_pipeline(system.servers.database_url, system.servers.redis_url) as opened:
        opened.activate(_POLICY)
        opened.sync("reps", [rep(f"rep-{number}") for number in range(8)])
        yield opened


@pytest.fixture
def watcher(system: System, tmp_path: Path, eventually: Eventually) -> Iterator[Prometheus]:
    """A Prometheus that scrapes every process and evaluates the very rules that are shipped, ten times as fast."""
    ports = {one.name: one.port for one in system.report().processes}
    with running_prometheus(prometheus_program(), tmp_path, ports, as_yaml(rules(_PACE))) as running:
        eventually(running.is_ready)
        yield running


def _fired(watcher: Prometheus, start: float) -> dict[str, int]:
    """Return the alerts that have fired since then, with how many evaluations each did."""
    lines = watcher.ask_range('ALERTS{alertstate="firing"}', start, time.time(), 1)
    fired: dict[str, int] = {}
    for line in lines:
        name = line.labels["alertname"]
        fired[name] = max(fired.get(name, 0), len(line.points))
    return fired


def _has_fired(watcher: Prometheus, start: float, alert: str) -> bool:
    return _fired(watcher, start).get(alert, 0) >= _EVALUATIONS


def _what_is_wrong(watcher: Prometheus) -> str:
    """Say what fires, or is about to; empty when nothing does, and every process is seen."""
    seen = watcher.ask("count(baton_build_info)")
    processes = seen[0].points[0][1] if seen else 0
    alerts = sorted(f"{one['labels']['alertname']} {one['state']}" for one in watcher.alerts())
    return ", ".join(alerts) or ("" if processes == _PROCESSES else f"{processes:.0f} processes seen")


def _wait_until_well(watcher: Prometheus, eventually: Eventually) -> None:
    """Wait until what was hurt before is forgotten; say what is not."""
    wrong: list[str] = []

    def is_well() -> bool:
        wrong[:] = [_what_is_wrong(watcher)]
        return not wrong[0]

    try:
        eventually(is_well, within=_PATIENCE)
    except AssertionError:
        pytest.fail(f"still not well: {wrong[0]}")


def _signal_workers(system: System, number: int) -> None:
    for process in system.report().processes:
        if process.name.startswith("worker-") and process.mark is not None:
            os.kill(process.mark.pid, number)


# Some three minutes alone on two cores.
@pytest.mark.timeout(900)
def test_the_right_alert_fires_and_no_other(
    system: System,
    pipeline: Pipeline,
    watcher: Prometheus,
    redis: LocalStack,
    vendor: BadVendor,
    eventually: Eventually,
) -> None:
    """Workers stopped, Redis hung, a vendor broken, the exception queue filled: one cause, one alert."""
    hung = read_state(redis.home).servers["redis"].mark.pid
    with Publisher(EventStream(connect(redis.redis_url), STREAM_KEY), vendor) as publisher:
        eventually(lambda: pipeline.value("SELECT count(*) FROM assignment") >= 40, within=60)
        acts: tuple[tuple[str, Callable[[], object], Callable[[], object]], ...] = (
            (
                "BatonRoomWithoutWorker",
                partial(_signal_workers, system, signal.SIGSTOP),
                partial(_signal_workers, system, signal.SIGCONT),
            ),
            # Nobody starts a worker again: one that has lost its way to Redis finds out, and ends by itself.
            ("BatonServerAway", partial(os.kill, hung, signal.SIGSTOP), partial(os.kill, hung, signal.SIGCONT)),
            (
                "BatonVendorFails",
                partial(setattr, publisher, "vendor_is_broken", True),
                partial(setattr, publisher, "vendor_is_broken", False),
            ),
            ("BatonHeldShareHigh", partial(publisher.publish, 1500, "a word that nobody knows"), lambda: None),
        )
        for alert, hurt, heal in acts:
            _wait_until_well(watcher, eventually)
            start = time.time()
            hurt()
            try:
                eventually(partial(_has_fired, watcher, start, alert), within=_PATIENCE)
                fired, said = _fired(watcher, start), watcher.alerts()
            finally:
                heal()
            assert set(fired) == {alert}, f"{alert} should be alone: {fired}"
            assert not [one for one in said if "<error" in str(one["annotations"])]
            assert {one["labels"]["severity"] for one in said} <= {"page", "ticket"}

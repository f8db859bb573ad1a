"""What people know from other Celery systems works on ours as it stands: status, inspect, events, Flower."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from shared.bus.celery_app import make_app
from shared.bus.queues import TaskName
from shared.local.launch import free_port
from tests.conftest import Eventually
from tests.fixtures.fleet import Fleet, compose_fleet
from tests.fixtures.shipped import read_compose

#: How often a command of Celery's is tried on a machine that does other things as well.
_TRIES = 5
_CELERY = str(Path(sys.executable).with_name("celery"))

Celery = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def fleet(database_url: str, redis_url: str, tmp_path: Path, eventually: Eventually) -> Iterator[Fleet]:
    """One worker as the compose file starts it."""
    with compose_fleet(tmp_path, database_url, redis_url, names=["worker-enrichment"]) as containers:
        containers.start()
        eventually(containers.are_ready, within=60)
        yield containers


@pytest.fixture
def env(fleet: Fleet) -> Mapping[str, str]:
    """What the worker's environment says, for tools beside it."""
    return fleet.containers["worker-enrichment"].env


@pytest.fixture
def celery(env: Mapping[str, str]) -> Celery:
    """Run a command of Celery's own, again when no worker has answered in the second that it waits."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [_CELERY, "-A", "workers.app", *words]
        once = partial(subprocess.run, command, env=dict(env), capture_output=True, text=True, check=False)
        tries = (once() for _ in range(_TRIES))
        return next((done for done in tries if done.returncode != os.EX_UNAVAILABLE), None) or once()

    return run


@pytest.mark.timeout(240)
def test_status_and_inspect_find_the_worker_and_what_it_does(
    celery: Celery, database_url: str, redis_url: str, eventually: Eventually
) -> None:
    """The worker is online, knows the tasks by their names, and shows the batch that it is in."""
    app = make_app(redis_url)

    def is_active() -> bool:
        found = app.control.inspect(timeout=10, limit=1).active() or {}
        tasks = [task for one in found.values() for task in one]
        return any(task["name"] == TaskName.ENRICH and task["args"] == [[1]] for task in tasks)

    status = celery("status")
    registered = celery("inspect", "registered", "--json")
    with psycopg.connect(database_url) as holder:
        holder.execute("LOCK TABLE lead")
        app.send_task(TaskName.ENRICH.value, args=[[1]])
        eventually(is_active, within=60)
    active = celery("inspect", "active", "--json")

    assert status.returncode == registered.returncode == active.returncode == 0
    assert "enrichment@" in status.stdout
    assert "1 node online" in status.stdout
    (tasks,) = json.loads(registered.stdout).values()
    assert {task.value for task in TaskName} <= set(tasks)
    assert [name.partition("@")[0] for name in json.loads(active.stdout)] == ["enrichment"]


@pytest.mark.timeout(240)
def test_events_show_what_the_worker_does(
    celery: Celery, env: Mapping[str, str], redis_url: str, tmp_path: Path, eventually: Eventually
) -> None:
    """Events of tasks are off, because they cost two fifths of a worker's time, until somebody turns them on."""
    app = make_app(redis_url)
    seen = tmp_path / "events.txt"

    turned_on = celery("control", "enable_events")
    with (
        seen.open("wb") as output,
        subprocess.Popen(
            [_CELERY, "-A", "workers.app", "events", "--dump"], env={**env, "PYTHONUNBUFFERED": "1"}, stdout=output
        ) as watching,
    ):
        try:
            eventually(lambda: "heartbeat" in seen.read_text(), within=60)
            app.send_task(TaskName.ENRICH.value, args=[[1]])
            eventually(lambda: "task succeeded: enrichment.enrich" in seen.read_text(), within=60)
        finally:
            watching.kill()

    assert "task events enabled" in turned_on.stdout
    assert "task received" in seen.read_text()


@pytest.mark.timeout(240)
def test_flower_shows_workers_and_counts_tasks(env: Mapping[str, str], redis_url: str, eventually: Eventually) -> None:
    """As the compose file starts it; it turns the events on by itself."""
    service = read_compose()["services"]["flower"]
    port = free_port()
    words = [*service["entrypoint"][1:], "--address=127.0.0.1", f"--port={port}"]
    app = make_app(redis_url)

    def page(path: str) -> str:
        try:
            return httpx.get(f"http://127.0.0.1:{port}{path}").text
        except httpx.TransportError:
            return ""

    with subprocess.Popen([_CELERY, *words], env=dict(env), stderr=subprocess.DEVNULL) as flower:
        try:
            eventually(lambda: page("/healthcheck") == "OK", within=60)
            eventually(lambda: "enrichment@" in page("/workers?json=1"), within=60)
            eventually(lambda: _publish_and_look(app, page), within=60)
        finally:
            flower.send_signal(signal.SIGTERM)
        code = flower.wait(30)

    assert [service["entrypoint"][0], *service["command"]] == ["celery", "--address=0.0.0.0", "--port=5555"]
    assert code == 0


def _publish_and_look(app: Any, page: Callable[[str], str]) -> bool:
    """Publish a hint and say whether Flower has counted one that succeeded."""
    app.send_task(TaskName.ENRICH.value, args=[[1]])
    lines = [line for line in page("/metrics").splitlines() if line.startswith("flower_events_total")]
    return any('task="enrichment.enrich"' in line and 'type="task-succeeded"' in line for line in lines)

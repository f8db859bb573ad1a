"""`baton up --detach`, `status` and `down`, as a person types them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import redis

from shared.local.marks import Mark, is_alive, wait_for_end
from workers.processes.report import read_report

Baton = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def baton(home: Path) -> Baton:
    """Run a command of a home of its own and return what it said."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "workers", *arguments],
            env={**os.environ, "BATON_HOME": str(home), "BATON_METRICS_PORT": "0"},
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )

    return run


def _status(baton: Baton) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(baton("status", "--json").stdout)
    return document


def _marks(home: Path) -> list[Mark]:
    report = read_report(home)
    assert report is not None
    return [report.watcher, *[process.mark for process in report.processes if process.mark is not None]]


def test_a_system_comes_up_tells_about_itself_and_goes_away(baton: Baton, home: Path) -> None:
    """All addresses answer while it is up; a second `up` changes nothing; after `down` no process is left."""
    up = baton("up", "--detach")
    assert up.returncode == 0, up.stderr
    status, marks = _status(baton), _marks(home)
    with psycopg.connect(status["database_url"]) as connection, redis.Redis.from_url(status["redis_url"]) as client:
        assert connection.execute("SELECT count(*) FROM lead").fetchone() == (0,)
        assert client.ping()
    assert all(httpx.get(url).status_code == 200 for url in status["metrics_urls"].values())
    assert {process["state"] for process in status["processes"]} == {"ready"}
    assert {"intake", "keeper", "exporter", "worker-assignment"} <= {process["name"] for process in status["processes"]}

    assert "It runs already." in baton("up", "--detach").stderr
    down = baton("down")

    assert (down.returncode, down.stdout) == (0, "Stopped the system.\n")
    assert not any(is_alive(mark) for mark in marks)
    assert baton("status").returncode == 1


def test_a_system_whose_watcher_is_killed_is_cleared_away(baton: Baton, home: Path) -> None:
    """`baton down` after SIGKILL leaves nothing, and the next `up` finds everything as it was."""
    assert baton("up", "--detach").returncode == 0
    marks = _marks(home)
    os.kill(marks[0].pid, signal.SIGKILL)

    down = baton("down")

    assert down.returncode == 0
    assert wait_for_end(marks, patience=60) == []
    assert baton("up", "--detach").returncode == 0
    assert baton("down").returncode == 0

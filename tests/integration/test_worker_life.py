"""The life of a Celery worker beside its tasks, with a real worker over a real Redis."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from celery import Celery

from shared.local.launch import free_port
from shared.local.marks import stop_all
from shared.local.stack import LocalStack
from shared.local.state import read_state

_APP = """
from shared.metric_slots import use_slots
use_slots()
import os
from celery import Celery
from prometheus_client import Counter
from shared.settings import load_settings
from workers.processes.celery_life import WorkerLife

leads = Counter("leads", "Leads.")
app = Celery("tried", broker=os.environ["BATON_REDIS_URL"])
app.conf.worker_hijack_root_logger = False
life = WorkerLife(load_settings()).attach(app)

@app.task(name="count", ignore_result=True)
def count():
    leads.inc()
"""


@pytest.fixture
def port() -> int:
    """A port for the worker's metrics."""
    return free_port()


@pytest.fixture
def worker(redis_url: str, port: int, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker with two children that are renewed after five tasks each."""
    with _worker(redis_url, port, tmp_path) as process:
        yield process


@contextmanager
def _worker(redis_url: str, port: int, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "tried.py").write_text(_APP)
    env = {
        **os.environ,
        "BATON_REDIS_URL": redis_url,
        "BATON_METRICS_PORT": str(port),
        # Celery warns root before it has set up its logs.
        "PYTHONWARNINGS": "ignore",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
    }
    flags = ["--without-gossip", "--without-mingle", "--concurrency", "2", "--max-tasks-per-child", "5"]
    with subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "tried", "worker", *flags],
        cwd=tmp_path,
        env=env,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def _page(port: int, path: str) -> str:
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}").text
    except httpx.TransportError:
        return ""


def test_a_worker_answers_counts_exactly_and_logs_json(
    worker: subprocess.Popen[str], redis_url: str, port: int, tmp_path: Path, eventually: Callable[..., None]
) -> None:
    """It is ready when it consumes; children that come and go lose no count; all it says is JSON."""
    eventually(lambda: _page(port, "/readyz") == "ok\n")
    with Celery("client", broker=redis_url) as client:
        for _ in range(40):
            client.send_task("count", ignore_result=True)
    eventually(lambda: "leads_total 40.0" in _page(port, "/metrics"))
    page = _page(port, "/metrics")
    files = {path.name for path in (tmp_path / "metrics").iterdir()}

    worker.send_signal(signal.SIGTERM)
    _, logs = worker.communicate(timeout=45)

    assert {name.rpartition("_")[2] for name in files} <= {"main.db", "slot0.db", "slot1.db"}
    assert 'baton_build_info{role="worker"' in page
    assert worker.returncode == 0
    lines = [json.loads(line) for line in logs.splitlines() if line.strip()]
    assert {line["process"] for line in lines} == {"worker"}
    assert _page(port, "/readyz") == ""


def test_a_worker_that_cannot_be_watched_ends(worker: subprocess.Popen[str], port: int) -> None:
    """Its port is taken, so nobody could tell whether it is well; whoever started it finds another port."""
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", port))
        squatter.listen()

        _, logs = worker.communicate(timeout=45)

    assert worker.returncode == 69
    assert f"cannot serve metrics on 127.0.0.1:{port}" in logs


def test_a_worker_is_alive_while_its_broker_is_away(
    home: Path, port: int, tmp_path: Path, eventually: Callable[..., None]
) -> None:
    """Before the broker is there, and when it has gone: alive and not ready; ready again when it is back."""
    with LocalStack(home, fsync=False, servers=("redis",)) as stack:
        url, state = stack.redis_url, read_state(stack.home).servers["redis"]
        stop_all([state.mark], ((signal.SIGKILL, 5.0),))
        with _worker(url, port, tmp_path):
            eventually(lambda: _page(port, "/healthz") == "ok\n")
            before = _page(port, "/readyz")
            eventually(stack.revive)
            eventually(lambda: _page(port, "/readyz") == "ok\n")
            stop_all([read_state(stack.home).servers["redis"].mark], ((signal.SIGKILL, 5.0),))
            eventually(lambda: _page(port, "/readyz") == "the broker is away\n")
            alive_without = _page(port, "/healthz")
            eventually(stack.revive)
            eventually(lambda: _page(port, "/readyz") == "ok\n")

    assert before == "not consuming: it is starting, or stopping\n"
    assert alive_without == "ok\n"

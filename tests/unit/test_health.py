"""The small HTTP server that every process has."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter

from shared.errors import UnavailableError
from shared.health import HealthServer, serve
from shared.local.marks import mark_of
from workers.processes.report import answers_ready


@pytest.fixture
def trouble() -> dict[str, str]:
    """Reasons by check; a check without one is well."""
    return {}


@pytest.fixture
def server(trouble: dict[str, str]) -> Iterator[HealthServer]:
    """A server with one metric, whose checks look into `trouble`."""
    registry = CollectorRegistry()
    Counter("leads", "Leads.", registry=registry).inc(3)
    with serve(0, alive=lambda: trouble.get("alive"), ready=lambda: trouble.get("ready"), registry=registry) as server:
        yield server


def _get(server: HealthServer, path: str) -> tuple[int, str]:
    answer = httpx.get(f"http://127.0.0.1:{server.port}{path}")
    return answer.status_code, answer.text


def test_metrics_are_served_in_prometheus_format(server: HealthServer) -> None:
    """Prometheus reads what the registry holds."""
    status, text = _get(server, "/metrics")

    assert status == 200
    assert "leads_total 3.0" in text


def test_alive_and_ready_are_two_questions(server: HealthServer, trouble: dict[str, str]) -> None:
    """A broker that is away makes a process unready; it must not get it killed."""
    trouble["ready"] = "the broker is away"

    assert _get(server, "/healthz") == (200, "ok\n")
    assert _get(server, "/readyz") == (503, "the broker is away\n")


def test_an_answer_says_whose_it_is(server: HealthServer) -> None:
    """A watcher must not take another program's answer on a shared port for its child's."""
    answer = httpx.get(f"http://127.0.0.1:{server.port}/readyz")

    assert answer.headers["Baton-Process"] == str(os.getpid())
    assert answers_ready(mark_of(os.getpid()), server.port)
    assert not answers_ready(mark_of(os.getppid()), server.port)


def test_any_other_page_names_those_there_are(server: HealthServer) -> None:
    """Whoever guesses wrong is helped."""
    assert _get(server, "/") == (404, "/metrics, /healthz or /readyz\n")


def test_a_taken_port_is_a_sentence() -> None:
    """It names the port and the setting."""
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        port = squatter.getsockname()[1]

        with pytest.raises(UnavailableError, match=f"127.0.0.1:{port}: Address already in use; set BATON_METRICS_PORT"):
            serve(port)


_WORKER = """
import os, sys
from shared.metric_slots import clear_folder, forget_live_values, use_slots
use_slots()
clear_folder()
from billiard.process import current_process
from prometheus_client import Counter, Gauge, generate_latest
from shared.health import process_registry
leads = Counter("leads", "Leads.")
busy = Gauge("busy", "Busy.", multiprocess_mode="livesum")
for generation in range(5):
    if os.fork() == 0:
        current_process().index = 1
        forget_live_values()
        leads.inc(10)
        busy.set(1)
        os._exit(0)  # as a killed child does: nothing is cleaned up
    os.wait()
print(generate_latest(process_registry()).decode())
"""


def test_children_of_one_place_share_one_file_and_lose_no_count(tmp_path: Path) -> None:
    """Five generations of a child leave one set of files; counters add up, and only the last one is counted as busy."""
    (tmp_path / "counter_stale.db").write_bytes(b"of an earlier life")
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    done = subprocess.run([sys.executable, "-c", _WORKER], env=env, capture_output=True, text=True, check=True)

    assert "leads_total 50.0" in done.stdout
    assert "busy 1.0" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} <= {
        f"{kind}_{place}.db" for kind in ("counter", "gauge_livesum") for place in ("main", "slot1")
    }

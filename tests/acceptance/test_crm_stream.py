"""The CRM data set and a stream of 20,000 events through the real processes, by the commands that a person types."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.crm import Crm, load_crm
from tests.fixtures.floods import COMPANIES, make_flood
from tests.fixtures.pipeline import Pipeline, open_pipeline

Baton = Callable[..., Any]

_EVENTS = 20_000


@pytest.fixture
def baton(home: Path) -> Iterator[Baton]:
    """Run a command on a system of this test's own and return its document; the system is down at the end."""

    def run(*arguments: str | Path) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "workers", *map(str, arguments)],
            env={**os.environ, "BATON_HOME": str(home), "BATON_METRICS_PORT": "0", "BATON_LOG_LEVEL": "warning"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr[-2000:]}"
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    yield run
    run("down")


@pytest.fixture
def crm(shared_data: Path) -> Crm:
    """The data set."""
    return load_crm(shared_data)


@pytest.fixture
def policy(shared_data: Path, tmp_path: Path) -> Path:
    """The example policy without waiting in the buffer."""
    text = (shared_data.parent / "examples" / "policy.yaml").read_text(encoding="utf-8")
    path = tmp_path / "policy.yaml"
    path.write_text(text.replace("default: {minimum: 3m, maximum: 5m}", "default: {minimum: 0s, maximum: 5m}"))
    return path


@pytest.fixture
def system(baton: Baton, crm: Crm, policy: Path, tmp_path: Path) -> Iterator[Pipeline]:
    """A system that is up, with the data set and the policy, and the test's own view of it."""
    baton("up", "--detach")
    for kind, path in crm.files(tmp_path):
        assert baton("sync", kind, path, "--strict", "--json")["rejected"] == 0
    baton("policy", "activate", policy, "--yes")
    status = baton("status", "--json")
    with open_pipeline(status["database_url"], status["redis_url"]) as opened:
        yield opened


# Some 45 s alone on two cores: half of it the system's coming and going.
@pytest.mark.timeout(300)
def test_a_stream_balances_to_the_last_event(baton: Baton, system: Pipeline, crm: Crm, tmp_path: Path) -> None:
    """20,000 events with 10 % exact duplicates and 1 % malformed ones: each is in one place, and every law is kept."""
    known = [(account["name"], account["domain"]) for account in crm.accounts]
    flood = make_flood(_EVENTS, seed=85, companies=[*known, *COMPANIES])
    path = flood.write(tmp_path / "events.jsonl")

    published = baton("publish", path, "--json")
    baton("wait", "--timeout", "150")

    (counts,) = system.rows("SELECT * FROM report.conservation")
    assert published["published"] == counts["received_events"] == len(flood.bodies) == _EVENTS
    assert (counts["leads"], counts["duplicates"], counts["quarantined"]) == (
        flood.leads,
        flood.duplicates,
        flood.unreadable,
    )
    assert (counts["applied"], counts["refused"], counts["delta"]) == (0, 0, 0)
    assert sum(counts["by_status"].values()) == flood.leads
    assert set(counts["by_status"]) <= {"offered", "held", "merged", "nurturing"}
    assert system.value("SELECT count(*) FROM lead WHERE status = 'offered' AND rule = 'open-opportunity'") > 1000
    assert baton("audit", "--json")["kept"] is True

"""The processes as docker-compose.yml runs them: they come up, stop in time under load, and lose nothing."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import Eventually
from tests.fixtures.fleet import Fleet, compose_fleet, run_to_its_end
from tests.fixtures.floods import make_flood
from tests.fixtures.pipeline import Pipeline, open_pipeline, rep
from tests.fixtures.policy_texts import OPEN_POLICY
from workers.intake.waiting import wait_until_rest

_EVENTS = 2_000
#: So patient a sweep that it repairs nothing within this test: only messages move leads.
_NEVER = "3600"


@pytest.fixture
def migrated_url(empty_database_url: str, redis_url: str, tmp_path: Path) -> str:
    """A database that the service `migrate` has migrated."""
    done = run_to_its_end(tmp_path, "migrate", empty_database_url, redis_url)
    assert done.returncode == 0, done.stderr
    return empty_database_url


@pytest.fixture
def fleet(migrated_url: str, redis_url: str, tmp_path: Path, eventually: Eventually) -> Iterator[Fleet]:
    """Every process of the compose file, ready by the check that stands there; small batches make many messages."""
    settings = {"BATON_SWEEP_AFTER_SECONDS": _NEVER, "BATON_BATCH_SIZE": "40"}
    with compose_fleet(tmp_path, migrated_url, redis_url, **settings) as containers:
        containers.start()
        eventually(containers.are_ready, within=90)
        yield containers


@pytest.fixture
def pipeline(fleet: Fleet, migrated_url: str, redis_url: str) -> Iterator[Pipeline]:
    """The test's own view of the same servers."""
    del fleet
    with open_pipeline(migrated_url, redis_url) as opened:
        opened.activate(OPEN_POLICY)
        opened.sync("reps", [rep(f"rep-{number}") for number in range(8)])
        yield opened


def _has_captured(pipeline: Pipeline, events: int) -> bool:
    return bool(pipeline.value("SELECT count(*) >= :events FROM event_key", events=events))


# Some 40 s alone on two cores.
@pytest.mark.timeout(300)
def test_a_stop_under_load_loses_nothing_and_is_in_time(
    fleet: Fleet, pipeline: Pipeline, tmp_path: Path, eventually: Eventually
) -> None:
    """All processes are asked to stop in the middle of a flood and started again, with no sweep to repair anything.

    What they logged all along is JSON with an event, and holds nobody's address or name.
    """
    flood = make_flood(_EVENTS, seed=5)
    publish = [sys.executable, "-m", "workers", "publish", str(flood.write(tmp_path / "flood.jsonl")), "--rate", "300"]
    with subprocess.Popen(publish, env=dict(fleet.containers["intake"].env), stdout=subprocess.DEVNULL) as publishing:
        eventually(partial(_has_captured, pipeline, _EVENTS // 5), within=60)
        stops = fleet.stop()
        under_way = pipeline.value("SELECT count(*) FROM event_key")
        fleet.start()
        assert publishing.wait(120) == 0
    left = wait_until_rest(pipeline.context, 120, lambda _: None, allow_buffering=False)

    assert {name: code for name, (code, _) in stops.items()} == dict.fromkeys(fleet.containers, 0)
    assert max(seconds for _, seconds in stops.values()) < min(one.grace for one in fleet.containers.values())
    assert under_way < flood.leads
    assert left is not None
    assert left.total(allow_buffering=False) == 0, left
    (counts,) = pipeline.rows("SELECT * FROM report.conservation")
    assert (counts["leads"], counts["quarantined"], counts["delta"]) == (flood.leads, flood.unreadable, 0)
    assert pipeline.breaches() == []
    _judge_logs(fleet.logs(), pipeline)


def _judge_logs(logs: str, pipeline: Pipeline) -> None:
    lines = [json.loads(line) for line in logs.splitlines()]
    batches = [line for line in lines if line["event"] == "batch_done"]
    people = pipeline.ids("SELECT DISTINCT email FROM report.lead WHERE email IS NOT NULL")
    names = pipeline.ids("SELECT DISTINCT sheet -> 'facts' ->> 'last_name' FROM fact_sheet")
    words = set(re.findall(r"[\w.@+-]+", logs))

    assert all({"event", "timestamp", "level", "process"} <= set(line) for line in lines)
    assert {line["task"].partition(".")[0] for line in batches} >= {"enrichment", "deduplication", "assignment"}
    assert all(line["leads"] >= 1 and line["seconds"] >= 0 and line["batch"] for line in batches)
    assert len(people) > 1_000
    assert words.isdisjoint({*people, *names})
    assert not re.search(r"[\w.+-]+@[\w-]+\.\w+", logs)

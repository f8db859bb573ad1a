"""Processes and servers are killed at any statement, and Redis comes back empty: nothing is lost or done twice."""

import random
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from shared.local.stack import LocalStack
from tests.chaos.conftest import Configure
from tests.conftest import Eventually
from tests.fixtures.floods import make_flood
from tests.fixtures.killing import crash, kill_one
from tests.fixtures.pipeline import Pipeline
from workers.intake.waiting import wait_until_rest
from workers.processes.system import System, running_system
from workers.processes.table import process_table

_SEED = 20_261_121
_EVENTS = 2_500
#: A kill each time so many more events are captured.
_STRIDE = 200
#: Impatient, and yet a minute goes by before a lead is given up: on a busy machine a worker needs long to start again.
_SWEEP_AFTER = 4
#: The rooms that an event passes through, and those that look after it.
_ROOMS = ("intake", "keeper", "worker-enrichment", "worker-deduplication", "worker-assignment", "worker-escalation")


@pytest.fixture
def system(postgres: LocalStack, redis: LocalStack, configure: Configure) -> Iterator[System]:
    """The processes of the pipeline, in small batches and with an impatient sweep: every kill hits something."""
    settings = configure(postgres.database_url, redis.redis_url, BATCH_SIZE=40, SWEEP_AFTER_SECONDS=_SWEEP_AFTER)
    specs = [spec for spec in process_table(settings) if spec.name in _ROOMS]
    with running_system(settings, specs) as running:
        yield running


def _has_captured(pipeline: Pipeline, events: int, publishing: subprocess.Popen[bytes]) -> bool:
    """Say whether so many events have been captured, or the publisher has ended."""
    return publishing.poll() is not None or pipeline.value("SELECT count(*) FROM event_key") >= events


# Some 45 s alone on two cores.
@pytest.mark.timeout(240)
def test_nothing_is_lost_or_doubled_whoever_is_killed(
    postgres: LocalStack,
    redis: LocalStack,
    system: System,
    pipeline: Pipeline,
    home: Path,
    eventually: Eventually,
) -> None:
    """Kills all along, Redis emptied, PostgreSQL crashed: every event is accounted for and every law is kept."""
    chance = random.Random(_SEED)
    flood = make_flood(_EVENTS, seed=_SEED)
    path = flood.write(home / "flood.jsonl")
    killed: list[str | None] = []
    command = [sys.executable, "-m", "workers", "publish", str(path), "--confirm", "--rate", "400"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as publishing:
        for captured in range(_STRIDE, _EVENTS, _STRIDE):
            eventually(partial(_has_captured, pipeline, captured, publishing), within=90)
            if captured == _STRIDE * 6:
                crash(redis, "redis", eventually)
            elif captured == _STRIDE * 9:
                crash(postgres, "postgres", eventually)
            else:
                killed.append(kill_one(system, chance))
        assert publishing.wait(90) == 0
    left = wait_until_rest(pipeline.context, 90, lambda _: None, allow_buffering=False)

    (counts,) = pipeline.rows("SELECT * FROM report.conservation")
    assert left is not None
    assert left.total(allow_buffering=False) == 0, left
    assert sum(name is not None for name in killed) >= 5
    assert len({name for name in killed if name}) >= 3
    assert (counts["leads"], counts["quarantined"], counts["delta"]) == (flood.leads, flood.unreadable, 0)
    assert counts["received_events"] >= flood.leads + flood.unreadable
    assert pipeline.breaches() == []
    persons = pipeline.value("SELECT count(DISTINCT email) FROM fact_sheet")
    assert pipeline.statuses() == {"offered": persons, "merged": flood.leads - persons}

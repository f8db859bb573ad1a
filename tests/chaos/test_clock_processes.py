"""Real workers and keepers on a ladder of seconds, left alone and under every fault there is: once, and never early."""

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from shared.bus.assembly import open_context
from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.db.transaction import transaction
from shared.local.stack import LocalStack
from shared.local.state import read_state
from tests.chaos.conftest import Configure
from tests.conftest import Eventually
from tests.fixtures.crowds import match_leads
from tests.fixtures.killing import kill_one
from tests.fixtures.ladders import check_accepted, check_fired, check_told, seconds_policy
from tests.fixtures.pipeline import Pipeline, open_pipeline, rep
from workers.escalation.answer import settle_answers
from workers.escalation.policy.answers import Answer, Kind
from workers.processes.system import System, running_system
from workers.processes.table import ProcessSpec, baton_command, celery_command

_ROOT = Path(__file__).parents[2]
_SEED = 20_261_122
_LEADS = 5_000
#: One lead in three is accepted, at some moment before its last step.
_ACCEPTED = _LEADS // 3
_POLICY = seconds_policy(remind=3, overdue=6, move=9, tank=4)
_LADDER_SECONDS = 9.0
#: A fault each time so many more steps have fired: it hits the firing, not the waiting.
_STRIDE = 1_300
#: After so many faults Redis is killed in the place of a process.
_REDIS_AFTER = 3
_ANSWERS_AT_ONCE = 50

_OPEN = "SELECT count(*) FROM deadline WHERE fired_at IS NULL AND cancelled_at IS NULL"
_DUE = f"{_OPEN} AND fire_at <= :ended"
_FIRED = "SELECT count(*) FROM deadline WHERE fired_at IS NOT NULL"
_LATENESS = """
SELECT fired_by, count(*) AS steps,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM fired_at - due_at)) AS p50,
    percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM fired_at - due_at)) AS p99,
    extract(epoch FROM max(fired_at - due_at))::float8 AS latest
FROM report.deadline WHERE fired_at IS NOT NULL GROUP BY fired_by ORDER BY fired_by
"""


class Acceptance(NamedTuple):
    """When a rep means to accept a lead, in seconds after the offer."""

    after: float
    lead_id: int
    owner: str


@pytest.fixture(params=[False, True], ids=["left alone", "under faults"])
def is_faulty(request: pytest.FixtureRequest) -> bool:
    """Whether countdowns travel badly and processes are killed."""
    return bool(request.param)


@pytest.fixture
def system(
    database_url: str, redis: LocalStack, configure: Configure, monkeypatch: pytest.MonkeyPatch, *, is_faulty: bool
) -> Iterator[System]:
    """The workers that arm and fire, and two keepers."""
    monkeypatch.setenv("PYTHONPATH", str(_ROOT))
    with running_system(
        configure(database_url, redis.redis_url, BATCH_SIZE=250), _specs(is_faulty=is_faulty)
    ) as running:
        yield running


def _specs(*, is_faulty: bool) -> list[ProcessSpec]:
    keeper = (sys.executable, "-m", "tests.fixtures.bad_post") if is_faulty else baton_command("keeper")
    app = "tests.fixtures.bad_post" if is_faulty else "workers.app"
    workers = {room: celery_command(room, 1) for room in ("escalation", "timers")}
    return [
        *(ProcessSpec(name, keeper) for name in ("keeper-1", "keeper-2")),
        *(
            ProcessSpec(f"worker-{room}", tuple(app if word == "workers.app" else word for word in command), True)
            for room, command in workers.items()
        ),
    ]


@pytest.fixture
def desk(system: System) -> Iterator[Context]:
    """What answers of reps go through: the real servers, and the real way to the workers."""
    with open_context(system.settings) as context:
        yield context


@pytest.fixture
def pipeline(system: System) -> Iterator[Pipeline]:
    """The test's own view, with a policy of seconds and eight reps."""
    with open_pipeline(system.servers.database_url, system.servers.redis_url) as opened:
        opened.activate(_POLICY)
        opened.sync("reps", [rep(f"r{number}", team="Sales", manager_channel=f"#m{number}") for number in range(8)])
        yield opened


def _offer(pipeline: Pipeline, desk: Context, chance: random.Random) -> tuple[list[int], list[Acceptance]]:
    """Offer all leads at once; return them, and who will accept which of them when, the first last."""
    lead_ids = match_leads(pipeline, _LEADS)
    pipeline.deliver(TaskName.ASSIGN, lead_ids)
    desk.publisher.publish(TaskName.ARM, lead_ids)
    owners = pipeline.rows("SELECT lead_id, owner FROM assignment ORDER BY lead_id")
    chosen = chance.sample(owners, _ACCEPTED)
    planned = [Acceptance(chance.uniform(0, _LADDER_SECONDS), one["lead_id"], one["owner"]) for one in chosen]
    return lead_ids, sorted(planned, reverse=True)


def _accept(desk: Context, planned: list[Acceptance], said: dict[int, bool], end: threading.Event) -> None:
    """Let reps accept when their moment has come, and note whose acceptance stands."""
    began = time.monotonic()
    while planned and not end.wait(0.02):
        age = time.monotonic() - began
        now: list[Acceptance] = []
        while planned and planned[-1].after <= age and len(now) < _ANSWERS_AT_ONCE:
            now.append(planned.pop())
        with transaction(desk.engine, desk.publisher) as tx:
            verdicts = settle_answers(desk, tx, [Answer(Kind.ACCEPT, one.lead_id, one.owner) for one in now])
        said.update({one.answer.lead_id: one.refusal is None for one in verdicts})


def _has_fired(pipeline: Pipeline, steps: int) -> bool:
    return bool(pipeline.value(_FIRED) >= steps)


def _break_things(
    pipeline: Pipeline, system: System, redis: LocalStack, chance: random.Random, eventually: Eventually
) -> list[str]:
    """Kill a process each time so many more steps have fired, and Redis once; return what was killed."""
    killed: list[str] = []
    for number, fired in enumerate(range(_STRIDE, (_LEADS - _ACCEPTED) * 4, _STRIDE)):
        eventually(partial(_has_fired, pipeline, fired), within=90)
        if number == _REDIS_AFTER:
            os.kill(read_state(redis.home).servers["redis"].mark.pid, signal.SIGKILL)
            eventually(redis.revive)
            killed.append("redis")
        elif name := kill_one(system, chance):
            killed.append(name)
    return killed


# Twice some 30 s alone on two cores.
@pytest.mark.timeout(300)
def test_every_step_fires_exactly_once(
    system: System,
    pipeline: Pipeline,
    desk: Context,
    redis: LocalStack,
    eventually: Eventually,
    capsys: pytest.CaptureFixture[str],
    *,
    is_faulty: bool,
) -> None:
    """Of 5,000 leads each step fires once and never early, whoever dies; who accepts hears nothing more of it."""
    chance, said, end = random.Random(_SEED), dict[int, bool](), threading.Event()
    lead_ids, planned = _offer(pipeline, desk, chance)
    with ThreadPoolExecutor(1) as threads:
        answering = threads.submit(_accept, desk, planned, said, end)
        try:
            killed = _break_things(pipeline, system, redis, chance, eventually) if is_faulty else []
            ended, calm_since = pipeline.value("SELECT now()"), time.monotonic()
            eventually(lambda: not pipeline.value(_DUE, ended=ended), within=90)
            recovery = time.monotonic() - calm_since
            eventually(lambda: answering.done() and not pipeline.value(_OPEN), within=90)
        finally:
            end.set()
        answering.result()

    stands = {lead_id for lead_id, stood in said.items() if stood}
    by = {one["fired_by"]: one for one in pipeline.rows(_LATENESS)}
    with capsys.disabled():
        _tell(by, killed, recovery)
    assert pipeline.breaches() == []
    assert len(said) == _ACCEPTED
    assert "countdown" in by
    check_fired(pipeline, set(lead_ids) - stands)
    check_accepted(pipeline, sorted(stands))
    check_told(pipeline)
    if is_faulty:
        assert "redis" in killed
        assert len(killed) >= 5
        assert "keeper" in by


def _tell(by: dict[str, dict[str, Any]], killed: list[str], recovery: float) -> None:
    for name, one in by.items():
        late = f"p50 {one['p50']:.2f} s, p99 {one['p99']:.2f} s, latest {one['latest']:.2f} s"
        print(f"\nfired by {name}: {one['steps']} steps, late {late}", end="")  # noqa: T201
    if killed:
        print(f"\nkilled {', '.join(killed)}; nothing was late {recovery:.2f} s after the last of them")  # noqa: T201

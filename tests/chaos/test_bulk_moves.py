"""A bulk move is killed in the middle: worker, Redis and PostgreSQL; it goes on by itself and moves each lead once."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import pytest

from shared.bus.assembly import open_context
from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.local.stack import LocalStack
from tests.chaos.conftest import Configure
from tests.conftest import Eventually
from tests.fixtures.crowds import match_leads
from tests.fixtures.killing import crash
from tests.fixtures.pipeline import Pipeline, open_pipeline, rep
from tests.fixtures.policy_texts import CLOCKS
from workers.processes.system import System, running_system
from workers.processes.table import process_table
from workers.reassignment.asking import ask
from workers.reassignment.control import Said, say_to_plan
from workers.reassignment.moving import move_batch
from workers.reassignment.planning import make_plan
from workers.reassignment.policy.states import Word

_LEADS = 4_000
#: Small batches, so that every kill finds the plan on its way.
_BATCH = 20
_ROOMS = ("keeper", "worker-reassignment", "worker-escalation")
_REPS = ("ana", "bob", "cid", "dan")
_NEW = ("eve", "fay")

#: Each planned lead is in one custody more, the plan's, or is listed with a reason.
_TWICE = """
    SELECT count(*) FROM (SELECT lead_id FROM report.assignment WHERE plan_id = :plan
    GROUP BY lead_id HAVING count(*) <> 1) AS twice
"""
_DEALT = "SELECT moved + skipped FROM report.plan WHERE plan_id = :plan"
_STATE = "SELECT state FROM report.plan WHERE plan_id = :plan"


@pytest.fixture
def system(postgres: LocalStack, redis: LocalStack, configure: Configure) -> Iterator[System]:
    """The keeper and the workers that a bulk move needs."""
    settings = configure(postgres.database_url, redis.redis_url, REASSIGNMENT_BATCH_SIZE=_BATCH)
    specs = [spec for spec in process_table(settings) if spec.name in _ROOMS]
    with running_system(settings, specs) as running:
        yield running


def _offer(pipeline: Pipeline, leads: int) -> None:
    """Let four reps of one team hold so many leads; two more wait for work."""
    pipeline.activate(CLOCKS)
    pipeline.sync("reps", [rep(one, team="Sales") for one in _REPS])
    lead_ids = match_leads(pipeline, leads)
    for start in range(0, leads, 500):
        pipeline.deliver(TaskName.ASSIGN, lead_ids[start : start + 500])
    pipeline.sync("reps", [rep(one, team="New") for one in _NEW])
    pipeline.rows("ANALYZE lead, assignment, deadline")


def _make_plan(context: Context, to: str) -> int:
    return make_plan(context, ask(context, {"team": "Sales", "to": to, "by": "test"}).order)


def _kill_worker(system: System) -> None:
    """Kill the worker that moves leads."""
    for process in system.report().processes:
        if process.name == "worker-reassignment" and process.mark is not None:
            os.kill(process.mark.pid, signal.SIGKILL)


def _reaches(pipeline: Pipeline, plan_id: int, leads: int) -> bool:
    return bool(pipeline.value(_DEALT, plan=plan_id) >= leads)


# Some 40 s alone on two cores: after each kill the keeper hands the plan on within seconds.
@pytest.mark.timeout(240)
def test_a_bulk_move_survives_whoever_is_killed(
    postgres: LocalStack, redis: LocalStack, system: System, eventually: Eventually
) -> None:
    """Worker, Redis and PostgreSQL die in the middle: every planned lead is moved once or listed, the laws hold."""
    with (
        open_pipeline(system.servers.database_url, system.servers.redis_url) as pipeline,
        open_context(system.settings) as context,
    ):
        _offer(pipeline, _LEADS)
        plan_id = _make_plan(context, "rep:eve")
        say_to_plan(context, plan_id, Said(Word.APPLY, "test"))

        eventually(partial(_reaches, pipeline, plan_id, _LEADS // 8), within=60)
        _kill_worker(system)
        eventually(partial(_reaches, pipeline, plan_id, _LEADS // 4), within=60)
        crash(redis, "redis", eventually)
        eventually(partial(_reaches, pipeline, plan_id, _LEADS // 2), within=60)
        crash(postgres, "postgres", eventually)
        eventually(lambda: pipeline.value(_STATE, plan=plan_id) == "applied", within=90)

        (done,) = pipeline.rows("SELECT * FROM report.plan WHERE plan_id = :plan", plan=plan_id)
        assert (done["moved"], done["skipped"], done["pending"]) == (_LEADS, 0, 0)
        assert pipeline.value(_TWICE, plan=plan_id) == 0
        assert pipeline.value("SELECT count(*) FROM report.lead WHERE owner = 'eve'") == _LEADS
        assert pipeline.breaches() == []


def _run(worker: Pipeline, plan_id: int) -> None:
    """Move a plan as a worker does, until it says that nothing is left."""
    while move_batch(worker.context, plan_id) is not None:
        pass


@pytest.mark.timeout(240)
def test_plans_that_overlap_run_at_once(database_url: str, redis_url: str) -> None:
    """Two plans about the same leads, three workers: each lead moves once, and the rest is listed as skipped."""
    with ExitStack() as stack:
        opened = [
            stack.enter_context(open_pipeline(database_url, redis_url, reassignment_batch_size=_BATCH))
            for _ in range(3)
        ]
        _offer(opened[0], 600)
        context = opened[0].context
        plans = [_make_plan(context, "rep:eve"), _make_plan(context, "rep:fay")]
        for plan_id in plans:
            say_to_plan(context, plan_id, Said(Word.APPLY, "test"))

        with ThreadPoolExecutor(3) as pool:
            for running in [
                pool.submit(_run, worker, plan_id) for worker, plan_id in zip(opened, [*plans, plans[0]], strict=True)
            ]:
                running.result(120)
            for plan_id in plans:
                pool.submit(_run, opened[0], plan_id).result(120)

        rows = opened[0].rows("SELECT moved, skipped, pending, state FROM report.plan ORDER BY plan_id")
        assert [(one["state"], one["pending"]) for one in rows] == [("applied", 0)] * 2
        assert sum(one["moved"] for one in rows) == 600
        assert sum(one["skipped"] for one in rows) == 600
        assert opened[0].value("SELECT max(epoch) FROM report.assignment") == 2
        assert opened[0].breaches() == []

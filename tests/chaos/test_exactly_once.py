"""A ladder of seconds under every fault there is: each step fires exactly once and never early, whoever fires it."""

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from shared.bus.publisher import batches
from shared.bus.queues import TaskName
from shared.db.transaction import transaction
from tests.conftest import Eventually
from tests.fixtures.ladders import check_accepted, check_fired, check_told, seconds_policy
from tests.fixtures.pipeline import Pipeline, lead_event, open_pipeline, rep
from workers.escalation.answer import settle_answers
from workers.escalation.policy.answers import Answer, Kind

_SEED = 20_261_121
_LEADS = 1_500
#: Ladder and queue together take nine seconds; the faults go on a little longer.
_CHAOS_SECONDS = 10.5
#: Small enough that the third which is lost, and what is aborted, is many hints and never all of them.
_BATCH = 50
#: In this span Redis is gone: whatever is published is lost.
_GONE = (3.0, 5.0)

_OPEN = "SELECT count(*) FROM deadline WHERE fired_at IS NULL AND cancelled_at IS NULL"
_DUE = f"{_OPEN} AND fire_at <= :ended"


class _Post:
    """Carries countdowns badly: a third is lost, the others come twice, each on time, early or late."""

    def __init__(self, chance: random.Random) -> None:
        self.started = time.monotonic()
        self._chance = chance
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._waiting: list[tuple[float, int, list[int]]] = []

    @property
    def age(self) -> float:
        """Return the seconds since the post opened."""
        return time.monotonic() - self.started

    def collect(self, pipeline: Pipeline) -> None:
        """Take what somebody published; hints to arm are kept for a while as well."""
        later, pipeline.hints.later[:] = [*pipeline.hints.later], []
        now, pipeline.hints.published[:] = [*pipeline.hints.published], []
        if _GONE[0] < self.age < _GONE[1]:
            return
        sent = [(ids, seconds) for task, ids, seconds in later if task == TaskName.FIRE]
        sent += [(ids, 0.0) for task, ids in now if task == TaskName.ARM]
        with self._lock:
            for ids, seconds in sent:
                for batch in batches(ids, _BATCH):
                    self._send(batch, seconds)

    def take(self) -> list[int]:
        """Return the leads of one countdown that arrives now, none when nothing does."""
        with self._lock:
            arrived = self._waiting and self._waiting[0][0] <= self.age
            return heapq.heappop(self._waiting)[2] if arrived else []

    def _send(self, ids: list[int], seconds: float) -> None:
        if self._chance.random() < 1 / 3:
            return
        for _ in range(2):
            shift = self._chance.choice((0.0, -seconds * self._chance.random(), 2 * self._chance.random()))
            heapq.heappush(self._waiting, (self.age + seconds + shift, next(self._numbers), ids))


@pytest.fixture
def crowd(database_url: str, redis_url: str) -> Iterator[list[Pipeline]]:
    """Six programs over one database: two keepers, two workers, one for answers and one for the test itself."""
    with ExitStack() as stack:
        opened = [stack.enter_context(open_pipeline(database_url, redis_url)) for _ in range(6)]
        opened[0].activate(seconds_policy())
        opened[0].sync("reps", [rep(f"r{number}", team="Sales", manager_channel=f"#m{number}") for number in range(8)])
        yield opened


def _until(end: threading.Event, step: Callable[[], object], pause: float) -> int:
    """Repeat a step until the end; return how often its backend was taken from it."""
    broken = 0
    while not end.wait(pause):
        try:
            step()
        except DBAPIError:
            broken += 1
    return broken


def _tick(keeper: Pipeline, post: _Post) -> None:
    try:
        keeper.keeper.tick()
    finally:
        post.collect(keeper)


def _work(worker: Pipeline, post: _Post) -> None:
    """Deliver what has arrived: the countdown fires, and what came too early is armed again."""
    while ids := post.take():
        try:
            worker.deliver(TaskName.FIRE, ids)
            worker.deliver(TaskName.ARM, ids)
        finally:
            post.collect(worker)


def _fire_until(keeper: Pipeline, still_open: str, **parameters: Any) -> bool:
    """Tick once, and say whether no such step is open any more."""
    keeper.keeper.tick()
    return not keeper.value(still_open, **parameters)


def _abort(connection: psycopg.Connection[Any], chance: random.Random) -> None:
    """End the backend of somebody who is in the middle of a transaction."""
    busy = connection.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND xact_start IS NOT NULL AND backend_type = 'client backend'"
    ).fetchall()
    if busy:
        connection.execute("SELECT pg_terminate_backend(%s)", [chance.choice(busy)[0]])


def _accept(desk: Pipeline, due: list[tuple[float, int, str]], post: _Post, said: dict[int, bool]) -> None:
    """Let reps accept whose moment has come; who hears nothing asks again."""
    while due and due[-1][0] <= post.age:
        _, lead_id, owner = due[-1]
        with transaction(desk.context.engine) as tx:
            (verdict,) = settle_answers(desk.context, tx, [Answer(Kind.ACCEPT, lead_id, owner)])
        said[lead_id] = verdict.refusal is None
        due.pop()


# Some 20 s alone on two cores.
@pytest.mark.timeout(150)
def test_every_step_fires_exactly_once_whatever_fails(
    crowd: list[Pipeline], database_url: str, eventually: Eventually, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hints lost, doubled, early, late; two keepers, aborted transactions, Redis gone: once, and never early."""
    chance = random.Random(_SEED)
    watch, desk, *keepers_and_workers = crowd
    lead_ids = watch.route(*(lead_event() for _ in range(_LEADS)))
    owners = watch.rows("SELECT lead_id, owner FROM assignment WHERE owner_kind = 'rep' ORDER BY lead_id")
    accepting = sorted(
        ((chance.uniform(0, 7), one["lead_id"], one["owner"]) for one in chance.sample(owners, _LEADS // 3)),
        reverse=True,
    )
    post, end, said = _Post(chance), threading.Event(), dict[int, bool]()
    post.collect(watch)
    with ThreadPoolExecutor(6) as threads, psycopg.connect(database_url, autocommit=True) as killer:
        running = [threads.submit(_until, end, partial(_tick, one, post), 0.2) for one in keepers_and_workers[:2]]
        running += [threads.submit(_until, end, partial(_work, one, post), 0.01) for one in keepers_and_workers[2:]]
        running += [threads.submit(_until, end, partial(_accept, desk, accepting, post, said), 0.01)]
        aborting = threads.submit(_until, end, partial(_abort, killer, random.Random(_SEED)), 0.1)
        try:
            eventually(lambda: post.age > _CHAOS_SECONDS, within=60)
        finally:
            end.set()
        aborted = sum(one.result() for one in running)
        assert aborting.result() == 0
    calm_since = time.monotonic()
    _accept(desk, accepting, post, said)
    ended = watch.value("SELECT now()")
    eventually(lambda: _fire_until(crowd[2], _DUE, ended=ended), within=30)
    recovery = time.monotonic() - calm_since
    eventually(lambda: _fire_until(crowd[2], _OPEN), within=30)

    by = watch.rows("SELECT fired_by, count(*) AS steps FROM report.deadline GROUP BY 1 ORDER BY 1")
    with capsys.disabled():
        print(f"\n{aborted} transactions aborted; recovery {recovery:.2f} s; fired by {by}")  # noqa: T201
    assert aborted > 0
    assert {"countdown", "keeper"} <= {one["fired_by"] for one in by}
    assert watch.breaches() == []
    assert len(said) == _LEADS // 3
    check_fired(watch, set(lead_ids) - {lead_id for lead_id, stands in said.items() if stands})
    check_accepted(watch, sorted(lead_id for lead_id, stands in said.items() if stands))
    check_told(watch)

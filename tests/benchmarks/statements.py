"""How many statements a batch costs in each stage, for a small and a large one: the number must not grow."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import event

from shared.bus.batch_task import BatchTask
from shared.bus.context import Context
from shared.bus.publisher import MemoryPublisher
from shared.bus.queues import TaskName
from shared.bus.stream import EventStream, connect
from shared.db.engine import open_engine
from shared.db.migrate import upgrade
from tests.benchmarks.place import STATEMENTS_REDIS, Place
from tests.benchmarks.world import lead_events, seed
from workers.assignment.tasks import assign
from workers.deduplication.tasks import deduplicate
from workers.enrichment.tasks import enrich
from workers.escalation.tasks import arm
from workers.intake.stream_loop import Intake

#: The stages in the order of a lead's way.
_STAGES: dict[TaskName, BatchTask] = {one.name: one for one in (enrich, deduplicate, assign, arm)}


def count_statements(place: Place, sizes: tuple[int, ...] = (20, 500)) -> dict[str, dict[str, int]]:
    """Return statements by stage and batch size, counted in this process on a database of its own."""
    url = place.new_database("statements")
    upgrade(url)
    settings = place.settings("statements")
    seed(settings)
    engine = open_engine(url)
    counted: Counter[str] = Counter()
    event.listen(engine, "before_cursor_execute", lambda *_: counted.update(["statements"]))
    stream = EventStream(connect(place.redis(STATEMENTS_REDIS)), settings.stream_key)
    context = Context(engine, MemoryPublisher(), stream, settings)
    found: dict[str, dict[str, int]] = {}
    first = 0
    # The first round fills caches (policy, reps, names of accounts), which later batches do not pay for.
    for size in (sizes[0], *sizes):
        for stage, statements in _one_batch(context, counted, size, first).items():
            found.setdefault(stage, {})[str(size)] = statements
        first += size
    engine.dispose()
    return found


def _one_batch(context: Context, counted: Counter[str], size: int, first: int) -> dict[str, int]:
    context.stream.publish(lead_events(size, first=first))
    publisher: Any = context.publisher
    costs = {"intake": _cost(counted, partial(Intake(context).step, 100))}
    while publisher.published:
        task, lead_ids = publisher.published.pop(0)
        name = TaskName(task)
        if name in _STAGES:
            costs[name.value] = _cost(counted, partial(_STAGES[name], context, lead_ids))
    return costs


def _cost(counted: Counter[str], run: Callable[[], object]) -> int:
    before = counted["statements"]
    run()
    return counted["statements"] - before

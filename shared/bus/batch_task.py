"""The one way to declare a task: a list of ids, a fixed number of statements, one transaction, measured and retried."""

import random
import time
from collections.abc import Callable
from typing import Any

import psycopg
import structlog
from celery import current_task, shared_task
from sqlalchemy.exc import DBAPIError

from shared.bus.context import Context, current_context
from shared.bus.publisher import PUBLISHED_AT
from shared.bus.queues import ROUTES, TaskName
from shared.metrics import BATCH_SIZE, QUEUE_WAIT, TASK_DURATION, TASKS

log = structlog.get_logger()

#: Deadlock, serialization failure, lock wait too long: another batch was faster, and the same statements will do. They
#: will as well where the machine stood still for so long that the database gave the transaction up.
TRANSIENT = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.IdleInTransactionSessionTimeout,
)
#: Three quick tries; what still fails then is handed on by the sweep, later and in smaller batches.
TRIES = 3

Body = Callable[[Context, list[int]], None]


class BatchTask:
    """A task of a room: callable with a context by tests and tools, run by Celery with the process's own."""

    def __init__(self, name: TaskName, body: Body) -> None:
        self.name = name
        self.body = body
        self.__doc__ = body.__doc__
        self.celery_task = shared_task(name=name.value)(self._run_in_worker)

    def __call__(self, context: Context, lead_ids: list[int]) -> None:
        """Run the batch once, with no retry."""
        self.body(context, lead_ids)

    def _run_in_worker(self, lead_ids: list[int]) -> None:
        run_measured(self.name, self.body, current_context(), lead_ids)


def batch_task(name: TaskName) -> Callable[[Body], BatchTask]:
    """Declare a task by its name; its queue comes from `queues.ROUTES`."""
    if name not in ROUTES:
        raise KeyError(name)
    return lambda body: BatchTask(name, body)


def run_measured(name: TaskName, body: Body, context: Context, lead_ids: list[int]) -> None:
    """Run a batch with its metrics and its log line; try again when another batch was in the way.

    Every line that is logged meanwhile names the task, the batch and the batch that its chain began with.
    """
    with structlog.contextvars.bound_contextvars(task=name.value, **_batch_ids()):
        _run_observed(name, body, context, lead_ids)


def _run_observed(name: TaskName, body: Body, context: Context, lead_ids: list[int]) -> None:
    _observe_wait(name)
    BATCH_SIZE.labels(task=name.value).observe(len(lead_ids))
    started = time.perf_counter()
    outcome = "failed"
    try:
        _retrying(body, context, lead_ids)
        outcome = "succeeded"
    finally:
        seconds = time.perf_counter() - started
        TASK_DURATION.labels(task=name.value).observe(seconds)
        TASKS.labels(task=name.value, outcome=outcome).inc()
        log.info("batch_done", leads=len(lead_ids), outcome=outcome, seconds=round(seconds, 4))


def _retrying(body: Body, context: Context, lead_ids: list[int]) -> None:
    for attempt in range(1, TRIES + 1):
        try:
            return body(context, lead_ids)
        except DBAPIError as error:
            if attempt == TRIES or not isinstance(error.orig, TRANSIENT):
                raise
            log.info("batch_retried", attempt=attempt, error=type(error.orig).__name__)
            # Jitter, so that two batches that met once do not meet again at the same moment.
            time.sleep(random.uniform(0.01, 0.1) * attempt)  # noqa: S311  not a secret
    return None


def _batch_ids() -> dict[str, str]:
    """Return Celery's ids of the message in hand, none outside of a worker."""
    request: Any = current_task.request if current_task else None
    ids = {"batch": getattr(request, "id", None), "root": getattr(request, "root_id", None)}
    return {key: value for key, value in ids.items() if isinstance(value, str)}


def _observe_wait(name: TaskName) -> None:
    request: Any = current_task.request if current_task else None
    published_at = getattr(request, PUBLISHED_AT, None) if request else None
    if isinstance(published_at, (int, float)):
        QUEUE_WAIT.labels(queue=ROUTES[name].value).observe(max(0.0, time.time() - published_at))

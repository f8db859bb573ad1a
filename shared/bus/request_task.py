"""Declares a task that other programs trigger by name, with arguments; a refusal is a sentence in the log."""

import inspect
from collections.abc import Callable
from typing import Any

import structlog
from celery import current_task, shared_task
from sqlalchemy.exc import DBAPIError

from shared.bus.context import Context, current_context
from shared.bus.queues import ROUTES, TaskName
from shared.errors import BatonError

log = structlog.get_logger()

#: About a minute of tries while the database is away; who asked finds out by `baton reassign status`.
RETRIES = 6

Body = Callable[..., None]


class RequestTask:
    """A task with named arguments; tests call it with a context, Celery with the process's own."""

    def __init__(self, name: TaskName, body: Body) -> None:
        self.name = name
        self.body = body
        self.__doc__ = body.__doc__
        declare = shared_task(
            name=name.value, autoretry_for=(DBAPIError,), retry_backoff=True, retry_jitter=True, max_retries=RETRIES
        )
        self.celery_task = declare(self._run_in_worker)

    def __call__(self, context: Context, *arguments: Any, **words: Any) -> None:
        """Run the body once, with no retry; raises what it raises."""
        self.body(context, *arguments, **words)

    def _run_in_worker(self, *arguments: Any, **words: Any) -> None:
        context = current_context()
        try:
            inspect.signature(self.body).bind(context, *arguments, **words)
        except TypeError as error:
            log.warning("request_refused", task=self.name.value, reason=str(error))
            return
        try:
            self.body(context, *arguments, **words)
        except BatonError as error:
            log.warning("request_refused", task=self.name.value, reason=str(error))


def request_task(name: TaskName) -> Callable[[Body], RequestTask]:
    """Declare a task by its name; its queue comes from `queues.ROUTES`."""
    if name not in ROUTES:
        raise KeyError(name)
    return lambda body: RequestTask(name, body)


def request_id() -> str | None:
    """Return the id of the message that is being worked on, the same at every delivery; None outside of a worker."""
    request: Any = current_task.request if current_task else None
    return getattr(request, "id", None)

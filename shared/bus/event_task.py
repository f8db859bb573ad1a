"""Declares a task that carries data and not ids: the way in for Celery applications that we trust."""

from collections.abc import Callable
from typing import Any

from celery import shared_task

from shared.bus.context import Context, current_context
from shared.bus.queues import ROUTES, TaskName

Body = Callable[[Context, Any], None]


class EventTask:
    """A task with one argument; tests call it with a context, Celery with the process's own."""

    def __init__(self, name: TaskName, body: Body, retry_on: tuple[type[Exception], ...]) -> None:
        self.name = name
        self.body = body
        self.__doc__ = body.__doc__
        # Without a bound: what was handed to us is nowhere else until it is in the stream.
        declare = shared_task(
            name=name.value, autoretry_for=retry_on, retry_backoff=True, retry_jitter=True, max_retries=None
        )
        self.celery_task = declare(self._run_in_worker)

    def __call__(self, context: Context, argument: Any) -> None:
        """Run the body once, with no retry."""
        self.body(context, argument)

    def _run_in_worker(self, argument: Any) -> None:
        self.body(current_context(), argument)


def event_task(name: TaskName, *, retry_on: tuple[type[Exception], ...]) -> Callable[[Body], EventTask]:
    """Declare a task by its name; it is tried again, ever more slowly, after these errors."""
    if name not in ROUTES:
        raise KeyError(name)
    return lambda body: EventTask(name, body, retry_on)

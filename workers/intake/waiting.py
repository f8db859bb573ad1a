"""Waits until everything that was published has come to rest."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from shared.bus.context import Context
from shared.bus.queues import TaskQueue
from shared.db.transaction import transaction
from workers.intake.queries.presence import Moving, load_moving

#: Often enough that nobody notices, seldom enough that nothing suffers from it.
LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Left:
    """What is not at rest yet: entries of the stream, submissions in Celery's queue, leads on their way."""

    stream: int
    submissions: int
    leads: Moving

    def total(self, *, allow_buffering: bool) -> int:
        """Count it; `allow_buffering` leaves out what the buffer holds back for a time that has not run out."""
        leads = self.leads
        moving = leads.received + leads.buffering + leads.matched
        return self.stream + self.submissions + moving + (0 if allow_buffering else leads.held_back)

    def described(self, *, allow_buffering: bool) -> str:
        """Say in words what is left."""
        leads = self.leads
        buffering = leads.buffering + (0 if allow_buffering else leads.held_back)
        parts = {
            "events in the stream": self.stream,
            "submissions in Celery's queue": self.submissions,
            "leads received": leads.received,
            "leads buffering": buffering,
            "leads matched": leads.matched,
        }
        return ", ".join(f"{number} {name}" for name, number in parts.items() if number)


def look(context: Context) -> Left:
    """Look at the way of an event from its beginning to its end, so that nothing slips through behind the look."""
    submissions = int(context.stream.client.llen(TaskQueue.INTAKE.value))
    stream = context.stream.lag()
    with transaction(context.engine) as tx:
        return Left(stream, submissions, load_moving(tx))


def wait_until_rest(
    context: Context, timeout: float | None, tell: Callable[[Left], None], *, allow_buffering: bool
) -> Left | None:
    """Look until nothing is left or the time is over; return the last look, None if the servers never answered.

    Servers that restart meanwhile are waited for.
    """
    end = None if timeout is None else time.monotonic() + timeout
    left: Left | None = None
    while True:
        try:
            left = look(context)
        except (OperationalError, RedisError):
            is_over = False
        else:
            tell(left)
            is_over = left.total(allow_buffering=allow_buffering) == 0
        if is_over or (end is not None and time.monotonic() >= end):
            return left
        time.sleep(LOOK_SECONDS)

"""Publishes events to the stream or through Celery, in batches and at a rate."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from celery import Celery

from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.bus.stream import ROUND_TRIP_EVENTS, cut
from workers.intake.policy.bodies import as_text

Send = Callable[[list[bytes]], None]


def to_stream(context: Context) -> Send:
    """Return a sender that appends to the Redis Stream."""

    def send(bodies: list[bytes]) -> None:
        context.stream.publish(bodies, channel="file")

    return send


def to_celery(app: Celery) -> Send:
    """Return a sender that submits lists of JSON texts to `intake.submit`."""

    def send(bodies: list[bytes]) -> None:
        app.send_task(TaskName.SUBMIT.value, args=[[as_text(body) for body in bodies]])

    return send


@dataclass(slots=True)
class Pace:
    """Sends no more events per second than it is told; None is as fast as it goes."""

    rate: float | None
    now: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    _begun: float | None = None
    _sent: int = 0

    @property
    def batch(self) -> int:
        """How many events go at once: at most a tenth of a second's worth, so that the flow is even."""
        return ROUND_TRIP_EVENTS if self.rate is None else max(1, min(ROUND_TRIP_EVENTS, int(self.rate / 10)))

    def take(self, events: int) -> None:
        """Wait until so many events may go."""
        if self.rate is None:
            return
        if self._begun is None:
            self._begun = self.now()
        ahead = self._begun + self._sent / self.rate - self.now()
        self._sent += events
        if ahead > 0:
            self.pause(ahead)


def publish(bodies: Iterable[bytes], send: Send, pace: Pace, tell: Callable[[int], None]) -> int:
    """Send events in batches and return how many; `tell` gets the number of each batch."""
    total = 0
    for batch in cut(bodies, pace.batch):
        pace.take(len(batch))
        send(batch)
        total += len(batch)
        tell(len(batch))
    return total

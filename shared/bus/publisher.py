"""Publishes hints: ids for the next room, after the commit, bounded in time; losing one costs latency only."""

import time
from collections.abc import Iterator

import structlog
from celery import Celery
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from shared.metrics import HAND_ON_FAILURES

log = structlog.get_logger()

#: Carried by every message of ours: when it was published, in seconds since 1970.
PUBLISHED_AT = "baton_published_at"

#: After a failure nobody waits for the broker again for so long: clocks must run while it is away.
REST_SECONDS = 5.0


def batches(ids: list[int], size: int) -> Iterator[list[int]]:
    """Cut ids into lists of at most `size`."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


class CeleryPublisher:
    """Sends ids to a task by name over Celery."""

    def __init__(self, app: Celery, batch_size: int) -> None:
        self._app = app
        self._batch_size = batch_size
        self._down_until = 0.0

    def publish(self, task: str, ids: list[int]) -> None:
        """Send the ids in batches; a broker that is away is logged and counted, for the sweep will hand them on."""
        self.publish_in(task, ids, self._batch_size)

    def publish_in(self, task: str, ids: list[int], size: int) -> None:
        """Send the ids in batches of at most `size`."""
        self._send(task, ids, size, None)

    def publish_later(self, task: str, ids: list[int], seconds: float) -> None:
        """Send the ids in batches that are to run in so many seconds; a worker holds them until then."""
        self._send(task, ids, self._batch_size, max(0.0, seconds))

    def _send(self, task: str, ids: list[int], size: int, countdown: float | None) -> None:
        if time.monotonic() < self._down_until:
            HAND_ON_FAILURES.labels(task=task).inc()
            return
        try:
            with self._app.producer_pool.acquire(block=True, timeout=2) as producer:
                for batch in batches(ids, size):
                    headers = {PUBLISHED_AT: time.time()}
                    self._app.send_task(task, args=[batch], producer=producer, headers=headers, countdown=countdown)
        except (OperationalError, RedisError, OSError) as error:
            self._down_until = time.monotonic() + REST_SECONDS
            HAND_ON_FAILURES.labels(task=task).inc()
            log.warning("hand_on_failed", task=task, leads=len(ids), error=type(error).__name__)


class MemoryPublisher:
    """Keeps what was published; for tests and for tools that decide without writing."""

    def __init__(self) -> None:
        self.published: list[tuple[str, list[int]]] = []
        self.later: list[tuple[str, list[int], float]] = []

    def publish(self, task: str, ids: list[int]) -> None:
        """Remember the ids."""
        self.published.append((task, list(ids)))

    def publish_in(self, task: str, ids: list[int], size: int) -> None:
        """Remember the ids, cut as they would leave."""
        self.published.extend((task, batch) for batch in batches(ids, size))

    def publish_later(self, task: str, ids: list[int], seconds: float) -> None:
        """Remember the ids and when they are to run."""
        self.later.append((task, list(ids), seconds))

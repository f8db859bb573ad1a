"""The exporter: one process that turns what lies in the database and the broker into gauges."""

import signal
import threading
import time
from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from shared.bus.context import Context
from shared.bus.publisher import PUBLISHED_AT
from shared.bus.queues import TaskQueue
from shared.db.transaction import transaction
from shared.domain.lead import IN_CUSTODY, Status
from shared.metrics import HELD_SHARE, LEADS, POLICY_INFO, QUEUE_MESSAGES, QUEUE_OLDEST, STREAM_LAG
from workers.audit.gauges import load_statuses

log = structlog.get_logger()

#: Prometheus scrapes every 15 s as a rule: three looks per scrape.
LOOK_SECONDS = 5.0


class Exporter:
    """Looks at queues, stream and statuses, again and again."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._redis = context.stream.client
        self._stop = threading.Event()

    def stop(self) -> None:
        """Return from `run` after the look in hand."""
        self._stop.set()

    def run(self) -> None:
        """Look until stopped; a server that is away leaves its gauges as they were."""
        while not self._stop.is_set():
            for look in (self.look_at_database, self.look_at_broker):
                try:
                    look()
                except (DBAPIError, RedisError, OSError) as error:
                    log.warning("look_failed", look=look.__name__, error=type(error).__name__)
            self._stop.wait(LOOK_SECONDS)

    def look_at_database(self) -> None:
        """Set the gauges of what the database tallies."""
        with transaction(self._context.engine) as tx:
            statuses = load_statuses(tx)
            version = self._context.policies.active(tx)
        for status in Status:
            LEADS.labels(status=status.value).set(statuses.get(status.value, 0))
        held = statuses.get(Status.HELD, 0)
        in_custody = sum(statuses.get(status, 0) for status in IN_CUSTODY)
        HELD_SHARE.set(held / in_custody if in_custody else 0.0)
        POLICY_INFO.clear()
        if version is not None:
            POLICY_INFO.labels(version=str(version.number)).set(1)

    def look_at_broker(self) -> None:
        """Set the gauges of queues and stream; a queue's next message is at the tail of its list."""
        for queue in TaskQueue:
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.llen(queue.value)
            pipeline.lindex(queue.value, -1)
            waiting, message = pipeline.execute()
            QUEUE_MESSAGES.labels(queue=queue.value).set(waiting)
            QUEUE_OLDEST.labels(queue=queue.value).set(message_age(message, time.time()))
        STREAM_LAG.set(self._context.stream.lag())


def message_age(message: bytes | None, now: float) -> float:
    """Return how long a Celery message has waited, in seconds; 0 for none, or for one that does not say."""
    if message is None:
        return 0.0
    try:
        headers: Mapping[str, Any] = orjson.loads(message).get("headers") or {}
        return max(0.0, now - float(headers[PUBLISHED_AT]))
    except (ValueError, KeyError, AttributeError, TypeError):
        return 0.0


def run(context: Context) -> None:
    """Run the exporter until SIGTERM or SIGINT."""
    exporter = Exporter(context)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: exporter.stop())
    exporter.run()

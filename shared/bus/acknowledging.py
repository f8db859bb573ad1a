"""Notices an acknowledgement that never reached the broker; without it a worker is alive and fetches nothing any more.

When Redis hangs for longer than the socket's time-out while a batch ends, Celery logs "Couldn't ack" and goes on. The
message counts as in work from then on, and with a prefetch of one no other is ever fetched. The connection on which
messages are waited for may be well, so nothing else tells.
"""

import time
from collections import deque
from typing import Any, Final

from celery.worker.request import Request

#: An acknowledgement is written within milliseconds; the socket gives up after five seconds.
PATIENCE_SECONDS: Final = 20.0


class Outstanding:
    """Messages that were acknowledged, and when, until the broker is known to have it."""

    def __init__(self) -> None:
        self._messages: deque[tuple[float, Any]] = deque()

    def add(self, now: float, message: Any) -> None:
        """Look after a message that is being acknowledged."""
        self._messages.append((now, message))

    def is_any_lost(self, now: float) -> bool:
        """Say whether the oldest acknowledgement is overdue on a connection that is still in use.

        A connection that was lost takes its messages with it: they are delivered again, and the new one fetches.
        """
        while self._messages:
            since, message = self._messages[0]
            if not message.acknowledged and not message.channel.closed:
                return now - since > PATIENCE_SECONDS
            self._messages.popleft()
        return False


#: Those of this worker's main process.
OUTSTANDING: Final = Outstanding()


class WatchedRequest(Request):  # type: ignore[misc]
    """A task's message in a worker, whose acknowledgement is looked after."""

    def acknowledge(self) -> None:
        """Acknowledge the message; the broker hears of it a moment later, from the worker's loop."""
        if not self.acknowledged:
            OUTSTANDING.add(time.monotonic(), self.message)
        super().acknowledge()

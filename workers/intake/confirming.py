"""Publishes events and sees to it that they arrive: waits until each is captured, and publishes again what was lost."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeVar

from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from shared.bus.context import Context
from shared.bus.stream import cut
from shared.db.transaction import transaction
from shared.errors import RefusedError
from workers.intake.policy.events import Unreadable, read_event
from workers.intake.publishing import Pace, Send, publish
from workers.intake.queries.presence import load_captured, load_quarantined

T = TypeVar("T")

#: Events that are confirmed together: a second or two of work for intake, a few megabytes for us.
WINDOW_EVENTS = 4000
WINDOW_BYTES = 16 * 1024 * 1024
#: How often arrival is looked at.
LOOK_SECONDS = 0.1
#: Nothing new arrived for so long although the stream is empty: what is missing was lost on its way.
LOST_AFTER_SECONDS = 3.0
#: What was lost so often in a row is not lost but kept out by something.
REPEATS = 5

_AWAY = (RedisError, BrokerError, OperationalError, OSError)


@dataclass(slots=True)
class Arrivals:
    """What became of published events; each is one of captured, duplicates and quarantined."""

    published: int = 0
    captured: int = 0
    duplicates: int = 0
    quarantined: int = 0
    #: Copies of events that were lost on their way; not among the published.
    republished: int = 0


@dataclass(slots=True)
class Awaited:
    """Bodies that have not arrived, by their SHA-256, and the key under which those that can be read will appear."""

    bodies: dict[bytes, bytes] = field(default_factory=dict)
    keys: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.bodies)

    def add(self, body: bytes) -> None:
        """Await a body; the second of a key is a duplicate and not awaited."""
        event = read_event(body)
        digest = sha256(body).digest()
        if isinstance(event, Unreadable) or self.keys.setdefault(event.key, digest) == digest:
            self.bodies[digest] = body

    def settle(self, captured: set[tuple[str, str]], quarantined: set[bytes]) -> tuple[int, int]:
        """Forget what has arrived, and return how many were captured and how many went to quarantine."""
        arrived = {digest for key in captured if (digest := self.keys.pop(key, None))}
        kept_out = (quarantined - arrived) & self.bodies.keys()
        for digest in arrived | kept_out:
            del self.bodies[digest]
        self.keys = {key: digest for key, digest in self.keys.items() if digest not in kept_out}
        return len(arrived), len(kept_out)


@dataclass(slots=True)
class Confirming:
    """Publishes in windows, each of which must have arrived before the next one starts.

    `patience` is how many seconds may pass in which nothing new arrives; servers that restart meanwhile are waited for.
    After `lost_after` seconds of them, with an empty stream, what is missing is published again.
    """

    context: Context
    send: Send
    pace: Pace
    patience: float
    lost_after: float = LOST_AFTER_SECONDS
    arrivals: Arrivals = field(default_factory=Arrivals)

    def publish(self, bodies: Iterable[bytes], tell: Callable[[int], None]) -> Arrivals:
        """Publish all events and return what became of them; raises RefusedError when they stop arriving."""
        for window in cut(bodies, WINDOW_EVENTS, WINDOW_BYTES):
            self._publish_window(window)
            tell(len(window))
        return self.arrivals

    def _publish_window(self, window: Sequence[bytes]) -> None:
        awaited = Awaited()
        for body in window:
            awaited.add(body)
        # What is there already will arrive as a duplicate, and nothing will show for it.
        self._look(awaited)
        self.arrivals.published += len(window)
        self.arrivals.duplicates += len(window) - len(awaited)
        self._send(window)
        self._await(awaited)

    def _await(self, awaited: Awaited) -> None:
        began = looked_for_losses = time.monotonic()
        repeats = 0
        while awaited:
            captured, quarantined = self._look(awaited)
            now = time.monotonic()
            if captured or quarantined:
                self.arrivals.captured += captured
                self.arrivals.quarantined += quarantined
                began = looked_for_losses = now
                repeats = 0
            elif now - began > self.patience:
                raise _given_up(len(awaited), self.patience)
            elif now - looked_for_losses > self.lost_after and repeats < REPEATS and self._is_drained():
                self._send(list(awaited.bodies.values()))
                self.arrivals.republished += len(awaited)
                looked_for_losses = time.monotonic()
                repeats += 1
            else:
                time.sleep(LOOK_SECONDS)

    def _look(self, awaited: Awaited) -> tuple[int, int]:
        def load() -> tuple[set[tuple[str, str]], set[bytes]]:
            with transaction(self.context.engine) as tx:
                return load_captured(tx, awaited.keys), load_quarantined(tx, awaited.bodies)

        return awaited.settle(*self._patiently(load))

    def _send(self, bodies: Iterable[bytes]) -> None:
        self._patiently(lambda: publish(bodies, self.send, self.pace, lambda _: None))

    def _is_drained(self) -> bool:
        return self._patiently(self.context.stream.lag) == 0

    def _patiently(self, call: Callable[[], T]) -> T:
        """Call again while a server is away, as long as the patience lasts."""
        end = time.monotonic() + self.patience
        while True:
            try:
                return call()
            except _AWAY:
                if time.monotonic() > end:
                    raise
                time.sleep(LOOK_SECONDS)


def _given_up(missing: int, patience: float) -> RefusedError:
    return RefusedError(
        f"{missing:,} events are not captured, and none was for {patience:g} s: is `baton intake` running? "
        "Publish the same again when it is; what has arrived is not taken twice."
    )

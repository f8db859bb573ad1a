"""Publishes the events at a steady rate and watches until every lead has come to rest."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from shared.bus.context import Context
from shared.console import note, progress
from shared.db.transaction import transaction
from workers.demo.queries import Standing, load_standing

#: Events per second: a burst that a person can watch, far below what the system takes.
RATE = 300
#: How often to look; ten times within the second in which most leads pass through.
_LOOK_SECONDS = 0.25
#: A line per so many seconds where there is no terminal for a bar.
_LINE_SECONDS = 3.0
#: The longest buffer is five seconds; a machine that needs ten times as long is broken.
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the stream went: how many events were published, and how the leads stood at the end."""

    published: int
    seconds: float
    standing: Standing

    @property
    def is_at_rest(self) -> bool:
        """Whether every event was read and no lead is under way."""
        return self.standing.read == self.published and not self.standing.moving


def publish_and_watch(context: Context, events: Sequence[bytes]) -> Outcome:
    """Publish all events and wait until all leads rest, or until nothing has happened for too long."""
    started = time.monotonic()
    with progress("events that came to rest", len(events)) as advance:
        watch = _Watch(context, len(events), advance)
        for published in _publish(context, events):
            watch.look(published)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not watch.outcome(started).is_at_rest and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
            watch.look(len(events))
    return watch.outcome(started)


class _Watch:
    """Looks at the standing now and then, and shows it."""

    def __init__(self, context: Context, total: int, advance: Callable[[int], None]) -> None:
        self._context = context
        self._total = total
        self._advance = advance
        self._shown = 0
        self._next_line = time.monotonic() + _LINE_SECONDS
        self.standing = Standing(0, {})

    def look(self, published: int) -> None:
        """Ask the database once."""
        with transaction(self._context.engine) as tx:
            self.standing = load_standing(tx)
        settled = self.standing.read - self.standing.moving
        if settled > self._shown:
            self._advance(settled - self._shown)
            self._shown = settled
        if time.monotonic() >= self._next_line:
            self._next_line += _LINE_SECONDS
            note(
                f"  {published} of {self._total} events published, {settled} at rest, {self.standing.moving} under way"
            )

    def outcome(self, started: float) -> Outcome:
        """Return how it stands now."""
        return Outcome(self._total, time.monotonic() - started, self.standing)


def _publish(context: Context, events: Sequence[bytes]) -> Iterator[int]:
    """Publish a slice per look, in step with the rate; yield how many are out."""
    started = time.monotonic()
    done = 0
    while done < len(events):
        due = min(len(events), int((time.monotonic() - started + _LOOK_SECONDS) * RATE))
        context.stream.publish(events[done:due])
        done = due
        yield done
        time.sleep(max(0.0, started + done / RATE - time.monotonic()))

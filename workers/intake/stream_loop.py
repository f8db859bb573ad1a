"""The intake process: reads the stream in batches, captures, hands on, acknowledges, reclaims, trims; drops nothing."""

import signal
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import psycopg
import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from shared import tracing
from shared.bus.context import Context
from shared.bus.garbage import search_rarely
from shared.bus.stream import Entry
from workers.intake.halving import apply_in_halves
from workers.intake.queries.capture import channel_of
from workers.intake.tasks import capture_batch, quarantine_entry

log = structlog.get_logger()

#: How long one read waits for the first entry; also how soon a stop is noticed.
BLOCK_MS = 500
#: Reclaiming, trimming and forgetting dead consumers need not be more often than this.
UPKEEP_SECONDS = 2.0
#: After an error of a server: long enough not to hammer it, short enough to be back within a breath.
BACK_OFF_SECONDS = 1.0

#: A batch of readable events is below it; it bounds memory when somebody publishes huge bodies.
BATCH_BYTES = 64 * 1024 * 1024

#: The server is away, overloaded, or a standby that does not accept writes yet (an internal error by its code).
_SERVER_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError)


class Intake:
    """One consumer of the stream; run several for more throughput or for safety."""

    def __init__(self, context: Context, *, back_off: float = BACK_OFF_SECONDS) -> None:
        self._context = context
        self._stream = context.stream
        self._stop = threading.Event()
        self._back_off = back_off
        self._next_upkeep = 0.0
        self._from_start = False

    def stop(self) -> None:
        """Finish the batch in hand and return from `run`."""
        self._stop.set()

    def run(self) -> None:
        """Read until stopped; a server that is away is waited for, and the stream waits with us."""
        while not self._stop.is_set():
            try:
                self.step()
            except (RedisError, OSError) as error:
                if "NOGROUP" in str(error):
                    # Redis came back empty, or somebody deleted the group: upkeep makes it from the beginning.
                    log.warning("group_lost", stream=self._stream.key)
                    self._next_upkeep = 0.0
                else:
                    log.warning("stream_away", error=type(error).__name__)
                    self._stop.wait(self._back_off)

    def step(self, block_ms: int = BLOCK_MS) -> int:
        """Do one round: upkeep when it is time, then one batch; return how many entries it took."""
        if time.monotonic() >= self._next_upkeep:
            self._next_upkeep = time.monotonic() + UPKEEP_SECONDS
            left = self._upkeep()
            if left:
                # There may be more of it, and it is the oldest there is.
                self._next_upkeep = 0.0
                return self._take(left, reclaimed=True)
        entries = self._stream.read(self._context.settings.batch_size, block_ms)
        self._from_start = self._from_start and bool(entries)
        return self._take(entries, reclaimed=self._from_start)

    def _upkeep(self) -> list[Entry]:
        if self._stream.ensure_group():
            log.info("group_made", stream=self._stream.key)
            # Another consumer may be committing these very entries, delivered to it by the group that was lost.
            self._from_start = True
        self._stream.trim()
        left = self._stream.reclaim(self._context.settings.batch_size)
        if not left:
            self._stream.forget_dead_consumers()
        return left

    def _take(self, entries: Sequence[Entry], *, reclaimed: bool) -> int:
        """Capture until it is committed, then acknowledge; stopped in between, the entries stay pending."""
        if not entries:
            return 0
        while not self._stop.is_set():
            try:
                for batch in _batches(entries):
                    self._capture(batch, reclaimed=reclaimed)
            except DBAPIError as error:
                if not isinstance(error.orig, _SERVER_AWAY):
                    raise
                log.warning("database_away", error=type(error.orig).__name__, waiting=len(entries))
                self._stop.wait(self._back_off)
                # Nobody knows whether the lost transaction committed: count only what was not counted.
                reclaimed = True
                continue
            self._stream.acknowledge(entries)
            return len(entries)
        return 0

    def _capture(self, entries: Sequence[Entry], *, reclaimed: bool) -> None:
        def capture(batch: Sequence[Entry]) -> None:
            started = time.perf_counter()
            with tracing.span("intake.capture", events=len(batch)):
                tally = capture_batch(self._context, batch, reclaimed=reclaimed)
                seconds = round(time.perf_counter() - started, 4)
                log.info("batch_captured", seconds=seconds, **asdict(tally))

        def refuse(entry: Entry, error: Exception) -> None:
            log.error("event_refused", entry=entry.entry_id, error=type(error).__name__)
            reason = f"it cannot be stored ({type(error).__name__})"
            quarantine_entry(self._context, entry, reason, reclaimed=reclaimed)

        apply_in_halves(entries, capture, refuse)


def _batches(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Cut entries by their way in, and where their bytes become too many for one transaction."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(channel_of(entry), []).append(entry)
    for group in groups.values():
        batch: list[Entry] = []
        size = 0
        for entry in group:
            if batch and size + len(entry.body) > BATCH_BYTES:
                yield batch
                batch, size = [], 0
            batch.append(entry)
            size += len(entry.body)
        yield batch


def run(context: Context) -> None:
    """Run one intake process until SIGTERM or SIGINT."""
    search_rarely()
    intake = Intake(context)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: intake.stop())
    intake.run()

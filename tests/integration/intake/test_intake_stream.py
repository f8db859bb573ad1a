"""The stream and its consumers: nothing is dropped, whoever dies, and nothing is counted twice."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import orjson
import psycopg
import pytest
from sqlalchemy import event

from shared.bus.context import Context
from shared.bus.publisher import MemoryPublisher
from shared.bus.stream import GROUP, Entry, EventStream
from shared.local.servers import Servers
from shared.settings import Settings
from tests.fixtures.pipeline import STREAM_KEY, Pipeline, lead_event
from workers.intake.stream_loop import Intake
from workers.intake.tasks import capture_batch

Eventually = Callable[..., None]


class Consumer(Protocol):
    """Makes the context of one more consumer."""

    def __call__(self, name: str, *, batch_size: int = 500) -> Context:
        """Give it a name of its own."""


@pytest.fixture
def consumer(pipeline: Pipeline) -> Consumer:
    """Make the context of one more consumer, by its name."""

    def make(name: str, *, batch_size: int = 500) -> Context:
        stream = EventStream(pipeline.context.stream.client, STREAM_KEY, name)
        return Context(pipeline.context.engine, MemoryPublisher(), stream, Settings(batch_size=batch_size))

    return make


@pytest.fixture
def running() -> Iterator[Callable[[Context], Intake]]:
    """Start intakes in threads of their own; they are stopped with the test."""
    started: list[tuple[Intake, threading.Thread]] = []

    def run(context: Context) -> Intake:
        intake = Intake(context, back_off=0.05)
        thread = threading.Thread(target=intake.run)
        started.append((intake, thread))
        thread.start()
        return intake

    yield run
    for intake, thread in started:
        intake.stop()
        thread.join(20)
        assert not thread.is_alive()


def _events(count: int, prefix: str = "s") -> list[bytes]:
    return [orjson.dumps(lead_event(f"{prefix}-{number}")) for number in range(count)]


def _tally(pipeline: Pipeline) -> dict[str, int]:
    (row,) = pipeline.rows("SELECT received_events, leads, duplicates, quarantined, delta FROM report.conservation")
    return row


def _pending(stream: EventStream) -> int:
    pending: Any = stream.client.xpending(stream.key, GROUP)
    return int(pending["pending"])


def _ids(entries: Sequence[Entry]) -> list[str]:
    return [entry.entry_id for entry in entries]


def test_an_entry_that_is_delivered_twice_is_counted_once(
    pipeline: Pipeline, consumer: Consumer, dead_consumer: str
) -> None:
    """A consumer that died between its commit and its acknowledgement has counted already, quarantine as well."""
    pipeline.context.stream.publish([*_events(30), b"?"])
    dead = consumer(dead_consumer)
    capture_batch(dead, dead.stream.read(100, 100))

    pipeline.capture()

    assert _tally(pipeline) == {"received_events": 31, "leads": 30, "duplicates": 0, "quarantined": 1, "delta": 0}
    assert _pending(pipeline.context.stream) == 0


def test_a_batch_that_is_counted_in_part_is_counted_to_its_end(pipeline: Pipeline, consumer: Consumer) -> None:
    """The entries need not come back in the batches in which they were counted."""
    pipeline.context.stream.publish(_events(20))
    first = consumer("elsewhere:1")
    entries = first.stream.read(100, 100)
    capture_batch(first, entries[5:12])

    tallies = [capture_batch(first, entries, reclaimed=True), capture_batch(first, entries, reclaimed=True)]

    assert [tally.received for tally in tallies] == [13, 0]
    assert _tally(pipeline) == {"received_events": 20, "leads": 20, "duplicates": 0, "quarantined": 0, "delta": 0}


def test_what_a_dead_process_of_this_host_left_is_taken_at_once(
    pipeline: Pipeline, consumer: Consumer, dead_consumer: str
) -> None:
    """Nobody waits for the idle time, however much it is, and the dead consumer is forgotten in the end."""
    small = consumer("elsewhere:2", batch_size=7)
    pipeline.context.stream.publish(_events(40))
    assert len(consumer(dead_consumer).stream.read(100, 100)) == 40

    intake = Intake(small)
    while small.stream.lag():
        assert intake.step(1) <= 7
    pipeline.intake.step(1)

    consumers: Any = small.stream.client.xinfo_consumers(STREAM_KEY, GROUP)
    assert _tally(pipeline)["leads"] == 40
    assert dead_consumer.encode() not in {one["name"] for one in consumers}


@pytest.mark.parametrize("is_trimmed", [True, False])
def test_a_lost_group_starts_at_the_beginning_and_doubles_nothing(
    pipeline: Pipeline, running: Callable[[Context], Intake], eventually: Eventually, *, is_trimmed: bool
) -> None:
    """Whether the stream holds what was captured already or not."""
    stream = pipeline.context.stream
    pipeline.publish(*_events(20, "before"))
    if is_trimmed:
        stream.trim()
    stream.client.xgroup_destroy(STREAM_KEY, GROUP)
    stream.publish(_events(20, "after"))

    running(pipeline.context)
    eventually(lambda: stream.lag() == 0)

    assert _tally(pipeline) == {"received_events": 40, "leads": 40, "duplicates": 0, "quarantined": 0, "delta": 0}


def test_a_group_that_is_lost_again_and_again_costs_nothing(
    pipeline: Pipeline, consumer: Consumer, running: Callable[[Context], Intake], eventually: Eventually
) -> None:
    """Two consumers at work, and the group goes while they are."""
    stream = pipeline.context.stream
    running(consumer("elsewhere:1", batch_size=20))
    running(consumer("elsewhere:2", batch_size=20))
    for number in range(10):
        stream.publish(_events(50, f"round-{number}"))
        if number % 3 == 2:
            stream.client.xgroup_destroy(STREAM_KEY, GROUP)

    eventually(lambda: pipeline.value("SELECT count(*) FROM lead") == 500 and stream.lag() == 0)

    assert _tally(pipeline) | {"leads": 500, "quarantined": 0, "delta": 0} == _tally(pipeline)


def test_an_emptied_redis_is_read_again(
    pipeline: Pipeline, running: Callable[[Context], Intake], eventually: Eventually
) -> None:
    """What is published after the loss is captured, without anybody's help."""
    stream = pipeline.context.stream
    running(pipeline.context)
    stream.publish(_events(5, "before"))
    eventually(lambda: pipeline.value("SELECT count(*) FROM lead") == 5)

    stream.client.flushdb()
    stream.publish(_events(5, "after"))

    eventually(lambda: pipeline.value("SELECT count(*) FROM lead") == 10)


@contextmanager
def _outage(servers: Servers, database_url: str) -> Iterator[None]:
    """Let a database refuse everybody, those who are connected as well."""
    name = database_url.rpartition("/")[2]
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@pytest.fixture
def outage(servers: Servers, database_url: str) -> Callable[[], AbstractContextManager[None]]:
    """Take the database away for a block."""
    return lambda: _outage(servers, database_url)


def test_while_the_database_is_away_the_stream_waits(
    pipeline: Pipeline,
    running: Callable[[Context], Intake],
    outage: Callable[[], AbstractContextManager[None]],
    eventually: Eventually,
) -> None:
    """Nothing is acknowledged, nothing is lost, and all is captured once it is back."""
    stream = pipeline.context.stream
    pipeline.publish(*_events(3, "before"))
    attempts: list[object] = []
    event.listen(pipeline.context.engine, "do_connect", lambda *_: attempts.append(_))

    with outage():
        stream.publish(_events(30, "during"))
        running(pipeline.context)
        eventually(lambda: len(attempts) >= 3)
        assert stream.lag() == _pending(stream) == 30
    eventually(lambda: stream.lag() == 0)

    assert _tally(pipeline) == {"received_events": 33, "leads": 33, "duplicates": 0, "quarantined": 0, "delta": 0}


def test_an_intake_that_stops_during_an_outage_leaves_its_entries(
    pipeline: Pipeline, outage: Callable[[], AbstractContextManager[None]], eventually: Eventually
) -> None:
    """It does not hang, acknowledges nothing, and who comes next has them all."""
    stream = pipeline.context.stream
    stream.publish(_events(5))
    intake = Intake(pipeline.context, back_off=0.05)
    thread = threading.Thread(target=intake.run)

    with outage():
        thread.start()
        eventually(lambda: _pending(stream) == 5)
        intake.stop()
        thread.join(20)
        assert not thread.is_alive()
    assert stream.lag() == 5
    pipeline.capture()

    assert _tally(pipeline)["leads"] == 5


def test_two_intakes_share_the_work(
    pipeline: Pipeline, consumer: Consumer, running: Callable[[Context], Intake], eventually: Eventually
) -> None:
    """Also where both meet the same keys at the same time: no deadlock, one lead each."""
    twins = [body for body in _events(300) for _ in range(2)]
    for name in ("elsewhere:1", "elsewhere:2"):
        running(consumer(name, batch_size=25))

    pipeline.context.stream.publish(twins)
    eventually(lambda: pipeline.context.stream.lag() == 0)

    assert _tally(pipeline) == {"received_events": 600, "leads": 300, "duplicates": 300, "quarantined": 0, "delta": 0}


def test_entries_without_our_field_end_in_quarantine(pipeline: Pipeline) -> None:
    """Somebody who writes fields of their own gets to see that nobody could read them."""
    pipeline.context.stream.client.xadd(STREAM_KEY, {"email": "ana@acme.example", "name": "Ana"})

    pipeline.capture()

    assert pipeline.ids("SELECT body FROM quarantine") == [b"email=ana@acme.example\nname=Ana"]


def test_entries_with_ids_of_a_publishers_own_are_captured(pipeline: Pipeline) -> None:
    """Microseconds where Redis has milliseconds, say; all later entries follow it."""
    pipeline.context.stream.client.xadd(STREAM_KEY, {"event": orjson.dumps(lead_event())}, id="1795293506632000-7")

    assert len(pipeline.publish(lead_event(), lead_event())) == 3
    assert pipeline.context.stream.trim() == 3

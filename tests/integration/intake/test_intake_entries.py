"""The stream by itself: who may take what from whom, what may be trimmed, and how much is left."""

import itertools
import socket
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from shared.bus.stream import GROUP, Entry, EventStream, connect, entry_number
from tests.fixtures.pipeline import STREAM_KEY


@pytest.fixture
def stream(redis_url: str) -> Iterator[EventStream]:
    """A stream without a database behind it."""
    with connect(redis_url) as client:
        opened = EventStream(client, STREAM_KEY, "elsewhere:1")
        opened.ensure_group()
        yield opened


def _ids(entries: Sequence[Entry]) -> list[str]:
    return [entry.entry_id for entry in entries]


def test_what_another_host_holds_is_left_until_it_is_idle(stream: EventStream) -> None:
    """Its process cannot be seen from here, and may be in the middle of its batch."""
    stream.publish([b"x", b"y", b"z"])
    held = EventStream(stream.client, STREAM_KEY, "otherhost:1").read(10, 100)

    too_soon = stream.reclaim(10, idle_ms=3_600_000)
    later = stream.reclaim(10, idle_ms=0)

    assert too_soon == []
    assert _ids(later) == _ids(held)


def test_what_a_living_process_of_this_host_holds_is_left(stream: EventStream) -> None:
    """Only who is dead is robbed."""
    stream.publish([b"x", b"y", b"z"])
    with subprocess.Popen(["sleep", "60"]) as process:
        EventStream(stream.client, STREAM_KEY, f"{socket.gethostname()}:{process.pid}").read(10, 100)
        found = stream.reclaim(10)
        stream.forget_dead_consumers()
        consumers: Any = stream.client.xinfo_consumers(STREAM_KEY, GROUP)
        process.kill()

    assert found == []
    assert len(consumers) == 1


def test_a_consumer_takes_up_what_it_left_itself(stream: EventStream) -> None:
    """As after an acknowledgement that failed, or a container that is started again under the same name."""
    stream.publish([b"x", b"y", b"z"])
    left = stream.read(2, 100)

    assert _ids(stream.reclaim(10)) == _ids(left)
    assert len(stream.read(10, 100)) == 1


def test_what_somebody_deleted_does_not_stay_pending_for_ever(stream: EventStream, dead_consumer: str) -> None:
    """An entry without a body can neither be captured nor waited for."""
    entry_ids = stream.publish([b"x", b"y", b"z"])
    EventStream(stream.client, STREAM_KEY, dead_consumer).read(10, 100)
    stream.client.xdel(STREAM_KEY, *entry_ids[:2])

    found = stream.reclaim(10)
    stream.acknowledge(found)

    assert _ids(found) == entry_ids[2:]
    assert stream.lag() == 0


def test_entry_numbers_sort_as_the_ids_do() -> None:
    """And fit into what the database has for them, as do those of ids that no Redis makes by itself."""
    ids = ["0-1", "1-0", "1-1", "1-1048575", "1795293506632-0", "1795293506632-1", "8796093022207-1048575"]
    odd = ["1-1048576", "8796093022208-0", "1795293506632000-0", "18446744073709551615-18446744073709551615"]

    numbers = [entry_number(entry_id) for entry_id in ids]
    odd_numbers = {entry_number(entry_id) for entry_id in odd}

    assert numbers == sorted(set(numbers))
    assert len(odd_numbers) == len(odd)
    assert all(-(2**63) <= number < 2**63 for number in odd_numbers.union(numbers))
    assert odd_numbers.isdisjoint(numbers)


_operations = st.lists(
    st.tuples(st.sampled_from(["publish", "read", "acknowledge", "trim", "reclaim", "lose"]), st.integers(1, 5)),
    max_size=30,
)


@given(operations=_operations)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_trimming_never_takes_what_is_not_acknowledged(stream: EventStream, operations: list[tuple[str, int]]) -> None:
    """For any order of what consumers do, also over a lost group; and the lag is what is not acknowledged."""
    stream.client.flushdb()
    stream.ensure_group()
    readers = itertools.cycle([EventStream(stream.client, STREAM_KEY, f"elsewhere:{number}") for number in (1, 2)])
    published: set[str] = set()
    acknowledged: set[str] = set()
    held: list[Entry] = []
    for operation, number in operations:
        reader = next(readers)
        if operation == "publish":
            published |= set(reader.publish([b"x"] * number))
        elif operation == "read":
            held += reader.read(number, 1)
        elif operation == "acknowledge":
            stream.acknowledge(held[-number:])
            acknowledged |= set(_ids(held[-number:]))
            del held[-number:]
        elif operation == "trim":
            reader.trim()
        elif operation == "reclaim":
            reader.reclaim(number, idle_ms=0)
        else:
            # What was acknowledged and is still there will be delivered once more.
            stream.client.xgroup_destroy(STREAM_KEY, GROUP)
            stream.ensure_group()
            held.clear()
            acknowledged -= _there(stream.client)

        assert published - acknowledged <= _there(stream.client)
        assert stream.lag() == len(published - acknowledged)


def _there(client: Redis) -> set[str]:
    entries: Any = client.xrange(STREAM_KEY)
    return {entry_id.decode() for entry_id, _ in entries}


def test_a_long_backlog_is_not_read_to_be_counted(stream: EventStream) -> None:
    """The count has the right size, and is zero only when nothing is left."""
    stream.publish([b"x" * 100] * 1500)
    some = stream.read(400, 100)
    unread = stream.lag()
    stream.acknowledge(some)
    stream.trim()

    assert unread == 1500
    assert stream.lag() == 1100


def test_a_stream_with_a_bound_drops_its_oldest_entries(stream: EventStream) -> None:
    """About so many stay: Redis drops whole nodes of its tree."""
    bounded = EventStream(stream.client, STREAM_KEY, maxlen=200)

    entry_ids = bounded.publish([b"x"] * 1000)

    there = _there(stream.client)
    assert there == set(entry_ids[-len(there) :])
    assert 200 <= len(there) < 400

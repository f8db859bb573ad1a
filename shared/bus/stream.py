"""The stream of events: read through a consumer group, acknowledged after the commit, trimmed below what is done."""

import os
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, cast

from redis import Redis
from redis.exceptions import ResponseError

from shared.redis_client import open_redis

GROUP = "intake"
FIELD = b"event"
#: An entry's id is <milliseconds>-<sequence>; both fit into 63 bits as ms << 20 | sequence until the year 2248.
_SEQUENCE_BITS = 20
_TIME_BITS = 43
#: Longer than any batch may take (the statement timeout): what is still pending then belongs to a dead consumer.
RECLAIM_AFTER_MS = 45_000
#: One round trip carries at most so many events and about so many bytes: its cost is far below a millisecond per event
#: and a client holds a few megabytes, however long the file.
ROUND_TRIP_EVENTS = 500
ROUND_TRIP_BYTES = 4 * 1024 * 1024
#: Up to here unread entries are counted one by one where the server does not count them (Redis 6).
_COUNTED = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the stream: its id, its event as bytes, and the way it came in."""

    entry_id: str
    body: bytes
    channel: str = "stream"

    @property
    def number(self) -> int:
        """Return the id as one number that no other entry has."""
        return entry_number(self.entry_id)


def entry_number(entry_id: str) -> int:
    """Return an entry id as a bigint: in the order of the ids for those that Redis makes."""
    milliseconds, sequence = _order(entry_id)
    if milliseconds < 1 << _TIME_BITS and sequence < 1 << _SEQUENCE_BITS:
        return milliseconds << _SEQUENCE_BITS | sequence
    # An id of a publisher's own, say in microseconds: below zero, where no other number is.
    return -1 - int.from_bytes(blake2b(entry_id.encode(), digest_size=7).digest())


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)


def connect(redis_url: str) -> Redis:
    """Open Redis with bounded waits: a dead link is an error within seconds and not a hang."""
    return open_redis(
        redis_url,
        # The answers that we read have this form with every release of the client.
        protocol=2,
        socket_timeout=10,
        socket_connect_timeout=5,
        socket_keepalive=True,
        health_check_interval=10,
    )


def cut(
    bodies: Iterable[bytes], events: int = ROUND_TRIP_EVENTS, size: int = ROUND_TRIP_BYTES
) -> Iterator[list[bytes]]:
    """Cut bodies into lists of at most `events` and about `size` bytes; read no further ahead than that."""
    batch: list[bytes] = []
    length = 0
    for body in bodies:
        if batch and (len(batch) >= events or length + len(body) > size):
            yield batch
            batch, length = [], 0
        batch.append(body)
        length += len(body)
    if batch:
        yield batch


def consumer_name() -> str:
    """Name this process: the host part lets a successor on the same host see at once that its owner is dead."""
    return f"{socket.gethostname()}:{os.getpid()}"


class EventStream:
    """The stream and its group, as intake and publishers use it.

    With `maxlen` publishing drops the oldest entries beyond about so many, read or not.
    """

    def __init__(self, client: Redis, key: str, consumer: str | None = None, *, maxlen: int | None = None) -> None:
        self.client = client
        self.key = key
        self._consumer = consumer or consumer_name()
        self._maxlen = maxlen

    def publish(self, bodies: Iterable[bytes], *, channel: str = "stream") -> list[str]:
        """Append events, many per round trip, and return their entry ids."""
        return [entry_id for batch in cut(bodies) for entry_id in self._append(batch, channel)]

    def _append(self, bodies: Sequence[bytes], channel: str) -> list[str]:
        pipeline = self.client.pipeline(transaction=False)
        for body in bodies:
            pipeline.xadd(self.key, {FIELD: body, b"channel": channel.encode()}, maxlen=self._maxlen, approximate=True)
        return [entry_id.decode() for entry_id in cast("list[bytes]", pipeline.execute())]

    def ensure_group(self) -> bool:
        """Make the group from the beginning of the stream if it is lost; return whether it was made."""
        try:
            self.client.xgroup_create(self.key, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" in str(error):
                return False
            raise
        return True

    def read(self, count: int, block_ms: int) -> list[Entry]:
        """Read entries that nobody has read; wait for the first one at most `block_ms`."""
        answer: Any = self.client.xreadgroup(GROUP, self._consumer, {self.key: ">"}, count=count, block=block_ms)
        return _entries(answer[0][1]) if answer else []

    def reclaim(self, count: int, *, idle_ms: int = RECLAIM_AFTER_MS) -> list[Entry]:
        """Take over what a consumer left: of a dead process of this host at once, of any other after a while.

        To be called between batches only: what this consumer itself holds then was left as well, by a predecessor of
        the same name or by an acknowledgement that failed.
        """
        for name in self._orphans():
            taken = self._claim_from(name, count)
            if taken:
                return taken
        answer = cast(
            "Sequence[Any]",
            self.client.xautoclaim(self.key, GROUP, self._consumer, min_idle_time=idle_ms, start_id="0", count=count),
        )
        return _entries(answer[1])

    def _orphans(self) -> list[str]:
        consumers: Any = self.client.xinfo_consumers(self.key, GROUP)
        names = [consumer["name"].decode() for consumer in consumers if consumer["pending"]]
        return [name for name in names if name == self._consumer or _is_dead(name)]

    def _claim_from(self, name: str, count: int) -> list[Entry]:
        pending: Any = self.client.xpending_range(self.key, GROUP, min="-", max="+", count=count, consumername=name)
        ids = [item["message_id"].decode() for item in pending]
        if not ids:
            return []
        entries = _entries(self.client.xclaim(self.key, GROUP, self._consumer, min_idle_time=0, message_ids=ids))
        self._forget_deleted(set(ids) - {entry.entry_id for entry in entries})
        return entries

    def _forget_deleted(self, ids: Iterable[str]) -> None:
        """Acknowledge what somebody deleted before it was read: Redis 6 would keep it pending for ever."""
        gone = [entry_id for entry_id in sorted(ids) if not self.client.xrange(self.key, entry_id, entry_id)]
        if gone:
            self.client.xack(self.key, GROUP, *gone)

    def acknowledge(self, entries: Sequence[Entry]) -> None:
        """Tell the group that these entries are committed."""
        if entries:
            self.client.xack(self.key, GROUP, *[entry.entry_id for entry in entries])

    def trim(self) -> int:
        """Drop what is acknowledged by everybody; return how many entries went.

        The last delivered id is read first: what is delivered after that is pending or above it, and stays.
        """
        group = self._group()
        if group is None:
            return 0
        delivered = group["last-delivered-id"].decode()
        pending = self.client.xpending(self.key, GROUP)
        oldest = pending["min"].decode() if pending["pending"] else _after(delivered)
        below = min(oldest, _after(delivered), key=_order)
        return self.client.xtrim(self.key, minid=below, approximate=False)

    def lag(self) -> int:
        """Return how many entries are not acknowledged: those nobody has read and those that are pending.

        Zero is exact; a long backlog on Redis 6 may count entries that are acknowledged and not yet trimmed.
        """
        group = self._group()
        if group is None:
            return self.client.xlen(self.key) if self.client.exists(self.key) else 0
        pending = int(group["pending"])
        return self._unread(group, pending) + pending

    def _unread(self, group: Mapping[str, Any], pending: int) -> int:
        first = f"({group['last-delivered-id'].decode()}"
        unread = len(cast("list[Any]", self.client.xrange(self.key, min=first, count=_COUNTED)))
        if unread < _COUNTED:
            return unread
        counted = group.get("lag")
        return counted if isinstance(counted, int) else max(unread, self.client.xlen(self.key) - pending)

    def forget_dead_consumers(self) -> None:
        """Remove consumers of dead processes that own nothing any more."""
        for consumer in self.client.xinfo_consumers(self.key, GROUP):
            name = consumer["name"].decode()
            if not consumer["pending"] and name != self._consumer and _is_dead(name):
                self.client.xgroup_delconsumer(self.key, GROUP, name)

    def _group(self) -> dict[str, Any] | None:
        try:
            groups = self.client.xinfo_groups(self.key)
        except ResponseError:
            return None
        return next((group for group in groups if group["name"] == GROUP.encode()), None)


def _entries(raw: Sequence[Any]) -> list[Entry]:
    # An entry that was trimmed or deleted while it was pending comes back without fields.
    return [_entry(entry_id.decode(), fields) for entry_id, fields in raw if fields]


def _entry(entry_id: str, fields: dict[bytes, bytes]) -> Entry:
    body = fields.get(FIELD)
    if body is None:
        body = b"\n".join(name + b"=" + value for name, value in fields.items())
    return Entry(entry_id, body, fields.get(b"channel", b"stream").decode(errors="replace"))


def _after(entry_id: str) -> str:
    milliseconds, sequence = _order(entry_id)
    return f"{milliseconds}-{sequence + 1}"


def _is_dead(name: str) -> bool:
    host, _, pid = name.rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False

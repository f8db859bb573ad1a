"""The stream of events: read through a consumer group, acknowledged after the commit, trimmed only below what is done."""

import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from redis import Redis
from redis.exceptions import ResponseError

GROUP = "intake"
FIELD = b"event"
#: An entry's id is <milliseconds>-<sequence>; both fit into 63 bits as ms << 20 | sequence until the year 5138.
_SEQUENCE_BITS = 20
#: Longer than any batch may take (the statement timeout): what is still pending then belongs to a dead consumer.
RECLAIM_AFTER_MS = 45_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the stream: its id, its event as bytes, and the way it came in."""

    entry_id: str
    body: bytes
    channel: str = "stream"

    @property
    def number(self) -> int:
        """Return the id as one number that sorts as the ids do."""
        return entry_number(self.entry_id)


def entry_number(entry_id: str) -> int:
    """Return an entry id as one number; a sequence beyond 2^20 in one millisecond is beyond what Redis can do."""
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds) << _SEQUENCE_BITS | int(sequence or 0)


def connect(redis_url: str) -> Redis:
    """Open Redis with bounded waits: a dead link is an error within seconds and not a hang."""
    return Redis.from_url(
        redis_url, socket_timeout=10, socket_connect_timeout=5, socket_keepalive=True, health_check_interval=10
    )


def consumer_name() -> str:
    """Name this process: the host part lets a successor on the same host see at once that its owner is dead."""
    return f"{socket.gethostname()}:{os.getpid()}"


class EventStream:
    """The stream and its group, as intake and publishers use it."""

    def __init__(self, client: Redis, key: str, consumer: str | None = None) -> None:
        self._client = client
        self.key = key
        self._consumer = consumer or consumer_name()

    def publish(self, bodies: Iterable[bytes], *, channel: str = "stream") -> list[str]:
        """Append events in one round trip and return their entry ids."""
        pipeline = self._client.pipeline(transaction=False)
        for body in bodies:
            pipeline.xadd(self.key, {FIELD: body, b"channel": channel.encode()})
        return [entry_id.decode() for entry_id in cast("list[bytes]", pipeline.execute())]

    def ensure_group(self) -> bool:
        """Make the group from the beginning of the stream if it is lost; return whether it was made."""
        try:
            self._client.xgroup_create(self.key, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" in str(error):
                return False
            raise
        return True

    def read(self, count: int, block_ms: int) -> list[Entry]:
        """Read entries that nobody has read; wait for the first one at most `block_ms`."""
        answer: Any = self._client.xreadgroup(GROUP, self._consumer, {self.key: ">"}, count=count, block=block_ms)
        return _entries(answer[0][1]) if answer else []

    def reclaim(self, count: int, *, idle_ms: int = RECLAIM_AFTER_MS) -> list[Entry]:
        """Take over what a consumer left: of a dead process of this host at once, of any other after a while."""
        taken = [entry for name in self._orphans() for entry in self._claim_from(name, count)]
        if taken:
            return taken[:count]
        answer = cast(
            "Sequence[Any]",
            self._client.xautoclaim(self.key, GROUP, self._consumer, min_idle_time=idle_ms, start_id="0", count=count),
        )
        return _entries(answer[1])

    def _orphans(self) -> list[str]:
        consumers = self._client.xinfo_consumers(self.key, GROUP)
        names = [consumer["name"].decode() for consumer in consumers if consumer["pending"]]
        return [name for name in names if name != self._consumer and _is_dead(name)]

    def _claim_from(self, name: str, count: int) -> list[Entry]:
        pending = (self._client.xpending_range(self.key, GROUP, min="-", max="+", count=count, consumername=name),)

        ids = [item["message_id"] for item in pending]
        if not ids:
            return []
        return _entries(self._client.xclaim(self.key, GROUP, self._consumer, min_idle_time=0, message_ids=ids))

    def acknowledge(self, entries: Sequence[Entry]) -> None:
        """Tell the group that these entries are committed."""
        if entries:
            self._client.xack(self.key, GROUP, *[entry.entry_id for entry in entries])

    def trim(self) -> int:
        """Drop what is acknowledged by everybody; return how many entries went.

        The last delivered id is read first: what is delivered after that is pending or above it, and stays.
        """
        group = self._group()
        if group is None:
            return 0
        delivered = group["last-delivered-id"].decode()
        pending = self._client.xpending(self.key, GROUP)
        oldest = pending["min"].decode() if pending["pending"] else _after(delivered)
        below = min(oldest, _after(delivered), key=entry_number)
        return self._client.xtrim(self.key, minid=below, approximate=False)

    def lag(self) -> int:
        """Return how many entries are not acknowledged: those nobody has read and those that are pending."""
        group = self._group()
        if group is None:
            return self._client.xlen(self.key) if self._client.exists(self.key) else 0
        unread = len(
            cast("list[Any]", self._client.xrange(self.key, min=f"({group['last-delivered-id'].decode()}", count=1000))
        )
        if unread == 1000:  # noqa: PLR2004  more than one page: the length is a good upper bound
            unread = self._client.xlen(self.key)
        return unread + int(group["pending"])

    def forget_dead_consumers(self) -> None:
        """Remove consumers of dead processes that own nothing any more."""
        for consumer in self._client.xinfo_consumers(self.key, GROUP):
            name = consumer["name"].decode()
            if not consumer["pending"] and name != self._consumer and _is_dead(name):
                self._client.xgroup_delconsumer(self.key, GROUP, name)

    def _group(self) -> dict[str, Any] | None:
        try:
            groups = self._client.xinfo_groups(self.key)
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
    milliseconds, _, sequence = entry_id.partition("-")
    return f"{milliseconds}-{int(sequence) + 1}"


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

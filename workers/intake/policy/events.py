"""What an entry of the stream is: an event that can be captured, or something for quarantine with its reason."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import orjson

from shared.normal.contact import valid_contact
from shared.normal.email import normal_email
from workers.intake.policy.records import KINDS, RecordError, read_instant, read_record

#: CONTRACTS 3: what is larger is no lead event but a mistake or an attack.
MAX_BYTES = 64 * 1024
#: Bytes of an id or a source. Longer ones are refused, not cut: both together must fit into one entry of the index
#: that finds every event for ever (2,704 bytes).
MAX_KEY = 1024
#: No form nests deeper. Far below what the encoder (254) and the database's stack can take.
MAX_DEPTH = 64
#: A reason that quotes what it was given stays a sentence.
MAX_REASON = 300

ANSWERS = frozenset(
    {
        "lead.accepted",
        "lead.recycled",
        "lead.touched",
        "lead.claimed",
        "lead.seen",
        "lead.meeting_booked",
        "lead.converted",
    }
)
REFERENCES = MappingProxyType(
    {
        "account.upserted": "accounts",
        "opportunity.upserted": "opportunities",
        "rep.upserted": "reps",
    }
)


@dataclass(frozen=True, slots=True)
class Event:
    """A readable event: `kind` says what capture does with it."""

    source: str
    id: str
    type: str
    #: lead | answer | engagement | reference | feature
    kind: str
    time: datetime | None
    data: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        """Return the idempotency key."""
        return (self.source, self.id)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that goes to quarantine whole; it is keyed by the digest of its bytes."""

    body: bytes
    reason: str
    source: str | None = None
    id: str | None = None

    @property
    def digest(self) -> bytes:
        """Return the SHA-256 of the bytes as they came."""
        return sha256(self.body).digest()


@dataclass(frozen=True, slots=True)
class Sorted:
    """A batch of entries, sorted: what is first of its key, what repeats, what cannot be read."""

    events: tuple[Event, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    #: Repeats of a key or of unreadable bytes within this batch.
    repeats: int = 0


@dataclass(slots=True)
class _Sorting:
    events: dict[tuple[str, str], Event] = field(default_factory=dict)
    unreadable: dict[bytes, Unreadable] = field(default_factory=dict)
    repeats: int = 0

    def add(self, item: Event | Unreadable) -> None:
        if isinstance(item, Event):
            known = item.key in self.events
            self.events.setdefault(item.key, item)
        else:
            known = item.digest in self.unreadable
            self.unreadable.setdefault(item.digest, item)
        self.repeats += known


def sort_bodies(bodies: Sequence[bytes]) -> Sorted:
    """Read every body once; the first of a key stands, the others are counted as repeats."""
    sorting = _Sorting()
    for body in bodies:
        sorting.add(read_event(body))
    return Sorted(tuple(sorting.events.values()), tuple(sorting.unreadable.values()), sorting.repeats)


def read_event(body: bytes) -> Event | Unreadable:
    """Read one event in CloudEvents structured form; what is wrong with it is said in words a publisher can act on."""
    if len(body) > MAX_BYTES:
        return Unreadable(body, f"larger than 64 KiB ({len(body)} bytes)")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return Unreadable(body, f"not JSON: {error.msg} at character {error.pos}")
    if not isinstance(document, dict):
        return Unreadable(body, "not a JSON object")
    source, event_id = document.get("source"), document.get("id")
    problem = _envelope_problem(document) or _depth_problem(body, document)
    if problem:
        return Unreadable(body, problem[:MAX_REASON], _word(source), _word(event_id))
    data = _without_nul(document["data"]) if b"\\u0000" in body else document["data"]
    reader = _READERS[document["type"]]
    problem = reader.problem(data)
    if problem:
        return Unreadable(body, problem[:MAX_REASON], source, event_id)
    return Event(str(source), str(event_id), document["type"], reader.kind, _instant(document.get("time")), data)


def _envelope_problem(document: dict[str, Any]) -> str | None:
    for name in ("id", "source", "type"):
        problem = _key_problem(name, document.get(name))
        if problem:
            return problem
    if document["type"] not in _READERS:
        return f"unknown event type {document['type']!r}"
    if not isinstance(document.get("data"), dict):
        return "data is not an object"
    version = document.get("specversion", "1.0")
    return None if isinstance(version, str) and version.startswith("1.") else f"specversion {version!r} is not 1.0"


def _key_problem(name: str, value: object) -> str | None:
    if value is None or value == "":
        return f"no {name}"
    if not isinstance(value, str):
        return f"{name} is not a text"
    if "\x00" in value:
        return f"{name} contains a NUL character"
    return f"{name} is longer than {MAX_KEY} bytes" if len(value.encode()) > MAX_KEY else None


def _depth_problem(body: bytes, document: dict[str, Any]) -> str | None:
    """Say whether the event nests too deep; nearly all have too few brackets for that and cost two counts."""
    if body.count(b"{") + body.count(b"[") <= MAX_DEPTH:
        return None
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        level = [child for item in level for child in _children(item) if isinstance(child, (dict, list))]
    return f"nested deeper than {MAX_DEPTH} levels" if level else None


def _children(item: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return item.values() if isinstance(item, dict) else item


def _word(value: object) -> str | None:
    return value.replace("\x00", "�")[:MAX_KEY] if isinstance(value, str) else None


def _without_nul(value: Any) -> Any:
    """PostgreSQL stores no NUL: the visible replacement character takes its place."""
    if isinstance(value, str):
        return value.replace("\x00", "�")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(item) for key, item in value.items()}
    return [_without_nul(item) for item in value] if isinstance(value, list) else value


def _instant(value: object) -> datetime | None:
    """Read an RFC 3339 instant; one that cannot be read is unknown, for the event itself is still good."""
    try:
        return read_instant(value) if isinstance(value, str) else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Reader:
    """What capture does with a type of event, and what makes the event's data unreadable."""

    kind: str
    problem: Callable[[dict[str, Any]], str | None]


def _lead_problem(data: dict[str, Any]) -> str | None:
    return None if valid_contact(data) else "neither a valid email nor a valid phone"


def _answer_problem(data: dict[str, Any]) -> str | None:
    if lead_id_of(data) is None:
        return "lead_id is not a number"
    rep_id = data.get("rep_id")
    return None if isinstance(rep_id, str) and rep_id else "no rep_id"


def _engagement_problem(data: dict[str, Any]) -> str | None:
    signal = data.get("signal")
    if not (isinstance(signal, str) and signal):
        return "no signal"
    email = data.get("email")
    if lead_id_of(data) is None and not (isinstance(email, str) and normal_email(email)):
        return "neither a valid email nor a lead_id"
    return None


def _feature_problem(data: dict[str, Any]) -> str | None:
    feature = data.get("feature")
    return None if isinstance(feature, str) and feature else "no feature"


def _reference_reader(kind: str) -> _Reader:
    def problem(data: dict[str, Any]) -> str | None:
        try:
            read_record(KINDS[kind], data)
        except RecordError as error:
            return str(error)
        return None

    return _Reader("reference", problem)


def lead_id_of(data: Mapping[str, Any]) -> int | None:
    """Return the lead id of an answer, given as a number or as its digits."""
    value = data.get("lead_id")
    if isinstance(value, bool):
        return None
    # Longer digits are no bigint, and converting a million of them would cost quadratic time.
    if isinstance(value, str) and len(value) < 20 and value.isascii() and value.isdigit():
        value = int(value)
    # A PostgreSQL bigint, and no lead has a number below one.
    return value if isinstance(value, int) and 0 < value < 2**63 else None


_READERS: Mapping[str, _Reader] = MappingProxyType(
    {
        "lead.submitted": _Reader("lead", _lead_problem),
        "lead.engaged": _Reader("engagement", _engagement_problem),
        "feature.shipped": _Reader("feature", _feature_problem),
        **{name: _Reader("answer", _answer_problem) for name in ANSWERS},
        **{name: _reference_reader(kind) for name, kind in REFERENCES.items()},
    }
)

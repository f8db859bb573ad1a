"""The notation of open hours: `mon-fri`, `09:00-12:00`, `22:00-06:00` over midnight, `00:00-24:00` for whole days."""

import re
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Final

from shared.domain.calendar import DAY_SECONDS, Span
from shared.errors import UsageError
from shared.policy.scalars import DATE, Parsed
from shared.policy.shape import JsonSchema, ListOf, MapOf, Notes, Shape, described
from shared.policy.source import Mapping as MappingNode
from shared.policy.source import Node, Scalar

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([0-9]{1,2}):([0-9]{2}) ?- ?([0-9]{1,2}):([0-9]{2})")
_CLOSED: Final = "closed"
_DAY_PATTERN: Final = "^(mon|tue|wed|thu|fri|sat|sun)([-,](mon|tue|wed|thu|fri|sat|sun))*$"

Spans = tuple[Span, ...]


def parse_days(text: str) -> tuple[int, ...]:
    """Read `mon`, `mon-fri`, `sun-thu` or `mon,wed`; Monday is 0."""
    days: list[int] = []
    for part in text.casefold().replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        if first not in _DAYS or (dash and last not in _DAYS):
            raise UsageError(f"{text!r} are no weekdays; write them like mon-fri, sat or mon,wed")
        start, end = _DAYS.index(first), _DAYS.index(last or first)
        days += [day % 7 for day in range(start, end + 1 if end >= start else end + 8)]
    return tuple(days)


def parse_span(text: str) -> Span:
    """Read `09:00-12:00`; the end may be 24:00, and an end before the start lies on the next day."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} are no open hours; write them like 09:00-17:30")
    start_hour, start_minute, end_hour, end_minute = (int(part) for part in found.groups())
    start, end = start_hour * 3600 + start_minute * 60, end_hour * 3600 + end_minute * 60
    if max(start_minute, end_minute) > 59 or start >= DAY_SECONDS or end > DAY_SECONDS:
        raise UsageError(f"{text!r} is no time of day; hours go from 00:00 to 24:00")
    if start == end:
        raise UsageError(f"{text!r} is empty; a whole day is 00:00-24:00")
    return Span(start, end)


_SPANS: Final = ListOf(
    Parsed(parse_span, "open hours", {"type": "string", "pattern": r"^\d{1,2}:\d{2} ?- ?\d{1,2}:\d{2}$"}),
    "open hours",
    lenient=True,
)


class DayHours(Shape[Spans]):
    """`closed`, one stretch of hours, or a list of them."""

    def read(self, node: Node, notes: Notes) -> Spans:
        """Read the hours of one day; stretches must not overlap."""
        if isinstance(node, Scalar) and node.text.casefold() == _CLOSED:
            return ()
        spans = tuple(sorted(_SPANS.read(node, notes)))
        for before, after in pairwise(spans):
            if after.start < before.last:
                raise notes.broken(node, "hours.overlap", "two stretches of open hours overlap", "join or part them")
        return spans

    def schema(self) -> JsonSchema:
        """The word closed, or hours."""
        return {"anyOf": [{"const": _CLOSED}, _SPANS.schema()]}


class WeekHours(Shape[Mapping[int, Spans]]):
    """Hours by weekday; a day that is not named is closed."""

    def read(self, node: Node, notes: Notes) -> Mapping[int, Spans]:
        """Read `{mon-fri: [...], sat: [...]}`, each day at most once."""
        if not isinstance(node, MappingNode):
            message = f"hours must be a mapping, not {described(node)}"
            raise notes.broken(node, "hours.mapping", message, 'write {mon-fri: ["09:00-17:00"]}')
        week: dict[int, Spans] = {}
        for days, spans in _BY_DAYS.read(node, notes).items():
            for day in days:
                if day in week:
                    raise notes.broken(node, "hours.twice", f"`{_DAYS[day]}` stands twice in these hours")
                week[day] = spans
        return week

    def schema(self) -> JsonSchema:
        """Keys are weekdays."""
        return {
            "type": "object",
            "patternProperties": {_DAY_PATTERN: _DAY_HOURS.schema()},
            "additionalProperties": False,
        }


_DAY_HOURS: Final = DayHours()
_BY_DAYS: Final[MapOf[tuple[int, ...], Spans]] = MapOf(
    Parsed(parse_days, "weekdays", {"type": "string"}), _DAY_HOURS, "hours"
)
WEEK_HOURS: Final = WeekHours()
DATE_HOURS: Final[MapOf[date, Spans]] = MapOf(DATE, _DAY_HOURS, "added days")

"""Open hours: which instants are worked, and how much worked time lies between two of them.

Open time is the set of real instants whose local wall time lies in a span. Everything about daylight saving follows
from that sentence: wall times that a gap skips are never open, wall times that an overlap repeats are open both times,
and a shift over either change is as long as the clock on the wall makes it.

A span belongs to the date on which it starts, so a night shift that starts before a holiday runs into the holiday.
Instants are aware datetimes, results are in UTC; arithmetic is in whole microseconds, so nothing is rounded.
"""

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.errors import RefusedError, UsageError

DAY_SECONDS: Final = 86_400
#: Days without any open time after which a calendar counts as closed for good: a year and a month, so that a calendar
#: which opens once a year is still found.
HORIZON_DAYS: Final = 400
_SECOND: Final = 1_000_000
_DAY: Final = DAY_SECONDS * _SECOND
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL: Final = _EPOCH.toordinal()
#: Days since 1970 for which every time zone still has a date on both sides.
_FIRST_DAY: Final = date.min.toordinal() - _EPOCH_ORDINAL + 2
_LAST_DAY: Final = date.max.toordinal() - _EPOCH_ORDINAL - 2

#: Half-open stretches of time, ordered, never touching each other; the unit is the holder's (seconds or microseconds).
Stretches = tuple[tuple[int, int], ...]


class CalendarError(UsageError):
    """A calendar is described in a way that cannot be understood."""


class NeverOpenError(RefusedError):
    """A calendar has no open time within the horizon, so the time asked for does not exist."""


class Span(NamedTuple):
    """Open hours of one date, in seconds since local midnight; `end <= start` or `end > 86400` crosses midnight."""

    start: int
    end: int

    @property
    def last(self) -> int:
        """The end in seconds after the midnight on which the span's date began, up to 48 hours."""
        return self.end if self.end > self.start else self.end + DAY_SECONDS


WHOLE_DAY: Final = Span(0, DAY_SECONDS)


class OpenHours(ABC):
    """Anything that is open at some instants and closed at others."""

    __slots__ = ()

    @property
    @abstractmethod
    def label(self) -> str:
        """What people call these hours, for messages."""

    @abstractmethod
    def stretches(self, day: int) -> Stretches:
        """Open stretches of one UTC day (counted from 1970-01-01), in microseconds since 1970."""

    def is_open(self, at: datetime) -> bool:
        """True when the instant lies in open time."""
        instant = _to_microseconds(at)
        return any(start <= instant < end for start, end in self.stretches(instant // _DAY))

    def next_open(self, at: datetime) -> datetime | None:
        """The first open instant at or after `at`, or None when there is none within the horizon."""
        instant = _to_microseconds(at)
        first = next(_stretches_from(self, instant), None)
        return None if first is None else _to_datetime(first[0])

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """The earliest instant at which `duration` of open time has passed since `start`.

        Raises NeverOpenError when these hours are closed for longer than the horizon.
        """
        left = duration // _MICROSECOND
        if left < 0:
            raise CalendarError(f"A duration of open time cannot be negative, but {duration} was asked for.")
        if left == 0:
            return _to_datetime(_to_microseconds(start))
        for begin, end in _stretches_from(self, _to_microseconds(start)):
            if left <= end - begin:
                return _to_datetime(begin + left)
            left -= end - begin
        raise NeverOpenError(
            f"Calendar {self.label} has no open time for {HORIZON_DAYS} days, so {duration} after "
            f"{start.isoformat()} never comes; give it hours, or choose another clock."
        )

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The open time in [start, end); zero when `end` is not after `start`."""
        first, last = _to_microseconds(start), _to_microseconds(end)
        total = 0
        for day in range(first // _DAY, last // _DAY + 1):
            for begin, close in self.stretches(day):
                total += max(0, min(close, last) - max(begin, first))
        return timedelta(microseconds=total)


@dataclass(frozen=True, slots=True)
class Calendar(OpenHours):
    """Weekly hours in a time zone (0 is Monday), with closed dates and dates with hours of their own.

    A date's own hours win over `closed`, which wins over the week.
    """

    name: str
    timezone: str
    hours: Mapping[int, tuple[Span, ...]]
    closed: frozenset[date] = frozenset()
    special: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)
    #: Stretches by day, filled as days are asked for: a day costs some 20 microseconds to work out, a look-up none.
    _days: dict[int, Stretches] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        try:
            zone = ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise CalendarError(
                f"Calendar {self.name}: {self.timezone!r} is no IANA time zone; write one such as America/New_York."
            ) from error
        object.__setattr__(self, "_zone", zone)
        for weekday in self.hours:
            if not 0 <= weekday <= 6:
                raise CalendarError(f"Calendar {self.name}: weekday {weekday} does not exist; 0 is Monday, 6 Sunday.")
        for span in (*_all_spans(self.hours.values()), *_all_spans(self.special.values())):
            if not (0 <= span.start < DAY_SECONDS and span.end >= 0 and span.last <= span.start + DAY_SECONDS):
                raise CalendarError(
                    f"Calendar {self.name}: a span from {span.start} s to {span.end} s is impossible; "
                    "it starts within its day and lasts at most 24 hours."
                )

    @property
    def label(self) -> str:
        """The calendar's name in the policy."""
        return self.name

    def spans_of(self, day: date) -> tuple[Span, ...]:
        """The spans that start on this local date."""
        own = self.special.get(day)
        if own is not None:
            return own
        return () if day in self.closed else self.hours.get(day.weekday(), ())

    def stretches(self, day: int) -> Stretches:
        """Open stretches of one UTC day (counted from 1970-01-01), in microseconds since 1970."""
        known = self._days.get(day)
        if known is None:
            known = self._days[day] = tuple(
                (start * _SECOND, end * _SECOND) for start, end in self._work_out(day * DAY_SECONDS)
            )
        return known

    def _work_out(self, midnight: int) -> Stretches:
        """Open stretches of the UTC day that begins at `midnight`, in seconds since 1970."""
        found: list[tuple[int, int]] = []
        for begin, end, offset in _offsets(self._zone, midnight, midnight + DAY_SECONDS):
            wall = self._wall_stretches(begin + offset, end + offset)
            found += [(start - offset, stop - offset) for start, stop in wall]
        return _joined(found)

    def _wall_stretches(self, begin: int, end: int) -> Stretches:
        """Open wall time in [begin, end), as seconds between 1970-01-01T00:00 and the local reading of the clock."""
        found: list[tuple[int, int]] = []
        # A span lasts at most 24 hours, so only the day before can reach into the first day.
        for day in range(begin // DAY_SECONDS - 1, (end - 1) // DAY_SECONDS + 1):
            for span in self.spans_of(date.fromordinal(day + _EPOCH_ORDINAL)):
                start, stop = max(begin, day * DAY_SECONDS + span.start), min(end, day * DAY_SECONDS + span.last)
                if start < stop:
                    found.append((start, stop))
        return _joined(found)


@dataclass(frozen=True, slots=True)
class Both(OpenHours):
    """Open when two calendars are both open."""

    first: OpenHours
    second: OpenHours
    _days: dict[int, Stretches] = field(init=False, repr=False, compare=False, default_factory=dict)

    @property
    def label(self) -> str:
        """Both names."""
        return f"{self.first.label} and {self.second.label}"

    def stretches(self, day: int) -> Stretches:
        """Open stretches of one UTC day (counted from 1970-01-01), in microseconds since 1970."""
        known = self._days.get(day)
        if known is None:
            overlaps = (
                (max(a, c), min(b, d)) for a, b in self.first.stretches(day) for c, d in self.second.stretches(day)
            )
            known = self._days[day] = tuple((start, end) for start, end in overlaps if start < end)
        return known


@dataclass(frozen=True, slots=True)
class Always(OpenHours):
    """Open at every instant."""

    @property
    def label(self) -> str:
        """The word that policies use."""
        return "always"

    def stretches(self, day: int) -> Stretches:
        """The whole UTC day."""
        return ((day * _DAY, (day + 1) * _DAY),)

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """The instant `duration` after `start`, without walking over days."""
        if duration < timedelta(0):
            raise CalendarError(f"A duration of open time cannot be negative, but {duration} was asked for.")
        return _to_datetime(_to_microseconds(start) + duration // _MICROSECOND)

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The time between two instants; zero when `end` is not after `start`."""
        return max(timedelta(0), end - start)


ALWAYS: Final = Always()


def both(first: OpenHours, second: OpenHours) -> OpenHours:
    """The hours in which both are open; without a wrapper where one of them adds nothing."""
    if first is ALWAYS or first == second:
        return second
    return first if second is ALWAYS else Both(first, second)


def _stretches_from(hours: OpenHours, instant: int) -> Iterator[tuple[int, int]]:
    """Yield the open stretches from `instant` on, until none has come for the horizon or the dates run out."""
    day = instant // _DAY
    last_open = day
    while day <= last_open + HORIZON_DAYS and day <= _LAST_DAY:
        for begin, end in hours.stretches(day):
            if end > instant:
                yield max(begin, instant), end
                last_open = day
        day += 1


def _offsets(zone: ZoneInfo, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield (begin, end, UTC offset) pieces of [begin, end), in seconds, such that the offset is constant in each.

    The offset is read once an hour and a change is found by bisection: no zone changes twice within an hour.
    """
    piece, offset = begin, _offset(zone, begin)
    for low, high in pairwise(range(begin, end + 1, 3600)):
        after = _offset(zone, high)
        if after != offset:
            change = _change(zone, low, high, offset)
            yield piece, change, offset
            piece, offset = change, after
    if piece < end:
        yield piece, end, offset


def _change(zone: ZoneInfo, low: int, high: int, before: int) -> int:
    """The first second after `low`, up to `high`, at which the offset is no longer `before`."""
    return low + bisect_right(range(low, high), 0, key=lambda at: int(_offset(zone, at) != before))


def _offset(zone: ZoneInfo, instant: int) -> int:
    """Seconds that the zone's clock is ahead of UTC at an instant."""
    offset = (_EPOCH + timedelta(seconds=instant)).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // timedelta(seconds=1)


def _joined(stretches: Iterable[tuple[int, int]]) -> Stretches:
    """The same time in order, with stretches that overlap or touch made into one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _all_spans(groups: Iterable[tuple[Span, ...]]) -> Iterator[Span]:
    """Every span of every group."""
    return (span for group in groups for span in group)


def _to_microseconds(at: datetime) -> int:
    """Microseconds since 1970; refuses an instant without a zone, and dates on which zones have no neighbours."""
    if at.tzinfo is None:
        raise CalendarError(f"{at.isoformat()} has no time zone; an instant needs one, such as 2026-11-21T09:00:00Z.")
    instant = (at - _EPOCH) // _MICROSECOND
    if not _FIRST_DAY <= instant // _DAY <= _LAST_DAY:
        raise CalendarError(f"{at.isoformat()} lies too close to the edge of the calendar to be reckoned with.")
    return instant


def _to_datetime(instant: int) -> datetime:
    """The UTC instant that lies so many microseconds after 1970."""
    if instant // _DAY > _LAST_DAY:
        raise CalendarError("The result lies beyond the year 9999; use a shorter duration.")
    return _EPOCH + timedelta(microseconds=instant)

"""Open hours against an oracle that reads the clock on the wall again and again: ten thousand random cases."""

import random
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import holidays
import pytest

from shared.domain.calendar import Calendar, Span

_CASES = 10_000
#: Parts of the cases, so that two processes share them and a failure names a part.
_PARTS = 4
_DAY = 86_400
#: Changes by an hour, by half an hour, at midnight, by decree, over a date, and none; with the holidays of a country.
_ZONES = {
    "America/New_York": "US",
    "Europe/Berlin": "DE",
    "Europe/Dublin": "IE",
    "Australia/Lord_Howe": "AU",
    "Asia/Beirut": None,
    "Africa/Casablanca": "MA",
    "America/Santiago": "CL",
    "Pacific/Apia": None,
    "Asia/Kathmandu": None,
    "UTC": "GB",
}


@cache
def _changes(zone: str) -> tuple[datetime, ...]:
    """The instants of 2011 and of 2024 to 2027 at which a zone's clock changes."""
    hours = [
        datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=n)
        for year in (2011, *range(2024, 2028))
        for n in range(8784)
    ]
    offsets = [(at, at.astimezone(ZoneInfo(zone)).utcoffset()) for at in hours]
    return tuple(after for (_, one), (after, other) in pairwise(offsets) if one != other)


@cache
def _holidays(zone: str) -> tuple[date, ...]:
    country = _ZONES[zone]
    return tuple(sorted(holidays.country_holidays(country, years=range(2024, 2028)))) if country else ()


class _Wall:
    """The oracle: it knows what the clock on the wall shows at an instant, and the spans; it does no arithmetic."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._zone = ZoneInfo(calendar.timezone)
        self._edges: dict[date, list[int]] = {}

    def is_open(self, at: datetime) -> bool:
        """Say whether the wall's clock lies in a span of its date, or in one that began the day before."""
        wall = at.astimezone(self._zone)
        edges = self._edges.get(wall.date())
        if edges is None:
            edges = self._edges[wall.date()] = self._edges_of(wall.date())
        # An odd number of edges has been passed when a span has begun and not ended.
        return bisect_right(edges, wall.hour * 3600 + wall.minute * 60 + wall.second) % 2 == 1

    def _edges_of(self, day: date) -> list[int]:
        """Return the seconds of a date at which it opens and closes, by looking at every second that a span names."""
        spans = self._spans_on(day)
        spans += [(start - _DAY, last - _DAY) for start, last in self._spans_on(day - timedelta(days=1))]
        marks = sorted({0, _DAY, *(mark for span in spans for mark in span if 0 <= mark <= _DAY)})
        open_at = [any(start <= mark < last for start, last in spans) for mark in marks]
        return [mark for mark, now, before in zip(marks, open_at, [False, *open_at], strict=False) if now != before]

    def _spans_on(self, day: date) -> list[tuple[int, int]]:
        """Return the spans that start on a date: its own, none on a closed one, else those of its weekday."""
        calendar = self._calendar
        usual = () if day in calendar.closed else calendar.hours.get(day.weekday(), ())
        return [(start, end if end > start else end + _DAY) for start, end in calendar.special.get(day, usual)]


def _spans(dice: random.Random, unit: int) -> tuple[Span, ...]:
    """Draw up to three spans, which may overlap, cross midnight, and last a whole day."""
    ends = _DAY // unit
    return tuple(
        Span(dice.randrange(ends) * unit, dice.randint(0, ends) * unit) for _ in range(dice.choice((0, 1, 1, 2, 3)))
    )


def _case(number: int) -> tuple[Calendar, datetime, int, int]:
    """Draw a calendar, an instant, and how many steps of how many seconds the oracle is to take from there."""
    dice = random.Random(number)
    zone = dice.choice(tuple(_ZONES))
    near = [*_changes(zone), *(datetime(day.year, day.month, day.day, tzinfo=UTC) for day in _holidays(zone))]
    about = dice.choice(near or [datetime(2026, 12, 24, 12, tzinfo=UTC)])
    # Whole minutes over days, or every second about the change itself.
    step, reach = dice.choice(((60, 36 * 3600), (1, 1800)))
    start = about + timedelta(seconds=dice.randint(-reach // step, reach // step) * step)
    dates = [about.date() + timedelta(days=dice.randint(-3, 4)) for _ in range(dice.randint(0, 3))]
    unit = dice.choice((900, 60)) if step == 60 else dice.choice((900, 60, 1))
    calendar = Calendar(
        name=f"case {number}",
        timezone=zone,
        hours={day: _spans(dice, unit) for day in dice.sample(range(7), dice.randint(1, 7))},
        closed=frozenset({*dates[:2], *_holidays(zone)}),
        special={day: _spans(dice, unit) for day in dates[2:]},
    )
    return calendar, start, dice.randint(1, 1440), step


def _disagreement(number: int) -> str | None:
    """Say where a calendar and the oracle differ in a case; None when they agree."""
    calendar, start, steps, step = _case(number)
    wall = _Wall(calendar)
    reads = [wall.is_open(start + timedelta(seconds=n * step)) for n in range(steps)]
    end, worked = start + timedelta(seconds=steps * step), timedelta(seconds=sum(reads) * step)
    found = {
        "is_open": (calendar.is_open(start), reads[0]),
        "elapsed": (calendar.elapsed(start, end), worked),
    }
    if any(reads):
        first, last = reads.index(True), steps - reads[::-1].index(True)
        found["next_open"] = (calendar.next_open(start), start + timedelta(seconds=first * step))
        found["add"] = (calendar.add(start, worked), start + timedelta(seconds=last * step))
    wrong = {name: pair for name, pair in found.items() if pair[0] != pair[1]}
    return f"case {number}: {wrong}" if wrong else None


# Some 15 s for all parts together.
@pytest.mark.parametrize("part", range(_PARTS))
def test_ten_thousand_calendars_agree_with_the_clock_on_the_wall(part: int) -> None:
    """Whether it is open, how long, when next, and when a duration is over: as the wall's clock shows it."""
    disagreements = [found for number in range(part, _CASES, _PARTS) if (found := _disagreement(number))]

    assert disagreements == []

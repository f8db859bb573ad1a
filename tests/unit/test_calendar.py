"""Open hours agree with a minute-by-minute reading of the clock on the wall, over every kind of change of the clock."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.domain.calendar import (
    ALWAYS,
    WHOLE_DAY,
    Calendar,
    CalendarError,
    NeverOpenError,
    OpenHours,
    Span,
    both,
)

HOUR = 3600
NINE_TO_SIX = {weekday: (Span(9 * HOUR, 18 * HOUR),) for weekday in range(5)}
NIGHTS = dict.fromkeys(range(7), (Span(22 * HOUR, 6 * HOUR),))

# Ordinary changes by an hour, by half an hour, at midnight, on Ramadan's dates, a skipped day, and none at all.
ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "UTC",
)


@cache
def changes(zone: str) -> tuple[datetime, ...]:
    """The hours of 2011, 2012 and 2026 in which the zone's clock changes, and one in which nothing happens."""
    hours = (datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=n) for year in (2011, 2012, 2026) for n in range(8784))
    ticks = [(at, at.astimezone(ZoneInfo(zone)).utcoffset()) for at in hours]
    found = [at for (at, before), (_, after) in pairwise(ticks) if before != after]
    return (datetime(2026, 12, 24, 12, tzinfo=UTC), *found)


def reads_open(calendar: Calendar, at: datetime) -> bool:
    """The definition itself: the local reading of the clock lies in a span of its date, or of the date before."""
    wall = at.astimezone(ZoneInfo(calendar.timezone))
    seconds = wall.hour * HOUR + wall.minute * 60 + wall.second
    return any(
        span.start <= seconds + days * 86_400 < (span.end if span.end > span.start else span.end + 86_400)
        for days in (0, 1)
        for span in calendar.spans_of(wall.date() - timedelta(days=days))
    )


def open_minutes(reads: Callable[[datetime], bool], start: datetime, minutes: int) -> list[bool]:
    """Whether each of the minutes after `start` is open."""
    return [reads(start + timedelta(minutes=n)) for n in range(minutes)]


@st.composite
def span_lists(draw: st.DrawFn) -> tuple[Span, ...]:
    """Up to three spans of a day on quarters of an hour; they may overlap and cross midnight."""
    quarters = st.integers(0, 95)
    return tuple(Span(draw(quarters) * 900, draw(st.integers(0, 96)) * 900) for _ in range(draw(st.integers(0, 3))))


@st.composite
def calendars(draw: st.DrawFn, zone: str, near: date) -> Calendar:
    """A calendar whose holidays and special dates lie about `near`."""
    dates = st.integers(-3, 4).map(lambda days: near + timedelta(days=days))
    return Calendar(
        name="drawn",
        timezone=zone,
        hours=draw(st.dictionaries(st.integers(0, 6), span_lists(), max_size=7)),
        closed=draw(st.frozensets(dates, max_size=2)),
        special=draw(st.dictionaries(dates, span_lists(), max_size=2)),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A calendar, and a whole minute within a day and a half of a change of its clock."""
    zone = draw(st.sampled_from(ZONES))
    change = draw(st.sampled_from(changes(zone)))
    start = change + timedelta(minutes=draw(st.integers(-36 * 60, 36 * 60)))
    return draw(calendars(zone, change.date())), start


@given(case=cases(), minutes=st.integers(1, 2 * 1440))
@settings(max_examples=150, deadline=None)
def test_elapsed_counts_the_open_minutes_on_the_wall(case: tuple[Calendar, datetime], minutes: int) -> None:
    """Elapsed time is the number of minutes whose wall time lies in a span, through gaps, overlaps and skipped days."""
    calendar, start = case

    expected = sum(open_minutes(lambda at: reads_open(calendar, at), start, minutes))

    assert timedelta(minutes=expected) == calendar.elapsed(start, start + timedelta(minutes=minutes))


@given(case=cases(), seconds=st.integers(0, 3 * 86_400))
@settings(max_examples=300, deadline=None)
def test_is_open_reads_the_clock_on_the_wall(case: tuple[Calendar, datetime], seconds: int) -> None:
    """An instant is open exactly when its wall time lies in a span, to the second."""
    calendar, start = case
    at = start + timedelta(seconds=seconds)

    assert reads_open(calendar, at) == calendar.is_open(at)


@given(case=cases())
@settings(max_examples=100, deadline=None)
def test_next_open_is_the_first_open_minute(case: tuple[Calendar, datetime]) -> None:
    """Nothing between an instant and the next opening is open, and the opening itself is."""
    calendar, start = case
    minutes = open_minutes(lambda at: reads_open(calendar, at), start, 2 * 1440)

    found = calendar.next_open(start)

    if True in minutes:
        assert start + timedelta(minutes=minutes.index(True)) == found
    else:
        assert found is None or (found >= start + timedelta(days=2) and calendar.is_open(found))


@given(case=cases(), microseconds=st.integers(0, 86_400 * 1_000_000))
@settings(max_examples=300, deadline=None)
def test_adding_open_time_and_measuring_it_agree(case: tuple[Calendar, datetime], microseconds: int) -> None:
    """The open time between a start and start plus d is d, and the instant found is the earliest such."""
    calendar, start = case
    duration = timedelta(microseconds=microseconds)
    assume(any(calendar.hours.values()))

    end = calendar.add(start, duration)

    assert duration == calendar.elapsed(start, end)
    assert end == start or calendar.elapsed(start, end - timedelta(microseconds=1)) < duration


@given(
    case=cases(),
    first=st.integers(0, 24 * HOUR),
    more=st.integers(0, 24 * HOUR),
    later=st.integers(0, 24 * HOUR),
)
@settings(max_examples=200, deadline=None)
def test_open_time_is_monotone(case: tuple[Calendar, datetime], first: int, more: int, later: int) -> None:
    """A longer duration, or a later start, never ends earlier."""
    calendar, start = case
    assume(any(calendar.hours.values()))

    end = calendar.add(start, timedelta(seconds=first))

    assert end <= calendar.add(start, timedelta(seconds=first + more))
    assert end <= calendar.add(start + timedelta(seconds=later), timedelta(seconds=first))


@given(data=st.data(), case=cases(), minutes=st.integers(1, 2 * 1440))
@settings(max_examples=75, deadline=None)
def test_both_is_open_when_each_is(data: st.DataObject, case: tuple[Calendar, datetime], minutes: int) -> None:
    """The open time of two calendars together is the minutes that lie in a span of each, also across zones."""
    first, start = case
    second = data.draw(calendars(data.draw(st.sampled_from(ZONES)), start.date()))
    together = both(first, second)

    expected = sum(open_minutes(lambda at: reads_open(first, at) and reads_open(second, at), start, minutes))

    assert timedelta(minutes=expected) == together.elapsed(start, start + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("start", "shift"),
    [
        pytest.param("2026-03-07T22:00:00-05:00", 7, id="the hour that the gap skips is not worked"),
        pytest.param("2026-10-31T22:00:00-04:00", 9, id="the hour that the overlap repeats is worked twice"),
        pytest.param("2026-07-01T22:00:00-04:00", 8, id="an ordinary night"),
    ],
)
def test_a_night_shift_is_as_long_as_the_wall_clock_makes_it(start: str, shift: int) -> None:
    """A shift from 22:00 to 06:00 lasts 7, 8 or 9 hours, depending on the night."""
    calendar = Calendar("nights", "America/New_York", NIGHTS)
    begins = datetime.fromisoformat(start)

    assert timedelta(hours=shift) == calendar.elapsed(begins, begins + timedelta(hours=12))


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)],
)
def test_a_whole_day_lasts_23_24_or_25_hours(day: date, hours: int) -> None:
    """A day that is open from 00:00 to 24:00 is as long as the day is."""
    calendar = Calendar("special", "Europe/Berlin", {}, special={day: (WHOLE_DAY,)})
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)

    assert timedelta(hours=hours) == calendar.elapsed(noon - timedelta(days=2), noon + timedelta(days=2))


def test_a_holiday_and_a_weekend_are_skipped() -> None:
    """Two hours from a Thursday's last half hour, with Friday closed, end on Monday."""
    calendar = Calendar("east", "America/New_York", NINE_TO_SIX, closed=frozenset({date(2026, 12, 25)}))
    start = datetime.fromisoformat("2026-12-24T17:30:00-05:00")

    end = calendar.add(start, timedelta(hours=2))

    assert datetime.fromisoformat("2026-12-28T10:30:00-05:00") == end
    assert end.tzinfo is UTC


def test_a_dates_own_hours_win_over_its_holiday() -> None:
    """A date that is closed and has hours of its own has those hours."""
    christmas = date(2026, 12, 25)
    calendar = Calendar(
        "east", "UTC", NINE_TO_SIX, closed=frozenset({christmas}), special={christmas: (Span(10 * HOUR, 12 * HOUR),)}
    )

    assert calendar.is_open(datetime(2026, 12, 25, 11, tzinfo=UTC))
    assert not calendar.is_open(datetime(2026, 12, 25, 13, tzinfo=UTC))


def test_a_skipped_date_is_never_open() -> None:
    """Samoa had no 30 December 2011, so hours on that date contain no instant."""
    calendar = Calendar("apia", "Pacific/Apia", {}, special={date(2011, 12, 30): (WHOLE_DAY,)})

    assert calendar.next_open(datetime(2011, 12, 25, tzinfo=UTC)) is None


def test_a_calendar_that_never_opens_says_so() -> None:
    """Adding time ends in a sentence that names the calendar, and the next opening is None."""
    east = Calendar("mornings", "UTC", {0: (Span(9 * HOUR, 12 * HOUR),)})
    west = Calendar("evenings", "UTC", {0: (Span(18 * HOUR, 20 * HOUR),)})
    never = both(east, west)

    with pytest.raises(NeverOpenError, match="mornings and evenings has no open time for 400 days"):
        never.add(datetime(2026, 1, 1, tzinfo=UTC), timedelta(seconds=1))
    assert never.next_open(datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_a_calendar_that_opens_once_a_year_is_found() -> None:
    """Open time may lie a year apart and still adds up."""
    days = {date(year, 2, 1): (Span(0, HOUR),) for year in range(2026, 2031)}
    calendar = Calendar("yearly", "UTC", {}, special=days)

    end = calendar.add(datetime(2026, 2, 2, tzinfo=UTC), timedelta(hours=2))

    assert datetime(2028, 2, 1, 1, tzinfo=UTC) == end


@pytest.mark.parametrize("hours", [ALWAYS, Calendar("all", "Europe/Berlin", dict.fromkeys(range(7), (WHOLE_DAY,)))])
def test_always_open_is_the_clock_itself(hours: OpenHours) -> None:
    """With every hour open, open time is time, over changes of the clock too."""
    start = datetime(2026, 3, 28, 23, 59, 59, 999_999, tzinfo=UTC)

    assert start + timedelta(days=400) == hours.add(start, timedelta(days=400))
    assert timedelta(days=400) == hours.elapsed(start, start + timedelta(days=400))
    assert timedelta(0) == hours.elapsed(start, start - timedelta(days=1))
    assert hours.is_open(start)
    assert start == hours.next_open(start)


def test_always_adds_nothing_to_another_calendar() -> None:
    """Both of always and another is the other itself."""
    calendar = Calendar("east", "America/New_York", NINE_TO_SIX)

    assert both(ALWAYS, calendar) is calendar
    assert both(calendar, ALWAYS) is calendar
    assert both(calendar, calendar) is calendar


@pytest.mark.parametrize(
    ("timezone", "hours", "words"),
    [
        ("Mars/Olympus", NINE_TO_SIX, "no IANA time zone"),
        ("UTC", {7: (WHOLE_DAY,)}, "weekday 7 does not exist"),
        ("UTC", {0: (Span(-1, 5),)}, "impossible"),
        ("UTC", {0: (Span(9 * HOUR, 34 * HOUR),)}, "at most 24 hours"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(
    timezone: str, hours: dict[int, tuple[Span, ...]], words: str
) -> None:
    """What cannot be understood is named when the calendar is made, not when a clock runs."""
    with pytest.raises(CalendarError, match=words):
        Calendar("broken", timezone, hours)


def test_an_instant_without_a_zone_is_refused() -> None:
    """A naive datetime is no instant."""
    with pytest.raises(CalendarError, match="has no time zone"):
        ALWAYS.is_open(datetime(2026, 1, 1))  # noqa: DTZ001

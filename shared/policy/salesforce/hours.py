"""Salesforce's business hours and holidays as calendars of a policy."""

import calendar
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from shared.domain.calendar import DAY_SECONDS, WHOLE_DAY, Span
from shared.policy.salesforce.logic import UntranslatedError
from shared.policy.salesforce.plan import PlannedCalendar
from shared.policy.salesforce.recurrence import day_of, recurrence_of
from shared.policy.salesforce.spelling import label
from shared.policy.salesforce.tree import Element, read_tree

ROOT: Final = "BusinessHoursSettings"

#: Holidays that recur are written out for this year and the two after it; a calendar is looked at once a year.
YEARS_AHEAD: Final = 2

_TIME = re.compile(r"(\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?Z?")
_DAYS: Final = tuple(name.casefold() for name in calendar.day_name)

Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """The calendars of a file, and what of it is not carried over."""

    calendars: tuple[PlannedCalendar, ...]
    notes: tuple[str, ...]


NO_HOURS: Final = Hours((), ())


@dataclass(frozen=True, slots=True)
class _Holiday:
    """A holiday on the days of the window; `closed` is the part of the day that it takes."""

    name: str
    calendars: tuple[str, ...]
    days: tuple[date, ...]
    closed: Span


def read_hours(data: bytes, file: str, today: date) -> Hours:
    """Read a file of business hours; recurring holidays are written out from this year on."""
    root = read_tree(data, ROOT, file)
    notes: list[str] = []
    first, last = date(today.year, 1, 1), date(today.year + YEARS_AHEAD, 12, 31)
    holidays = list(_holidays(root, first, last, notes))
    calendars = [one for element in root.every("businessHours") for one in _calendar(element, holidays, notes)]
    if any(calendar.added for calendar in calendars):
        notes.append(f"Holidays are written out until {last.isoformat()}; add later ones, or import again.")
    return Hours(tuple(_named_apart(calendars)), tuple(notes))


def _holidays(root: Element, first: date, last: date, notes: list[str]) -> Iterator[_Holiday]:
    """The holidays that some business hours keep, on their days in the window."""
    idle = 0
    for element in root.every("holidays"):
        name, kept_by = element.text_of("name"), element.texts_of("businessHours")
        if not kept_by:
            idle += 1
            continue
        try:
            days = tuple(_days(element, first, last))
            yield _Holiday(name, kept_by, days, _closed(element))
        except UntranslatedError as error:
            notes.append(f"The holiday “{name}” is left out: {error}.")
    if idle:
        many = "1 holiday belongs" if idle == 1 else f"{idle} holidays belong"
        notes.append(f"{many} to no business hours, so nobody keeps them.")


def _days(element: Element, first: date, last: date) -> Iterator[date]:
    if element.is_true("isRecurring"):
        yield from recurrence_of(element).days(first, last)
    elif first <= (day := day_of(element.text_of("activityDate"))) <= last:
        yield day


def _closed(element: Element) -> Span:
    """The part of the day that a holiday takes: all of it, unless it has times."""
    start, end = element.text_of("startTime"), element.text_of("endTime")
    return _span(start, end) if start or end else WHOLE_DAY


def _calendar(element: Element, holidays: Iterable[_Holiday], notes: list[str]) -> Iterator[PlannedCalendar]:
    title = element.text_of("name")
    if not element.is_true("active"):
        notes.append(f"The business hours “{title}” are not active and are left out.")
        return
    try:
        week = {number: spans for number, day in enumerate(_DAYS) if (spans := tuple(_day(element, day)))}
    except UntranslatedError as error:
        notes.append(f"The business hours “{title}” are left out: {error}.")
        return
    mine = [one for one in holidays if title in one.calendars]
    added: dict[date, tuple[Spans, str]] = {}
    for one in mine:
        for day in one.days:
            spans, name = added.get(day, (week.get(day.weekday(), ()), ""))
            left = tuple(_without(spans, one.closed))
            added[day] = (left, ", ".join(part for part in (name, one.name) if part))
    zone = element.text_of("timeZoneId") or "UTC"
    yield PlannedCalendar(label(title), title, zone, week, added, element.is_true("default"))


def _day(element: Element, day: str) -> Iterator[Span]:
    start, end = element.text_of(f"{day}StartTime"), element.text_of(f"{day}EndTime")
    if start or end:
        yield _span(start, end)


def _span(start: str, end: str) -> Span:
    """A stretch of a day; midnight as the end is the end of the day, midnight to midnight the whole of it."""
    first, last = _seconds(start or "00:00"), _seconds(end or "00:00") or DAY_SECONDS
    if last <= first:
        raise UntranslatedError(f"{start} to {end} is no stretch of a day")
    return Span(first, last)


def _seconds(text: str) -> int:
    found = _TIME.fullmatch(text)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise UntranslatedError(f"`{text}` is no time of day")
    return int(found[1]) * 3600 + int(found[2]) * 60


def _without(spans: Spans, closed: Span) -> Iterator[Span]:
    """What is left of a day's hours when a part of the day is closed."""
    for span in spans:
        if span.start < min(span.end, closed.start):
            yield Span(span.start, min(span.end, closed.start))
        if max(span.start, closed.end) < span.end:
            yield Span(max(span.start, closed.end), span.end)


def _named_apart(calendars: Iterable[PlannedCalendar]) -> Iterator[PlannedCalendar]:
    """Two business hours whose names differ only in signs keep apart by a number."""
    seen: dict[str, int] = {}
    for one in calendars:
        seen[one.name] = seen.get(one.name, 0) + 1
        if seen[one.name] == 1:
            yield one
        else:
            name = f"{one.name}_{seen[one.name]}"
            yield PlannedCalendar(name, one.title, one.timezone, one.hours, one.added, one.is_default)

"""On which days a holiday of Salesforce comes back."""

import calendar
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from shared.policy.salesforce.logic import UntranslatedError
from shared.policy.salesforce.tree import Element

_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_WEEKDAYS: Final = {name.casefold(): number for number, name in enumerate(calendar.day_name)}
_MONTHS: Final = {name.casefold(): number for number, name in enumerate(calendar.month_name) if name}
_INSTANCES: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 0}

Falls = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The days on which something recurs, from `start` to `end`."""

    start: date
    end: date | None
    falls: Falls

    def days(self, first: date, last: date) -> Iterator[date]:
        """The days in a stretch of time, both ends included."""
        day = max(first, self.start)
        while day <= (min(last, self.end) if self.end else last):
            if self.falls(day):
                yield day
            day += _DAY


def recurrence_of(holiday: Element) -> Recurrence:
    """Read how a holiday recurs; UntranslatedError where the file does not say enough."""
    start = day_of(holiday.text_of("recurrenceStartDate"))
    end = holiday.text_of("recurrenceEndDate")
    kind = holiday.text_of("recurrenceType")
    make = _KINDS.get(kind)
    if make is None:
        raise UntranslatedError(f"the recurrence `{kind}` is not known" if kind else "it does not say how it recurs")
    return Recurrence(start, day_of(end) if end else None, make(holiday, start))


def day_of(text: str) -> date:
    """Read `2026-12-25`."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise UntranslatedError(f"`{text or 'nothing'}` stands where a date is expected") from error


def _yearly(holiday: Element, _start: date) -> Falls:
    month, day = _month(holiday), _number(holiday, "recurrenceDayOfMonth")
    return lambda at: (at.month, at.day) == (month, day)


def _yearly_nth(holiday: Element, _start: date) -> Falls:
    month, nth = _month(holiday), _nth(holiday)
    return lambda at: at.month == month and nth(at)


def _monthly(holiday: Element, start: date) -> Falls:
    day, in_turn = _number(holiday, "recurrenceDayOfMonth"), _every_months(holiday, start)
    return lambda at: at.day == day and in_turn(at)


def _monthly_nth(holiday: Element, start: date) -> Falls:
    nth, in_turn = _nth(holiday), _every_months(holiday, start)
    return lambda at: nth(at) and in_turn(at)


def _weekly(holiday: Element, start: date) -> Falls:
    """Weeks are counted from the Sunday before the start."""
    weekdays, interval = _weekdays(holiday), _interval(holiday)
    sunday = start - _DAY * ((start.weekday() + 1) % 7)
    return lambda at: at.weekday() in weekdays and ((at - sunday) // _WEEK) % interval == 0


def _daily(holiday: Element, start: date) -> Falls:
    interval = _interval(holiday)
    return lambda at: (at - start).days % interval == 0


def _workdays(_holiday: Element, _start: date) -> Falls:
    return lambda at: at.weekday() < 5


_KINDS: Final[dict[str, Callable[[Element, date], Falls]]] = {
    "RecursYearly": _yearly,
    "RecursYearlyNth": _yearly_nth,
    "RecursMonthly": _monthly,
    "RecursMonthlyNth": _monthly_nth,
    "RecursWeekly": _weekly,
    "RecursDaily": _daily,
    "RecursEveryWeekday": _workdays,
}


def _nth(holiday: Element) -> Falls:
    """The first to fourth or last of some weekday in its month."""
    instance = _INSTANCES.get(holiday.text_of("recurrenceInstance").casefold())
    weekdays = _weekdays(holiday)
    if instance is None or len(weekdays) != 1:
        raise UntranslatedError("it does not say which weekday of the month it is")

    def falls(at: date) -> bool:
        length = calendar.monthrange(at.year, at.month)[1]
        is_instance = at.day + 7 > length if instance == 0 else (at.day - 1) // 7 + 1 == instance
        return at.weekday() in weekdays and is_instance

    return falls


def _every_months(holiday: Element, start: date) -> Falls:
    interval = _interval(holiday)
    return lambda at: ((at.year - start.year) * 12 + at.month - start.month) % interval == 0


def _weekdays(holiday: Element) -> frozenset[int]:
    names = [name for text in holiday.texts_of("recurrenceDayOfWeek") for name in text.replace(",", " ").split()]
    unknown = [name for name in names if name.casefold() not in _WEEKDAYS]
    if unknown or not names:
        raise UntranslatedError(f"`{unknown[0]}` is no weekday" if unknown else "it does not say the weekday")
    return frozenset(_WEEKDAYS[name.casefold()] for name in names)


def _month(holiday: Element) -> int:
    name = holiday.text_of("recurrenceMonthOfYear")
    if name.casefold() not in _MONTHS:
        raise UntranslatedError(f"`{name or 'nothing'}` stands where a month is expected")
    return _MONTHS[name.casefold()]


def _interval(holiday: Element) -> int:
    return max(1, _number(holiday, "recurrenceInterval")) if holiday.text_of("recurrenceInterval") else 1


def _number(holiday: Element, name: str) -> int:
    text = holiday.text_of(name)
    if not text.isdecimal() or len(text) > 4:
        raise UntranslatedError(f"`{text or 'nothing'}` stands where {name} is expected")
    return int(text)

"""Business hours and holidays as calendars."""

import calendar
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.calendar import DAY_SECONDS, Calendar, Span
from shared.policy.holidays_of import build_calendar
from shared.policy.parse import parse_policy
from shared.policy.salesforce.convert import Given, import_rule
from shared.policy.salesforce.hours import Hours, read_hours
from shared.policy.salesforce.logic import UntranslatedError
from shared.policy.salesforce.recurrence import recurrence_of
from shared.policy.salesforce.rules import read_rules
from shared.policy.salesforce.tree import read_tree
from tests.fixtures.salesforce_texts import FILES, EntryText, hours_file, rules_file

TODAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def company() -> Hours:
    """The hours of the made-up company."""
    return read_hours((FILES / "BusinessHours.settings-meta.xml").read_bytes(), "hours.xml", TODAY)


def _holiday(**elements: str) -> str:
    inside = "".join(f"<{name}>{text}</{name}>" for name, text in elements.items())
    return f"<holidays><name>H</name><businessHours>B</businessHours>{inside}</holidays>"


def _business_hours(**times: str) -> str:
    inside = "".join(f"<{name}>{text}:00.000Z</{name}>" for name, text in times.items())
    return f"<businessHours><active>true</active><name>B</name><timeZoneId>UTC</timeZoneId>{inside}</businessHours>"


def test_a_file_becomes_calendars(company: Hours) -> None:
    """Active hours by weekday in their time zone; midnight to midnight is the whole day; the default is marked."""
    us, emea, always = company.calendars

    assert (us.name, us.timezone, us.is_default) == ("US_Sales", "America/New_York", True)
    assert us.hours == {day: (Span(9 * 3600, 18 * 3600),) for day in range(5)}
    assert emea.hours[4] == (Span(8 * 3600 + 1800, 15 * 3600),)
    assert always.hours == {day: (Span(0, DAY_SECONDS),) for day in range(7)}


def test_holidays_fall_on_their_days(company: Hours) -> None:
    """Single days, fixed dates and the n-th weekday of a month, for this year and the two after it."""
    added = {day: names for day, (spans, names) in company.calendars[0].added.items() if not spans}

    assert {day for day, names in added.items() if names == "Thanksgiving"} == {
        date(2026, 11, 26),
        date(2027, 11, 25),
        date(2028, 11, 23),
    }
    assert date(2027, 5, 31) in added
    assert date(2027, 1, 14) in added
    assert max(added) < date(2029, 1, 1)


def test_a_holiday_of_some_hours_leaves_the_rest_of_the_day(company: Hours) -> None:
    """Christmas Eve is worked until noon."""
    assert company.calendars[1].added[date(2026, 12, 24)] == ((Span(30600, 43200),), "Christmas Eve")


def test_what_is_not_carried_is_told(company: Hours) -> None:
    """Hours that are not active, holidays that nobody keeps, and those that do not say how they recur."""
    told = "\n".join(company.notes)

    assert "“Old hours” are not active" in told
    assert "1 holiday belongs to no business hours" in told
    assert "“Unclear” is left out: it does not say how it recurs" in told
    assert "until 2028-12-31" in told


def test_calendars_work_in_the_policy(company: Hours) -> None:
    """The policy reads them, and they are open and closed as Salesforce has it."""
    (rule,) = read_rules(rules_file([EntryText()]), "rules.xml")
    done = import_rule(rule, (), Given(owner="ops@here.example", hours=company))

    built = build_calendar(parse_policy(done.policy).calendars["EMEA_Sales"], [2026])

    assert done.report.calendars == ("US_Sales", "EMEA_Sales", "Always_on")
    assert _open_at(built, "2026-12-23T16:00")
    assert _open_at(built, "2026-12-24T10:59")
    assert not _open_at(built, "2026-12-24T11:01")
    assert not _open_at(built, "2026-12-25T14:30")


def _open_at(hours: Calendar, instant: str) -> bool:
    return hours.is_open(datetime.fromisoformat(instant).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        (_business_hours(mondayStartTime="17:00", mondayEndTime="09:00"), "17:00.* is no stretch of a day"),
        (_business_hours(mondayStartTime="25:00", mondayEndTime="09:00"), "is no time of day"),
        (_business_hours() + _holiday(activityDate="2026-13-01"), "stands where a date is expected"),
        (_business_hours() + _holiday(activityDate="2026-12-24", startTime="noon"), "is no time of day"),
    ],
)
def test_what_makes_no_sense_is_left_out_and_told(inside: str, why: str) -> None:
    """The rest of the file is read all the same."""
    found = read_hours(hours_file(inside), "hours.xml", TODAY)

    assert any(re.search(why, note) for note in found.notes)


def test_hours_whose_names_are_alike_keep_apart() -> None:
    """Signs that no name here can carry do not join two calendars."""
    twice = _business_hours() + _business_hours().replace("<name>B<", "<name>(B)<")

    assert [one.name for one in read_hours(hours_file(twice), "hours.xml", TODAY).calendars] == ["B", "B_2"]


_MONTHS = calendar.month_name[1:]
_WEEKDAYS = calendar.day_name
_NTH = ("First", "Second", "Third", "Fourth", "Last")


def _days(start: date, end: date, **elements: object) -> list[date]:
    written = {"recurrenceStartDate": start.isoformat(), **elements}
    inside = "".join(f"<{name}>{text}</{name}>" for name, text in written.items())
    root = read_tree(f"<holidays>{inside}</holidays>".encode(), "holidays", "hours.xml")
    return list(recurrence_of(root).days(start, end))


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 11), st.integers(0, 6), st.integers(0, 4))
def test_the_nth_weekday_of_a_month(start: date, month: int, weekday: int, nth: int) -> None:
    """Once a year, in its month, on its weekday, with so many of them before it; the last has none behind it."""
    found = _days(
        start,
        start + timedelta(days=730),
        recurrenceType="RecursYearlyNth",
        recurrenceMonthOfYear=_MONTHS[month],
        recurrenceDayOfWeek=_WEEKDAYS[weekday],
        recurrenceInstance=_NTH[nth],
    )

    assert len(found) in (1, 2, 3)
    for day in found:
        assert (day.month, day.weekday()) == (month + 1, weekday)
        assert (day + timedelta(days=7)).month != day.month if nth == 4 else (day.day - 1) // 7 == nth


def test_other_recurrences() -> None:
    """By the day, by weekdays of every so many weeks, by the day or weekday of every so many months."""
    monday, end = date(2026, 6, 1), date(2026, 9, 30)

    assert _days(monday, date(2026, 6, 9), recurrenceType="RecursDaily", recurrenceInterval=3) == [
        date(2026, 6, 1), date(2026, 6, 4), date(2026, 6, 7),
    ]  # fmt: skip
    assert len(_days(monday, date(2026, 6, 30), recurrenceType="RecursEveryWeekday")) == 22
    assert _days(
        monday, date(2026, 6, 30), recurrenceType="RecursWeekly", recurrenceInterval=2, recurrenceDayOfWeek="Friday"
    ) == [date(2026, 6, 5), date(2026, 6, 19)]
    assert _days(monday, end, recurrenceType="RecursMonthly", recurrenceInterval=2, recurrenceDayOfMonth=15) == [
        date(2026, 6, 15), date(2026, 8, 15),
    ]  # fmt: skip
    assert _days(
        monday, end, recurrenceType="RecursMonthlyNth", recurrenceInstance="Last", recurrenceDayOfWeek="Friday"
    ) == [date(2026, 6, 26), date(2026, 7, 31), date(2026, 8, 28), date(2026, 9, 25)]
    assert _days(
        monday,
        date(2030, 1, 1),
        recurrenceType="RecursYearly",
        recurrenceMonthOfYear="June",
        recurrenceDayOfMonth=1,
        recurrenceEndDate="2027-12-31",
    ) == [date(2026, 6, 1), date(2027, 6, 1)]


@pytest.mark.parametrize(
    "elements",
    [
        {"recurrenceType": "RecursLunar"},
        {"recurrenceType": "RecursYearly", "recurrenceMonthOfYear": "Brumaire", "recurrenceDayOfMonth": "1"},
        {"recurrenceType": "RecursYearly", "recurrenceMonthOfYear": "May"},
        {"recurrenceType": "RecursMonthlyNth", "recurrenceDayOfWeek": "Monday"},
        {"recurrenceType": "RecursWeekly"},
        {"recurrenceType": "RecursWeekly", "recurrenceDayOfWeek": "Someday"},
        {"recurrenceType": "RecursDaily", "recurrenceInterval": "often"},
    ],
)
def test_a_recurrence_that_says_too_little_is_not_guessed(elements: dict[str, str]) -> None:
    """A holiday on the wrong day is worse than none."""
    with pytest.raises(UntranslatedError):
        _days(TODAY, TODAY, **elements)

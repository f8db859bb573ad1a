"""Calendars of a policy with the holidays of their country."""

from datetime import UTC, date, datetime

from shared.policy.document import PolicyDocument
from shared.policy.holidays_of import build_calendar
from shared.policy.parse import parse_policy


def test_holidays_are_closed_but_for_those_removed(example: PolicyDocument) -> None:
    """Columbus Day is a holiday in the central calendar and a working day in the eastern one, which removes it."""
    columbus_day = date(2026, 10, 12)

    central, east = (build_calendar(example.calendars[name], [2026]) for name in ("us_central", "us_east"))

    assert central.spans_of(columbus_day) == ()
    assert east.spans_of(columbus_day) == ((9 * 3600, 18 * 3600),)


def test_added_days_have_their_own_hours(example: PolicyDocument) -> None:
    """A day that the policy closes is closed, though no holiday; one it opens has the hours it says."""
    text = """
        rules: [{name: all, to: queue:x}]
        queues: {x: {owner: o}}
        calendars:
          c:
            timezone: Europe/Berlin
            hours: {mon-fri: "09:00-17:00"}
            holidays: {country: DE, add: {2026-12-25: ["10:00-12:00"], 2026-12-28: closed}, remove: [2026-05-01]}
    """

    west = build_calendar(example.calendars["us_west"], [2026])
    calendar = build_calendar(parse_policy(text).calendars["c"], [2026])

    assert west.spans_of(date(2026, 12, 24)) == ()
    assert calendar.spans_of(date(2026, 12, 25)) == ((10 * 3600, 12 * 3600),)
    assert calendar.spans_of(date(2026, 12, 28)) == ()
    assert calendar.spans_of(date(2026, 5, 1)) == ((9 * 3600, 17 * 3600),)
    assert calendar.spans_of(date(2026, 1, 1)) == ()


def test_the_lunch_break_of_the_west_is_closed(example: PolicyDocument) -> None:
    """The calendar that is built answers in the time zone of the policy."""
    west = build_calendar(example.calendars["us_west"], [2026])

    assert west.is_open(datetime(2026, 11, 18, 18, 0, tzinfo=UTC))
    assert not west.is_open(datetime(2026, 11, 18, 20, 30, tzinfo=UTC))


def test_years_that_are_not_asked_for_have_no_holidays(example: PolicyDocument) -> None:
    """Holidays are known for the given years only, and a calendar without a country has none."""
    calendar = build_calendar(example.calendars["us_central"], [2026])

    assert {day.year for day in calendar.closed} == {2026}

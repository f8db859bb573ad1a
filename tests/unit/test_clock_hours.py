"""When a ladder falls due for a lead that comes at night, on a holiday, or in the hours about a change of the clock."""

from datetime import UTC, datetime

import pytest

from shared.custody.clock import Clocks, ladder_steps
from shared.policy.compile import compile_policy
from shared.policy.holidays_of import build_calendar
from shared.policy.parse import parse_policy

_POLICY = """
name: hours
owner: ops@here.example
rules: [{name: all, to: pool:all}]
pools: {all: {}}
queues: {tank: {kind: claim, owner: ops@here.example, members: {}}}
calendars:
  days: {timezone: America/New_York, hours: {mon-fri: ["09:00-18:00"]}, holidays: {country: US}}
  lunch: {timezone: America/New_York, hours: {mon-fri: ["09:00-12:00", "13:00-18:00"]}}
  nights: {timezone: America/New_York, hours: {mon-sun: ["22:00-06:00"]}}
  mornings: {timezone: America/New_York, hours: {mon-sun: ["02:00-03:00"]}}
sla:
  - when: {}
    accept: [{after: 2h, do: flag_overdue, notify: manager}, {after: 4h, do: move_to, to: queue:tank}]
"""


def _ladder(arrives: str, clock: str) -> list[datetime]:
    """Return when the steps of a lead fall due that is offered at that instant, in the hours of a calendar."""
    policy = compile_policy(parse_policy(_POLICY))
    calendars = {name: build_calendar(spec, range(2025, 2029)) for name, spec in policy.calendars.items()}
    ladders = policy.sla_for(policy.derive({}, {}))
    hours = Clocks(calendars, {}).hours(clock, None, None)
    return [step.due_at for step in ladder_steps("accept", ladders.accept, datetime.fromisoformat(arrives), hours)]


@pytest.mark.parametrize(
    ("arrives", "clock", "overdue", "moved"),
    [
        pytest.param(
            *("2026-11-17T02:30:00-05:00", "always", "2026-11-17T04:30:00-05:00", "2026-11-17T06:30:00-05:00"),
            id="at night, where the clock always runs",
        ),
        pytest.param(
            *("2026-11-17T02:30:00-05:00", "days", "2026-11-17T11:00:00-05:00", "2026-11-17T13:00:00-05:00"),
            id="at night the day's hours are waited for",
        ),
        pytest.param(
            *("2026-11-17T17:30:00-05:00", "days", "2026-11-18T10:30:00-05:00", "2026-11-18T12:30:00-05:00"),
            id="in the evening the rest is due the next day",
        ),
        pytest.param(
            *("2026-11-20T17:30:00-05:00", "days", "2026-11-23T10:30:00-05:00", "2026-11-23T12:30:00-05:00"),
            id="on Friday evening the rest is due on Monday",
        ),
        pytest.param(
            *("2026-11-26T10:00:00-05:00", "days", "2026-11-27T11:00:00-05:00", "2026-11-27T13:00:00-05:00"),
            id="on Thanksgiving",
        ),
        pytest.param(
            *("2026-12-24T17:00:00-05:00", "days", "2026-12-28T10:00:00-05:00", "2026-12-28T12:00:00-05:00"),
            id="on the eve of Christmas and of a weekend",
        ),
        pytest.param(
            *("2026-11-17T11:00:00-05:00", "lunch", "2026-11-17T14:00:00-05:00", "2026-11-17T16:00:00-05:00"),
            id="over the lunch break",
        ),
        pytest.param(
            *("2026-11-17T23:00:00-05:00", "nights", "2026-11-18T01:00:00-05:00", "2026-11-18T03:00:00-05:00"),
            id="in a night shift, over midnight",
        ),
    ],
)
def test_a_ladder_runs_in_the_hours_of_its_calendar(arrives: str, clock: str, overdue: str, moved: str) -> None:
    """What is due falls into open hours only: nights, weekends, holidays and breaks do not count."""
    assert _ladder(arrives, clock) == [datetime.fromisoformat(overdue), datetime.fromisoformat(moved)]


@pytest.mark.parametrize(
    ("arrives", "clock", "overdue", "moved"),
    [
        pytest.param(
            *("2026-03-08T01:59:59-05:00", "always", "2026-03-08T04:59:59-04:00", "2026-03-08T06:59:59-04:00"),
            id="a second before the skipped hour, where the clock always runs",
        ),
        pytest.param(
            *("2026-03-08T02:30:00-05:00", "nights", "2026-03-08T05:30:00-04:00", "2026-03-08T23:30:00-04:00"),
            id="in the skipped hour by a clock that was not set: half an hour of it is over",
        ),
        pytest.param(
            *("2026-03-08T00:30:00-05:00", "nights", "2026-03-08T03:30:00-04:00", "2026-03-08T05:30:00-04:00"),
            id="in the night that is an hour short",
        ),
        pytest.param(
            *("2026-03-08T01:30:00-05:00", "mornings", "2026-03-10T03:00:00-04:00", "2026-03-12T03:00:00-04:00"),
            id="before open hours that the change skips whole",
        ),
        pytest.param(
            *("2026-11-01T00:30:00-04:00", "nights", "2026-11-01T01:30:00-05:00", "2026-11-01T03:30:00-05:00"),
            id="in the night in which an hour is repeated",
        ),
        pytest.param(
            *("2026-11-01T01:30:00-04:00", "nights", "2026-11-01T02:30:00-05:00", "2026-11-01T04:30:00-05:00"),
            id="in the first of two hours of the same name",
        ),
        pytest.param(
            *("2026-11-01T01:30:00-05:00", "nights", "2026-11-01T03:30:00-05:00", "2026-11-01T05:30:00-05:00"),
            id="in the second of them",
        ),
    ],
)
def test_a_change_of_the_clock_neither_gives_nor_takes_time(arrives: str, clock: str, overdue: str, moved: str) -> None:
    """Two worked hours are two real hours: what the change skips was never open, what it repeats was open twice."""
    assert _ladder(arrives, clock) == [datetime.fromisoformat(overdue), datetime.fromisoformat(moved)]


def test_deadlines_are_whole_seconds_and_never_early() -> None:
    """A lead that comes within a second has until the end of that second."""
    overdue, moved = _ladder("2026-11-17T10:00:00.000001-05:00", "days")

    assert overdue == datetime(2026, 11, 17, 17, 0, 1, tzinfo=UTC)
    assert moved == datetime(2026, 11, 17, 19, 0, 1, tzinfo=UTC)

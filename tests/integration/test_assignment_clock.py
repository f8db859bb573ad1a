"""The clock that an owner comes with: its ladder, its hours, its policy, and the countdowns that are armed for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.bus.queues import TaskName
from tests.fixtures.pipeline import Pipeline, lead_event, rep

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _later(days: int) -> datetime:
    """Return nine o'clock UTC in some days."""
    return (datetime.now(UTC) + timedelta(days=days)).replace(hour=9, minute=0, second=0, microsecond=0)


def _calendar(days: int) -> str:
    """Return a calendar that opens for eight hours in some days, and is closed until then."""
    return f'{{timezone: UTC, hours: {{{_DAYS[_later(days).weekday()]}: ["09:00-17:00"]}}}}'


def _policy(*, remind: str = "10m") -> str:
    return f"""
name: clocks
owner: ops@here.example
buffer: {{default: {{minimum: 0s, maximum: 60s}}}}
rules: [{{name: everyone, to: pool:all}}]
pools: {{all: {{calendar: pool_hours}}}}
queues:
  exceptions: {{owner: ops@here.example}}
  tank: {{kind: claim, owner: ops@here.example, members: {{}}}}
calendars: {{pool_hours: {_calendar(2)}, own_hours: {_calendar(3)}, office: {_calendar(4)}}}
sla:
  - when: {{lead_type: demo_request}}
    accept:
      - {{after: {remind}, do: remind, notify: owner}}
      - {{after: 2h, do: flag_overdue, notify: manager}}
      - {{after: 4h, do: move_to, to: queue:tank, log: non_response}}
  - {{when: {{lead_type: content_download}}, none: no response is promised}}
  - {{when: {{lead_type: of_owner}}, clock: owner, accept: [{{after: 3h, do: flag_overdue, notify: manager}}]}}
  - {{when: {{lead_type: of_office}}, clock: office, accept: [{{after: 10h, do: flag_overdue, notify: manager}}]}}
  - when: {{}}
    accept: [{{after: 2h, do: flag_overdue, notify: manager}}, {{after: 4h, do: move_to, to: queue:tank}}]
"""


@pytest.fixture
def clocks(pipeline: Pipeline) -> Pipeline:
    """A pipeline whose ladders run in several kinds of hours."""
    pipeline.activate(_policy())
    pipeline.sync("reps", [rep("ana")])
    return pipeline


def _ladder(pipeline: Pipeline, lead_id: int) -> list[tuple[int, str, timedelta]]:
    """Return the steps of a lead with their distance from the assignment, without the rounding up to a second."""
    rows = pipeline.rows(
        """
        SELECT step, action, due_at, due_at - started_at AS after FROM deadline JOIN assignment USING (lead_id, epoch)
        WHERE lead_id = :id AND ladder = 'accept' ORDER BY step
        """,
        id=lead_id,
    )
    assert all(row["due_at"].microsecond == 0 for row in rows)
    return [(row["step"], row["action"], row["after"] - row["after"] % timedelta(seconds=1)) for row in rows]


@pytest.mark.parametrize(
    ("lead_type", "ladder"),
    [
        ("demo_request", [("remind", 1 / 6), ("flag_overdue", 2), ("move_to", 4)]),
        ("content_download", []),
        ("anything_else", [("flag_overdue", 2), ("move_to", 4)]),
    ],
)
def test_each_lead_type_has_its_ladder(clocks: Pipeline, lead_type: str, ladder: list[tuple[str, float]]) -> None:
    """The first entry that matches counts: its steps, nothing where nothing is promised, else two and four hours."""
    (lead_id,) = clocks.route(lead_event(lead_type=lead_type))

    expected = [(number, action, timedelta(hours=hours)) for number, (action, hours) in enumerate(ladder, start=1)]
    assert _ladder(clocks, lead_id) == expected
    assert clocks.lead(lead_id)["status"] == "offered"
    assert clocks.breaches() == []


@pytest.mark.parametrize(
    ("lead_type", "calendar", "due_at"),
    [
        ("of_owner", "", lambda: _later(2) + timedelta(hours=3)),
        ("of_owner", "own_hours", lambda: _later(3) + timedelta(hours=3)),
        # Eight hours fit into the first day of the office, the other two into its next one, a week later.
        ("of_office", "own_hours", lambda: _later(11) + timedelta(hours=2)),
    ],
)
def test_a_clock_runs_in_its_hours(clocks: Pipeline, lead_type: str, calendar: str, due_at: Any) -> None:
    """`owner` is the owner's calendar, else the pool's; any other word is a calendar by its name."""
    clocks.sync("reps", [rep("ana", calendar=calendar)])

    clocks.route(lead_event(lead_type=lead_type))

    assert clocks.value("SELECT due_at FROM deadline") == due_at()
    assert clocks.breaches() == []


def test_a_running_clock_keeps_its_policy(clocks: Pipeline) -> None:
    """A policy that comes later changes what is offered from then on and nothing that runs."""
    (before,) = clocks.route(lead_event())
    ladder = _ladder(clocks, before)
    clocks.activate(_policy(remind="30m"))
    (after,) = clocks.route(lead_event())

    versions = clocks.rows("SELECT DISTINCT lead_id, epoch, policy_version FROM deadline ORDER BY lead_id")
    assert _ladder(clocks, before) == ladder
    assert _ladder(clocks, after)[0][2] == timedelta(minutes=30)
    assert versions == [
        {"lead_id": before, "epoch": 1, "policy_version": 1},
        {"lead_id": after, "epoch": 1, "policy_version": 2},
    ]
    assert clocks.breaches() == []


def test_countdowns_are_armed_for_what_falls_due_soon(clocks: Pipeline) -> None:
    """One per second of due time and not one per lead, and none beyond the horizon of two minutes."""
    clocks.activate(_policy(remind="90s"))
    lead_ids = clocks.route(*[lead_event() for _ in range(30)], *[lead_event(lead_type="other") for _ in range(3)])
    soon = list(clocks.hints.later)
    clocks.hints.later.clear()
    clocks.activate(_policy(remind="121s"))
    clocks.route(lead_event())

    ((task, armed, seconds),) = soon
    assert (task, sorted(armed)) == (TaskName.FIRE, lead_ids[:30])
    assert 85 < seconds <= 91
    assert clocks.hints.later == []


def test_arming_twice_is_harmless(clocks: Pipeline) -> None:
    """A second hint arms a second countdown, and the step still fires once."""
    clocks.activate(_policy(remind="60s"))
    (lead_id,) = clocks.route(lead_event())
    clocks.deliver(TaskName.ARM, [lead_id])
    countdowns = [ids for task, ids, _ in clocks.hints.later if task == TaskName.FIRE]
    clocks.pass_time(61)
    for ids in countdowns:
        clocks.deliver(TaskName.FIRE, ids)

    assert countdowns == [[lead_id], [lead_id]]
    assert clocks.rows("SELECT step FROM deadline WHERE fired_at IS NOT NULL") == [{"step": 1}]
    assert clocks.value("SELECT count(*) FROM notice WHERE kind = 'reminder'") == 1
    assert clocks.breaches() == []

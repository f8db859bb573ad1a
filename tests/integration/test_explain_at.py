"""Who would own this lead on 1 January: the version, the absences and the hours of that instant, all else from now."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.db.transaction import transaction
from shared.errors import RefusedError
from tests.fixtures.pipeline import Pipeline, lead_event, rep
from workers.assignment.ops.find import active_policy
from workers.assignment.ops.policies import activate_document
from workers.forecast import Forecast, forecast

#: A year that is still to come when this runs.
_YEAR = datetime.now(UTC).year + 1
_NEW_YEAR = datetime(_YEAR, 1, 1, 10, tzinfo=UTC)
#: The first working Wednesday morning of that January that is no holiday.
_WORKDAY = next(day for day in (datetime(_YEAR, 1, n, 10, tzinfo=UTC) for n in range(8, 15)) if day.weekday() == 2)


def _policy(pool: str, extra: str = "") -> str:
    return f"""
baton_policy: 1
name: for-{pool}
owner: ops@here.example
buffer: {{default: {{minimum: 0s, maximum: 60s}}}}
rules: [{{name: everyone, to: pool:{pool}}}]
pools:
  {pool}: {{members: {{team: {pool}}}, calendar: office, when_closed: overflow, overflow: [pool:night]{extra}}}
  night: {{members: {{team: night}}, overflow: [queue:exceptions]}}
queues: {{exceptions: {{kind: exception, alert: "#d", escalate_after: 30m, escalate_to: boss@here.example}}}}
calendars: {{office: {{timezone: Europe/Berlin, hours: {{mon-fri: ["09:00-17:00"]}}, holidays: {{country: DE}}}}}}
"""


@pytest.fixture
def staffed(pipeline: Pipeline) -> Pipeline:
    """Two by day in the north, one in the south, one by night; the north decides now."""
    pipeline.sync("reps", [rep("nils", team="north"), rep("nora", team="north"), rep("sven", team="south")])
    pipeline.sync("reps", [rep("uwe", team="night")])
    activate_document(pipeline.context, _policy("north"), made_by="ops")
    return pipeline


def _ask(pipeline: Pipeline, at: datetime | None) -> Forecast:
    with transaction(pipeline.context.engine) as tx:
        tx.run("SET TRANSACTION READ ONLY")
        version = active_policy(tx, pipeline.context.policies, at)
        return forecast(pipeline.context, tx, version, lead_event()["data"], at)


def test_the_planned_version_decides_from_its_minute_on(staffed: Pipeline) -> None:
    """A minute before the plan it is the north's lead, at its minute the south's."""
    second = activate_document(staffed.context, _policy("south"), made_by="ops", at=_WORKDAY).version

    before, then = _ask(staffed, _WORKDAY - timedelta(minutes=1)), _ask(staffed, _WORKDAY)

    assert (before.policy_version, before.owner) == (1, "nils")
    assert (then.policy_version, then.owner) == (second, "sven")


def test_a_holiday_then_is_a_holiday(staffed: Pipeline) -> None:
    """On New Year's Day the office is closed, and the night takes the lead; on a workday it does not."""
    assert (_ask(staffed, _NEW_YEAR).owner, _ask(staffed, _WORKDAY).owner) == ("uwe", "nils")


def test_who_is_away_then_is_away(staffed: Pipeline) -> None:
    """An absence counts at the instant that is asked for, whether it is still to come or past by then."""
    day = timedelta(days=1)
    absences = [
        {"rep_id": "nils", "from": (_WORKDAY - day).isoformat(), "until": (_WORKDAY + day).isoformat()},
        {"rep_id": "nora", "from": (_WORKDAY - 9 * day).isoformat(), "until": (_WORKDAY - day).isoformat()},
    ]
    staffed.sync("absences", absences)

    found = _ask(staffed, _WORKDAY)

    assert found.owner == "nora"
    assert {one.rep_id: one.why for one in found.colleagues}["nils"] == "away"


def test_an_instant_that_is_past_is_asked_with_what_was_recorded_of_it(staffed: Pipeline) -> None:
    """Absences that are over count at their time; before the first version there is nobody to ask."""
    past = datetime.now(UTC) - timedelta(days=30)
    span = {"from": (past - timedelta(days=1)).isoformat(), "until": (past + timedelta(days=1)).isoformat()}
    staffed.sync("absences", [{"rep_id": name, **span} for name in ("nils", "nora")])
    with pytest.raises(RefusedError, match="No policy is in force at"):
        _ask(staffed, past)

    staffed.rows("UPDATE policy_activation SET effective_at = :at", at=past - timedelta(days=1))

    assert _ask(staffed, past).owner == "uwe"


def test_clocks_run_from_that_instant(staffed: Pipeline) -> None:
    """Steps fall due after the instant that was asked for."""
    found = _ask(staffed, _WORKDAY)

    assert [one.due_at - _WORKDAY for one in found.clock] == [timedelta(hours=2), timedelta(hours=4)]


def test_what_is_taken_from_now_is_said(staffed: Pipeline) -> None:
    """An answer for now takes nothing from elsewhere; one for another instant names what it cannot know."""
    now, then = _ask(staffed, None), _ask(staffed, _WORKDAY)

    assert (now.taken_from_now, now.at.date()) == ((), datetime.now(UTC).date())
    assert then.at == _WORKDAY
    assert any("ledgers of the pools" in one for one in then.taken_from_now)


def test_a_cap_counts_the_window_before_that_instant(staffed: Pipeline) -> None:
    """Who has had a day's leads today has had none on the day that is asked for."""
    capped = _policy("all", ", cap: 1 per 1d").replace("{team: all}, calendar: office", "{team: [north, south]}")
    activate_document(staffed.context, capped, made_by="ops")
    staffed.route(*(lead_event() for _ in range(4)))

    now, then = _ask(staffed, None), _ask(staffed, _WORKDAY)

    assert (now.owner, now.pool, then.pool) == ("uwe", "night", "all")
    assert then.owner in {"nils", "nora", "sven"}

"""Old events leave by the month, and the books balance without them."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.commands import Baton
from tests.fixtures.pipeline import Pipeline, lead_event
from tests.integration.retention.conftest import pass_days
from workers.retention.months import months_before


def _touch(lead_id: int) -> dict[str, object]:
    data = {"lead_id": lead_id, "rep_id": "nobody"}
    return {"specversion": "1.0", "id": f"touch-{lead_id}", "source": "/crm", "type": "lead.accepted", "data": data}


def test_old_events_leave_and_nothing_else_changes(pipeline: Pipeline, command: Baton) -> None:
    """The books, the leads and the keys are as before; what comes again is a repeat; the bodies are gone."""
    old = [lead_event(f"old-{number}", email=f"old{number}@gone.example") for number in range(5)]
    lead_ids = pipeline.route(*old)
    pipeline.route(_touch(lead_ids[0]))
    pass_days(pipeline, 500)
    pipeline.route(lead_event("new-1"), lead_event("new-2"))
    before = pipeline.rows("SELECT * FROM report.conservation")

    looked = command("--months", "12")
    held = pipeline.value("SELECT count(*) FROM event")
    dropped = command("--months", "12", "--yes", "--by", "dora")

    assert (looked[0], dropped[0]) == (0, 0)
    assert held == 8
    assert pipeline.value("SELECT count(*) FROM event") == 2
    assert pipeline.value("SELECT count(*) FROM event WHERE data::text LIKE '%gone.example%'") == 0
    assert pipeline.rows("SELECT * FROM report.conservation") == before
    carried = "SELECT sum(leads)::int AS leads, sum(refused)::int AS refused, max(dropped_by) AS who FROM dropped_month"
    assert pipeline.rows(carried) == [{"leads": 5, "refused": 1, "who": "dora"}]
    assert pipeline.breaches() == []
    assert pipeline.route(old[0]) == []
    assert pipeline.value("SELECT duplicates FROM report.conservation") == 1
    assert command("--months", "12", "--yes").facts["months"] == []
    assert pipeline.breaches() == []


def test_the_audit_misses_what_was_dropped_without_being_counted(pipeline: Pipeline, command: Baton) -> None:
    """A partition that somebody dropped by hand, or a count that is wrong, is a breach."""
    pipeline.route(lead_event("old-1"), lead_event("old-2"))
    pass_days(pipeline, 500)
    command("--months", "12", "--yes")
    pipeline.rows("UPDATE dropped_month SET leads = leads + 1 WHERE leads = 2")

    (found,) = pipeline.breaches()

    assert found.holds.startswith("what was dropped is counted")


def test_a_month_with_work_to_do_stays_and_so_does_what_came_after(pipeline: Pipeline, command: Baton) -> None:
    """A lead that nobody has gathered facts for needs its event; months leave in order, without a gap."""
    pipeline.route(lead_event("first"))
    pass_days(pipeline, 100)
    pipeline.publish(lead_event("stuck"))
    pipeline.take_hints()
    pass_days(pipeline, 100)
    pipeline.route(lead_event("later"))
    pass_days(pipeline, 500)

    answer = command("--months", "12", "--yes")

    months = answer.facts["months"]
    assert answer.code == 1
    assert [one["obstacle"] for one in months if one["obstacle"]] == ["events that are still to be worked: 1"]
    assert months[-1]["obstacle"]
    assert pipeline.ids("SELECT id FROM event ORDER BY received_at") == ["stuck", "later"]
    assert pipeline.value("SELECT sum(leads)::int FROM dropped_month") == 1


@given(st.dates(date(1999, 1, 1), date(2199, 1, 1)), st.integers(1, 400))
def test_whole_months_are_kept(today: date, months: int) -> None:
    """The oldest month that is kept began so many months before this one."""
    kept_from = months_before(today, months)

    assert kept_from.day == 1
    assert (today.year - kept_from.year) * 12 + today.month - kept_from.month == months

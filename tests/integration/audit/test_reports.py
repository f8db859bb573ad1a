"""The reports over a small history whose numbers can be counted by hand."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.db.transaction import transaction
from tests.fixtures.pipeline import Pipeline, counted, lead_event, open_pipeline, rep
from tests.fixtures.policy_texts import CLOCKS
from workers.audit.measure import measure_handoff
from workers.audit.policy.layout import arrange
from workers.audit.policy.measures import Measure
from workers.cli import main

_CLOCK_AND_PROMISES = """
calendars: {never: {timezone: UTC, hours: {sun: 00:00-00:01}}}
commitments: {marketing: {qualified_per_week: 10, context_complete: 90%}, sales: {accepted_within: 10m}}
"""


@pytest.fixture
def history(database_url: str, redis_url: str, environment: None) -> Iterator[Pipeline]:
    """Four leads of ann and a test lead, an hour ago.

    The first was accepted after 2 minutes, touched after 4, booked and converted for 900; the second accepted after 6
    and touched after 20; the third was recycled after 30 for the budget; the fourth was let go and lies in the tank.
    """
    del environment
    with open_pipeline(database_url, redis_url) as pipeline:
        pipeline.activate(CLOCKS + _CLOCK_AND_PROMISES)
        pipeline.sync("reps", [rep("ann", team="Sales", capacity=9)])
        pipeline.route(*(lead_event(original_source="search") for _ in range(4)), lead_event(test=True))
        pipeline.pass_time(3600)
        pipeline.rows("UPDATE lead SET qualified_at = received_at, test = lead_id = 5")
        _answer(pipeline, 1, "accepted", 2)
        _answer(pipeline, 1, "touched", 4)
        _answer(pipeline, 2, "accepted", 6)
        _answer(pipeline, 2, "touched", 20)
        _answer(pipeline, 3, "recycled", 30)
        _answer(pipeline, 5, "accepted", 1)
        pipeline.rows("UPDATE lead SET meeting_booked_at = now(), converted_at = now(), amount = 900 WHERE lead_id = 1")
        _end(pipeline, 1, "converted", "status = 'converted'")
        _end(pipeline, 3, "recycled", "status = 'nurturing', track = 'budget', recycle_reason = 'budget'")
        _end(pipeline, 4, "non_response", "status = 'pooled'")
        pipeline.rows("UPDATE assignment SET overdue_at = now() WHERE lead_id IN (2, 4)")
        pipeline.rows(
            "INSERT INTO assignment (lead_id, epoch, owner_kind, owner, reason, policy_version)"
            " VALUES (4, 2, 'queue', 'shark_tank', 'escalation', 1)"
        )
        yield pipeline


def _answer(pipeline: Pipeline, lead_id: int, outcome: str, minutes: int) -> None:
    """Put an answer on the record, so many minutes after the offer."""
    instant = "(SELECT started_at + make_interval(mins => :minutes) FROM assignment WHERE lead_id = :lead_id)"
    column = {"accepted": "accepted_at", "touched": "first_touch_at"}.get(outcome)
    if column:
        pipeline.rows(
            f"UPDATE lead SET {column} = {instant} WHERE lead_id = :lead_id", lead_id=lead_id, minutes=minutes
        )
    if outcome == "accepted":
        pipeline.rows("UPDATE lead SET status = 'accepted' WHERE lead_id = :lead_id", lead_id=lead_id)
    pipeline.rows(
        "INSERT INTO decision (lead_id, sequence, stage, outcome, policy_version, detail, decided_at)"
        f""" VALUES (:lead_id, 9, 'answer', :outcome, 1, '{{"recycle_reason": "budget"}}', {instant})""",
        lead_id=lead_id,
        outcome=outcome,
        minutes=minutes,
    )


def _end(pipeline: Pipeline, lead_id: int, reason: str, change: str) -> None:
    """End a custody half an hour after it began."""
    pipeline.rows(
        "UPDATE assignment SET ended_at = started_at + interval '30 min', end_reason = :reason"
        " WHERE lead_id = :lead_id",
        lead_id=lead_id,
        reason=reason,
    )
    pipeline.rows(f"UPDATE lead SET {change} WHERE lead_id = :lead_id", lead_id=lead_id)


def test_coaching_counts_what_a_rep_did(history: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """Offers, answers, silence and times of the custodies; the test lead counts nowhere."""
    del history

    code = main(["report", "coaching", "--json"])

    rows = json.loads(capsys.readouterr().out)
    total = {name: sum(row[name] for row in rows) for name in ("offered", "accepted", "missed", "overdue")}
    assert code == 0
    assert total == {"offered": 4, "accepted": 2, "missed": 1, "overdue": 2}
    assert [row["recycled"] for row in rows if row["recycled"]] == [{"budget": 1}]
    assert {row["rep"] for row in rows} == {"ann"}
    assert [(row["accept_median"], row["accept_p90"], row["touch_median"]) for row in rows] == [(4.0, 5.6, 12.0)]


def test_a_manager_sees_the_morning(history: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """What is overdue and held, load against capacity, and what lies in queues."""
    del history

    main(["report", "team", "--json"])

    found = json.loads(capsys.readouterr().out)
    ann = found["reps"][0]
    assert (ann["rep"], ann["open_leads"], ann["capacity"], ann["overdue"]) == ("ann", 1, 9, 1)
    assert [(one["queue"], one["leads"]) for one in found["queues"]] == [("shark_tank", 1)]
    assert found["leads_of_departed"] == 0


def test_leads_of_a_rep_who_left_are_shown(history: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """Should it ever be so, the morning says it."""
    history.rows("UPDATE rep SET status = 'departed'")

    main(["report", "team"])

    assert "1 leads are with reps who left." in capsys.readouterr().out


def test_the_hand_off_is_measured(history: Pipeline, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Each measure has the number that counting by hand gives, and the page is written."""
    del history

    code = main(["report", "handoff", "--since", "7d", "--json", "--html", str(tmp_path / "page.html")])

    document = json.loads(capsys.readouterr().out)
    found = {(one["requirement"], one["name"], one["of"]): one["value"] for one in document["measures"]}
    assert code == 0
    assert found["R104", "assigned within 5 minutes", "all"] == 1
    assert found["R105", "offers within SLA", "all"] == 0.5
    assert found["R106", "median age in queue", "shark_tank"] == pytest.approx(0, abs=1)
    assert found["R108", "meeting rate by owner", "ann"] == 0.5
    assert found["R109", "opportunity rate by source", "search"] == 0.25
    assert found["R112", "revenue per worked lead", "all"] == 450
    assert found["R114", "qualified to sales accepted", "all"] == 0.5
    assert found["R115", "median acceptance", "all"] == pytest.approx(4, abs=0.1)
    assert found["R117", "recycled with a reason", "all"] == 1
    assert found["R120", "conversion by response time", "never"] == 0
    assert found["R121", "conversion by response time", "0 to 5 min"] == 1
    assert found["R127", "lost after the stage", "assigned"] == 0.25
    assert found["R111", "meetings lost to the leak", "window"] == pytest.approx(0.5)
    assert found["R111", "opportunities lost to the leak", "window"] == pytest.approx(0.5)
    assert found["R128", "value of the leak", "per month"] == pytest.approx(450 * 30.4375 / 7)
    assert found["R071", "offers lost to silence", "all"] == 0.25
    assert found["R076", "sales: accepted in time", "all"] == 0.5
    assert found["R076", "marketing: qualified per week", "all"] == 4
    assert found["R066", "touched within 10 minutes", "all"] == 0.25
    assert found["R061", "expected value of leads given", "ann"] == 4 * 450
    assert any(requirement == "R077" for requirement, _, _ in found)
    assert {one["requirement"] for one in document["missing"]} == {"R108", "R126", "R127"}
    assert "Hand-off from marketing to sales" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_the_other_measures_are_counted(history: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """Medians, moves by hand, first activity, stages, recovery, delay and misses by rule and rep."""
    history.rows("UPDATE assignment SET reason = 'manual' WHERE lead_id = 4 AND epoch = 2")

    main(["report", "handoff", "--json"])

    rows = json.loads(capsys.readouterr().out)["measures"]
    found = {(one["requirement"], one["name"], one["of"]): one["value"] for one in rows}
    assert [one["value"] for one in rows if one["requirement"] == "R103"] == pytest.approx([12], abs=0.1)
    assert found["R107", "reassigned to another rep", "all"] == 0
    assert found["R113", "moved by hand, first path kept", "all"] == 1
    assert found["R116", "first activity of accepted", "all"] == 1
    assert found["R118", "opportunity rate of accepted", "all"] == 0.5
    assert found["R119", "qualified leads worked", "all"] == 0.5
    assert found["R123", "converted by path", "all"] == 1
    assert found["R124", "qualified leads that came as far", "assigned"] == 4
    assert found["R124", "qualified leads that came as far", "converted"] == 1
    assert found["R126", "no owner", "now"] == 0
    assert found["R126", "closed lost", "now"] == 0
    assert found["R129", "SLA misses", "rule all"] == 0.5
    assert found["R129", "SLA misses", "rep ann"] == 0.5
    assert found["R129", "median assignment delay", "rep ann"] == pytest.approx(0, abs=1)
    assert found["R130", "assigned, of what came this way", "all"] == 1


def test_delivered_and_worked_reconcile(history: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not worked is itemised by where it stands, and nothing is left unexplained."""
    del history

    main(["report", "handoff", "--json"])

    rows = [one for one in json.loads(capsys.readouterr().out)["measures"] if one["requirement"] == "R122"]
    assert [(one["name"], one["of"], one["value"]) for one in rows] == [
        ("delivered", "all", 4),
        ("worked", "all", 2),
        ("not worked", "nurturing: budget", 1),
        ("not worked", "pooled", 1),
        ("unexplained difference", "all", 0),
    ]


def test_every_measure_stands_on_the_page_once(history: Pipeline) -> None:
    """Whatever is measured has its place in a table or beside one, and no figure is told twice."""
    with transaction(history.context.engine) as tx:
        version = history.context.policies.active(tx)
        assert version is not None
        measures = measure_handoff(tx, version, timedelta(days=7))

    shown = [
        measure
        for section in arrange(measures)
        for measure in (*section.figures, *(one for table in section.tables for _, row in table.rows for one in row))
        if measure is not None
    ]

    assert sorted(map(_name, shown)) == sorted(map(_name, measures))
    assert {one.requirement for one in shown} >= {"R103", "R106", "R122", "R130"}


def _name(measure: Measure) -> tuple[str, str, str, str]:
    return measure.requirement, measure.name, measure.by, measure.of


def test_the_key_figures_alone(history: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """`--brief` prints what both teams look at first, and no list of reps or paths."""
    del history

    code = main(["report", "handoff", "--brief"])

    out = capsys.readouterr().out
    assert code == 0
    assert "unexplained difference" in out
    assert "== Paths" not in out


def test_what_may_be_recovered_is_listed(history: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """A conversion whose opportunity was lost is listed with its rep and amount; leads without an owner as well."""
    history.rows("UPDATE lead SET opportunity_id = 'deal-1' WHERE lead_id = 1")
    deal = {"opportunity_id": "deal-1", "stage": "Closed Lost", "is_open": "false", "closed_at": "2026-11-20T00:00:00Z"}
    history.sync("opportunities", [deal])
    before = main(["report", "recovery", "--json"])
    found = json.loads(capsys.readouterr().out)
    history.rows("UPDATE assignment SET ended_at = now(), end_reason = 'lost' WHERE lead_id = 2 AND ended_at IS NULL")

    code = main(["report", "recovery"])

    (lost,) = found["closed_lost"]
    assert before == code == 0
    assert (lost["lead_id"], lost["rep"], lost["amount"], lost["opportunity_id"]) == (1, "ann", 900.0, "deal-1")
    assert found["no_owner"] == []
    out = capsys.readouterr().out
    assert "deal-1" in out
    assert "No owner" in out


def test_the_diagnosis_names_the_first_broken_layer(history: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """The silent lead breaks in routing (it lies in the tank), the late one in action, the sound one nowhere."""
    history.rows("UPDATE assignment SET overdue_at = started_at + interval '10 minutes' WHERE lead_id = 2")

    codes = [main(["report", "diagnosis", "--json"]), main(["report", "diagnosis", "--by", "path", "--stale", "1s"])]

    out = capsys.readouterr().out
    found, end = json.JSONDecoder().raw_decode(out)
    assert codes == [0, 0]
    assert [(one["layer"], one["leads"], one["examples"]) for one in found["layers"]] == [
        ("routing", 1, [4]),
        ("action", 1, [2]),
    ]
    assert [(one["pattern"], one["examples"]) for one in found["patterns"]] == [
        ("assigned, no activity", [4]),
        ("late first activity", [2]),
    ]
    assert [(one["of"], one["leads"]) for one in found["groups"]] == [("search", 4)]
    assert "By path" in out[end:]


def test_a_diagnosis_of_nothing_says_so(history: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """A window without leads, and one that is none."""
    history.clear()

    codes = [main(["report", "diagnosis"]), main(["report", "diagnosis", "--since", "0d"])]

    told = capsys.readouterr()
    assert codes == [0, 2]
    assert "No lead was received in the last 30d." in told.out
    assert "at most 366d" in told.err


def test_people_read_tables(history: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """Without `--json` the same facts stand in tables, with what the data cannot tell."""
    del history

    codes = [main(["report", "handoff"]), main(["report", "coaching", "--rep", "ann"])]

    out = capsys.readouterr().out
    assert codes == [0, 0]
    assert "value of the leak" in out
    assert "Not in the data: " in out
    assert "budget 1" in out


def test_a_window_that_is_none_is_refused(history: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence says how long a window may be."""
    del history

    code = main(["report", "handoff", "--since", "0d"])

    assert code != 0
    assert "at most 366d" in capsys.readouterr().err


def test_a_window_without_leads_is_said_so(history: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """No zeros are made up."""
    history.clear()

    code = main(["report", "handoff"])

    assert code == 0
    assert "No lead was received in the last 30d." in capsys.readouterr().out


def test_a_report_costs_the_same_statements_however_many_leads(history: Pipeline) -> None:
    """Leads are counted by the database and never one by one."""
    from_one = _statements(history)
    history.route(*(lead_event() for _ in range(20)))

    assert _statements(history) == from_one


def _statements(pipeline: Pipeline) -> int:
    with counted(pipeline.context.engine) as statements, transaction(pipeline.context.engine) as tx:
        version = pipeline.context.policies.active(tx)
        assert version is not None
        measure_handoff(tx, version, timedelta(days=30))
    return len(statements)

"""Rulings about the clock: moves after an outage, where a step sends a lead, and what each answer leaves on record."""

from typing import Any

import pytest

from shared.db.transaction import transaction
from tests.fixtures.pipeline import Pipeline, lead_event, rep
from tests.fixtures.policy_texts import CLOCKS
from workers.cli import main
from workers.escalation.answer import settle_answers
from workers.escalation.policy.answers import Answer, Kind, Verdict

HOUR = 3600
_CAPPED = f"{CLOCKS}storm_cap: {{moves: 10 per 1m, when_late_by: 5m}}\n"
_TO_A_POOL = CLOCKS.replace("to: queue:shark_tank", "to: pool:second").replace(
    "pools:\n", "pools:\n  second: {members: {team: Sales}}\n"
)
_FOLLOWED_UP = CLOCKS.replace("to: pool:sales}", "to: pool:sales, first_action: {task: call, within: 15m}}")


@pytest.fixture
def desk(pipeline: Pipeline, environment: None) -> Pipeline:
    """A pipeline with two reps and no policy yet, which commands find as well."""
    del environment
    pipeline.sync("reps", [rep("ana", team="Sales"), rep("bob", team="Sales")])
    return pipeline


def _offered(pipeline: Pipeline, leads: int = 1) -> list[int]:
    return pipeline.route(*(lead_event(lead_type="demo_request") for _ in range(leads)))


def _answer(pipeline: Pipeline, kind: Kind, lead_id: int, /, **details: Any) -> Verdict:
    owner = str(pipeline.lead(lead_id)["owner"])
    with transaction(pipeline.context.engine, pipeline.context.publisher) as tx:
        return settle_answers(pipeline.context, tx, [Answer(kind, lead_id, owner, details=details)])[0]


def test_after_an_outage_marks_come_at_once_and_moves_are_spread(desk: Pipeline) -> None:
    """Of 25 leads whose four hours ran out in the dark all are marked, and ten are moved per minute."""
    desk.activate(_CAPPED)
    _offered(desk, 25)
    moved = []

    desk.pass_time(5 * HOUR)
    for _ in range(4):
        desk.keeper.fire()
        desk.keeper.fire()
        moved.append(desk.statuses().get("pooled", 0))
        desk.pass_time(61)

    assert moved == [10, 20, 25, 25]
    assert desk.value("SELECT count(*) FROM deadline WHERE action = 'flag_overdue' AND fired_at IS NOT NULL") == 25
    assert desk.breaches() == []


def test_moves_that_come_in_time_have_no_cap(desk: Pipeline) -> None:
    """The cap is for what an outage has piled up: 25 leads whose time has just run out are all moved."""
    desk.activate(_CAPPED)
    _offered(desk, 25)

    desk.pass_time(4 * HOUR + 2)
    desk.keeper.fire()

    assert desk.statuses() == {"pooled": 25}
    assert desk.breaches() == []


def test_a_step_may_name_a_pool_and_never_the_rep_who_was_silent(desk: Pipeline) -> None:
    """Four leads leave two reps for a pool of the same two: each goes to the other one, with a clock of its own."""
    desk.activate(_TO_A_POOL)
    lead_ids = _offered(desk, 4)
    before = {lead_id: desk.lead(lead_id)["owner"] for lead_id in lead_ids}

    desk.pass_time(4 * HOUR + 2)
    desk.keeper.fire()
    desk.run_all()

    after = {lead_id: desk.lead(lead_id)["owner"] for lead_id in lead_ids}
    assert {*before.values()} == {"ana", "bob"}
    assert all(after[lead_id] == {"ana": "bob", "bob": "ana"}[before[lead_id]] for lead_id in lead_ids)
    assert desk.value("SELECT count(*) FROM report.deadline WHERE epoch = 3 AND fired_at IS NULL") == 4 * 3
    assert desk.breaches() == []


def test_a_touch_is_on_record_and_does_not_stop_the_acceptance_clock(desk: Pipeline) -> None:
    """Who calls before accepting still has to accept: the step after two hours marks the offer all the same."""
    desk.activate(CLOCKS)
    (lead_id,) = _offered(desk)

    verdict = _answer(desk, Kind.TOUCH, lead_id, kind="call", outcome="voicemail")
    desk.pass_time(2 * HOUR + 2)
    desk.keeper.fire()

    lead = desk.lead(lead_id)
    told = desk.last_decision(lead_id, "answer")
    assert verdict.refusal is None
    assert (told["kind"], told["outcome"]) == ("call", "voicemail")
    assert lead["first_touch_at"] is not None
    assert (lead["status"], lead["overdue"]) == ("offered", True)


def test_a_touch_ends_the_clock_of_the_first_touch(desk: Pipeline) -> None:
    """After the acceptance the first touch is what the clock waits for, and nothing of it fires any more."""
    desk.activate(CLOCKS)
    (lead_id,) = _offered(desk)
    _answer(desk, Kind.ACCEPT, lead_id)

    _answer(desk, Kind.TOUCH, lead_id, kind="email")
    desk.pass_time(2 * HOUR)
    desk.keeper.fire()

    assert desk.value("SELECT count(*) FROM deadline WHERE ladder = 'first_touch' AND cancelled_at IS NOT NULL") == 2
    assert desk.value("SELECT count(*) FROM deadline WHERE fired_at IS NOT NULL") == 0
    assert desk.breaches() == []


def test_who_has_seen_a_lead_cannot_say_otherwise(desk: Pipeline) -> None:
    """The first sight is on the custody's record with its instant, and a second one changes nothing."""
    desk.activate(CLOCKS)
    (lead_id,) = _offered(desk)

    first = _answer(desk, Kind.SEE, lead_id)
    seen_at = desk.value("SELECT seen_at FROM assignment")
    second = _answer(desk, Kind.SEE, lead_id)

    assert (first.known, second.known) == (False, True)
    assert seen_at is not None
    assert desk.value("SELECT seen_at FROM assignment") == seen_at
    assert [one["outcome"] for one in desk.decisions(lead_id) if one["stage"] == "answer"] == ["seen"]


def test_a_meeting_is_booked_by_who_accepted(desk: Pipeline) -> None:
    """Before the acceptance it is refused with the mend; after it the instant is kept."""
    desk.activate(CLOCKS)
    (lead_id,) = _offered(desk)

    early = _answer(desk, Kind.BOOK, lead_id)
    _answer(desk, Kind.ACCEPT, lead_id)
    booked = _answer(desk, Kind.BOOK, lead_id)

    assert early.refusal == f"Lead {lead_id} is not accepted yet: accept it before a meeting is booked."
    assert booked.refusal is None
    assert desk.lead(lead_id)["meeting_booked_at"] is not None


def test_an_owner_comes_with_the_first_thing_to_do(desk: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """The task and its time are on the record of the assignment, and the lead's page names them."""
    desk.activate(_FOLLOWED_UP)
    (lead_id,) = _offered(desk)

    main(["lead", "show", str(lead_id)])

    assert desk.last_decision(lead_id, "assignment")["first_action"] == {"task": "call", "within_seconds": 900}
    assert "call" in capsys.readouterr().out

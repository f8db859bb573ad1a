"""Answers: accept, recycle, touch, claim, convert; what is refused, and what each ends and starts."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.bus.queues import TaskName
from shared.db.transaction import transaction
from tests.fixtures.pipeline import Pipeline, lead_event, open_pipeline, rep
from tests.fixtures.policy_texts import CLOCKS
from workers.escalation.answer import settle_answers
from workers.escalation.policy.answers import Answer, Kind, Verdict

HOUR = 3600


@pytest.fixture
def desk(database_url: str, redis_url: str) -> Iterator[Pipeline]:
    """A pipeline with three reps, one of them outside the claim queue, and an account whose owner is known."""
    with open_pipeline(database_url, redis_url) as pipeline:
        pipeline.activate(CLOCKS)
        pipeline.sync("reps", [rep("ana", team="Sales"), rep("bob", team="Sales"), rep("eve", team="Other")])
        yield pipeline


def _answer(pipeline: Pipeline, kind: Kind, lead_id: int, rep_id: str, **more: Any) -> Verdict:
    with transaction(pipeline.context.engine, pipeline.context.publisher) as tx:
        return settle_answers(pipeline.context, tx, [Answer(kind, lead_id, rep_id, **more)])[0]


def _offered(pipeline: Pipeline) -> tuple[int, str]:
    (lead_id,) = pipeline.route(lead_event(lead_type="demo_request"))
    return lead_id, str(pipeline.lead(lead_id)["owner"])


def _pooled(pipeline: Pipeline) -> tuple[int, str]:
    lead_id, owner = _offered(pipeline)
    pipeline.pass_time(4 * HOUR + 2)
    pipeline.keeper.fire()
    return lead_id, owner


def test_an_acceptance_ends_one_clock_and_starts_the_next(desk: Pipeline) -> None:
    """After acceptance nothing of the first ladder is open, and the first-touch ladder runs."""
    lead_id, owner = _offered(desk)

    verdict = _answer(desk, Kind.ACCEPT, lead_id, owner)

    steps = desk.rows("SELECT ladder, cancelled_at IS NOT NULL AS ended FROM deadline ORDER BY ladder, step")
    assert verdict.refusal is None
    assert desk.lead(lead_id)["status"] == "accepted"
    assert [(one["ladder"], one["ended"]) for one in steps] == [("accept", True)] * 3 + [("first_touch", False)] * 2
    assert desk.breaches() == []


def test_a_late_acceptance_sets_the_mark_that_was_due(desk: Pipeline) -> None:
    """Accepted at three hours with nobody having fired: the overdue mark is set by the answer, the move cancelled."""
    lead_id, owner = _offered(desk)
    desk.pass_time(3 * HOUR)

    _answer(desk, Kind.ACCEPT, lead_id, owner)
    desk.keeper.fire()

    steps = desk.rows("SELECT step, fired_by, cancelled_at IS NULL AS kept FROM deadline WHERE ladder = 'accept'")
    assert [(one["step"], one["fired_by"], one["kept"]) for one in sorted(steps, key=lambda one: one["step"])] == [
        (1, "answer", True),
        (2, "answer", True),
        (3, None, False),
    ]
    assert desk.value("SELECT overdue_total FROM report.rep WHERE rep_id = :rep", rep=owner) == 1
    assert desk.lead(lead_id)["status"] == "accepted"


def test_who_lost_the_lead_is_told_who_has_it(desk: Pipeline) -> None:
    """Accepting after the move is refused with the name of the queue that has the lead now."""
    lead_id, owner = _pooled(desk)

    verdict = _answer(desk, Kind.ACCEPT, lead_id, owner)

    assert verdict.refusal == f"Lead {lead_id} lies in the queue shark_tank now."


def test_a_stranger_cannot_answer(desk: Pipeline) -> None:
    """Only the owner's answer counts; others are told whose the lead is."""
    lead_id, owner = _offered(desk)
    other = "bob" if owner == "ana" else "ana"

    verdict = _answer(desk, Kind.ACCEPT, lead_id, other)

    assert verdict.refusal == f"Lead {lead_id} belongs to {owner} now, not to {other}."


def test_accepting_twice_changes_nothing(desk: Pipeline) -> None:
    """The second acceptance stands and writes no second decision."""
    lead_id, owner = _offered(desk)
    _answer(desk, Kind.ACCEPT, lead_id, owner)
    decisions = len(desk.decisions(lead_id))

    verdict = _answer(desk, Kind.ACCEPT, lead_id, owner)

    assert (verdict.refusal, verdict.known) == (None, True)
    assert len(desk.decisions(lead_id)) == decisions


@pytest.mark.parametrize(
    ("reason", "status", "track"),
    [
        ("timing", "nurturing", "re_engage"),
        ("budget", "nurturing", "value"),
        ("feature_gap", "nurturing", "product_feedback"),
        ("not_icp", "suppressed", None),
        ("support", "diverted", None),
    ],
)
def test_every_reason_has_its_way(desk: Pipeline, reason: str, status: str, track: str | None) -> None:
    """A recycled lead goes where the policy says for its reason, with the reason on the record."""
    lead_id, owner = _offered(desk)

    _answer(desk, Kind.RECYCLE, lead_id, owner, reason=reason)

    lead = desk.rows("SELECT status, recycle_reason, track FROM lead WHERE lead_id = :id", id=lead_id)
    assert lead == [{"status": status, "recycle_reason": reason, "track": track}]
    assert desk.value("SELECT open_leads FROM report.rep WHERE rep_id = :rep", rep=owner) == 0
    assert desk.breaches() == []


def test_a_duplicate_leaves_its_person_to_the_lead_it_repeats(desk: Pipeline) -> None:
    """Who comes again by the address of the duplicate joins the lead that lives."""
    (kept,) = desk.route(lead_event(lead_type="demo_request"))
    (again,) = desk.route(lead_event(lead_type="demo_request", email="kim@second.example"))

    _answer(desk, Kind.RECYCLE, again, str(desk.lead(again)["owner"]), reason="duplicate", of=kept)
    (third,) = desk.route(lead_event(lead_type="demo_request", email="kim@second.example"))

    merged = desk.rows("SELECT lead_id, status, merged_into FROM lead WHERE lead_id <> :kept ORDER BY 1", kept=kept)
    assert merged == [{"lead_id": one, "status": "merged", "merged_into": kept} for one in (again, third)]
    assert desk.breaches() == []


def test_two_leads_that_name_each_other_become_one(desk: Pipeline) -> None:
    """In one batch the first answer merges, and the second hears that its lead is gone."""
    first, second = (desk.route(lead_event(lead_type="demo_request"))[0] for _ in range(2))
    answers = [
        Answer(Kind.RECYCLE, lead_id, str(desk.lead(lead_id)["owner"]), reason="duplicate", of=other)
        for lead_id, other in ((first, second), (second, first))
    ]

    with transaction(desk.context.engine, desk.context.publisher) as tx:
        verdicts = settle_answers(desk.context, tx, answers)

    assert [one.refusal is None for one in verdicts] == [True, False]
    assert [desk.lead(lead_id)["status"] for lead_id in (first, second)] == ["merged", "offered"]
    assert desk.breaches() == []


@pytest.mark.parametrize("reason", [None, "because", ""])
def test_a_reason_outside_the_list_is_refused(desk: Pipeline, reason: str | None) -> None:
    """Free text is no reason; the refusal lists the reasons there are."""
    lead_id, owner = _offered(desk)

    verdict = _answer(desk, Kind.RECYCLE, lead_id, owner, reason=reason)

    assert verdict.refusal is not None
    assert "timing" in verdict.refusal
    assert desk.lead(lead_id)["status"] == "offered"


def test_timing_brings_the_lead_back_after_ninety_days(desk: Pipeline) -> None:
    """The return is a row; when it is due the lead is routed anew, as a new epoch with its history."""
    lead_id, owner = _offered(desk)
    _answer(desk, Kind.RECYCLE, lead_id, owner, reason="timing")
    due = desk.value("SELECT due_at - now() > interval '89 days' FROM deadline WHERE ladder = 'track'")
    desk.pass_time(90 * 24 * HOUR + 2)

    desk.keeper.fire()
    desk.run_all()

    assert due
    assert desk.lead(lead_id)["status"] == "offered"
    assert desk.value("SELECT max(epoch) FROM assignment WHERE lead_id = :id", id=lead_id) == 2
    assert desk.breaches() == []


def test_a_signal_wakes_or_reports(desk: Pipeline) -> None:
    """A pricing-page visit wakes a lead on a track that waits for it, and only reports one on the value track."""
    waking, reported = (_offered(desk) for _ in range(2))
    _answer(desk, Kind.RECYCLE, *waking, reason="timing")
    _answer(desk, Kind.RECYCLE, *reported, reason="budget")

    for number, (lead_id, _) in enumerate((waking, reported)):
        desk.publish(
            {
                "specversion": "1.0",
                "id": f"visit-{number}",
                "source": "/web",
                "type": "lead.engaged",
                "data": {"lead_id": lead_id, "signal": "pricing_page_view"},
            }
        )
    desk.run_all()

    assert desk.lead(waking[0])["status"] == "offered"
    assert desk.lead(reported[0])["status"] == "nurturing"
    assert desk.ids("SELECT recipient FROM report.notification WHERE kind = 'signal'") == [reported[1]]


def test_a_shipped_feature_brings_back_who_waited_for_it(desk: Pipeline) -> None:
    """Of two leads that lacked a feature, the one whose note names it comes back."""
    first, second = (_offered(desk) for _ in range(2))
    _answer(desk, Kind.RECYCLE, *first, reason="feature_gap", note="needs SSO")
    _answer(desk, Kind.RECYCLE, *second, reason="feature_gap", note="needs an API")

    desk.publish(
        {"specversion": "1.0", "id": "s1", "source": "/product", "type": "feature.shipped", "data": {"feature": "SSO"}}
    )
    desk.run_all()

    assert [desk.lead(lead_id)["status"] for lead_id, _ in (first, second)] == ["offered", "nurturing"]


def test_a_claim_is_an_acceptance(desk: Pipeline) -> None:
    """A colleague who claims from the tank has accepted, and the first-touch clock runs."""
    lead_id, former = _pooled(desk)
    other = "bob" if former == "ana" else "ana"

    verdict = _answer(desk, Kind.CLAIM, lead_id, other)

    lead = desk.lead(lead_id)
    assert (verdict.refusal, lead["status"], lead["owner"]) == (None, "accepted", other)
    assert desk.breaches() == []


def test_who_let_it_go_does_not_get_it_back(desk: Pipeline) -> None:
    """The rep who did not answer cannot claim the lead while somebody else could."""
    lead_id, former = _pooled(desk)

    verdict = _answer(desk, Kind.CLAIM, lead_id, former)

    assert verdict.refusal == f"{former} let lead {lead_id} go unanswered: somebody else may claim it."


def test_only_members_claim(desk: Pipeline) -> None:
    """A rep of another team is refused."""
    lead_id, _ = _pooled(desk)

    assert "not a member" in str(_answer(desk, Kind.CLAIM, lead_id, "eve").refusal)


def test_of_two_claims_one_wins(desk: Pipeline) -> None:
    """Two members claim at the same moment: one has the lead, the other is told who."""
    desk.sync("reps", [rep("cid", team="Sales")])
    lead_id, former = _pooled(desk)
    others = sorted({"ana", "bob", "cid"} - {former})

    with ThreadPoolExecutor(2) as threads:
        verdicts = list(threads.map(lambda one: _answer(desk, Kind.CLAIM, lead_id, one), others))

    winner = desk.lead(lead_id)["owner"]
    refusals = [one.refusal for one in verdicts if one.refusal]
    assert refusals == [f"Lead {lead_id} cannot be claimed: it belongs to {winner} now."]
    assert desk.breaches() == []


def test_acceptance_and_move_race_with_one_winner(desk: Pipeline) -> None:
    """At four hours the rep accepts while the keeper moves: the lead ends with exactly one of them."""
    offers = [_offered(desk) for _ in range(12)]
    desk.pass_time(4 * HOUR + 2)

    with ThreadPoolExecutor(4) as threads:
        firing = [threads.submit(desk.deliver, TaskName.FIRE, [lead_id]) for lead_id, _ in offers]
        answers = [threads.submit(_answer, desk, Kind.ACCEPT, *offer) for offer in offers]
        for one in firing:
            one.result()
        verdicts = [one.result() for one in answers]

    for (lead_id, _), verdict in zip(offers, verdicts, strict=True):
        assert desk.lead(lead_id)["status"] == ("accepted" if verdict.refusal is None else "pooled")
    assert desk.breaches() == []


def test_a_conversion_is_final(desk: Pipeline) -> None:
    """The CRM's word ends custody and clock, and frees the person for a new lead."""
    lead_id, owner = _offered(desk)

    _answer(desk, Kind.CONVERT, lead_id, owner, details={"opportunity_id": "O-1", "amount": "1200.50"})

    lead = desk.lead(lead_id)
    assert (lead["status"], lead["opportunity_id"], str(lead["amount"])) == ("converted", "O-1", "1200.50")
    assert desk.value("SELECT count(*) FROM person_key WHERE lead_id = :id", id=lead_id) == 0
    assert desk.breaches() == []


def test_answers_by_event_are_applied_or_refused(desk: Pipeline) -> None:
    """Through the stream: the owner's acceptance is applied, a stranger's refused with the reason; all are counted."""
    lead_id, owner = _offered(desk)
    answers = [("a1", "ghost"), ("a2", owner)]

    for event_id, rep_id in answers:
        data = {"lead_id": lead_id, "rep_id": rep_id}
        desk.publish({"specversion": "1.0", "id": event_id, "source": "/crm", "type": "lead.accepted", "data": data})
    desk.run_all()

    events = desk.rows("SELECT id, outcome, reason FROM event WHERE type = 'lead.accepted' ORDER BY id")
    assert events == [
        {"id": "a1", "outcome": "refused", "reason": "There is no rep ghost."},
        {"id": "a2", "outcome": "applied", "reason": None},
    ]
    assert desk.value("SELECT delta FROM report.conservation") == 0


def test_a_lost_hint_of_an_answer_is_repaired(desk: Pipeline) -> None:
    """An answer whose hint was lost is handed on again by the keeper."""
    lead_id, owner = _offered(desk)
    data = {"lead_id": lead_id, "rep_id": owner}
    desk.publish({"specversion": "1.0", "id": "a1", "source": "/crm", "type": "lead.accepted", "data": data})
    desk.take_hints()
    desk.pass_time(60)

    desk.keeper.settle()
    desk.run_all()

    assert desk.lead(lead_id)["status"] == "accepted"

"""A plan is applied in batches: each lead moves once, or is skipped because it moved on."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.bus.queues import TaskName
from shared.errors import RefusedError
from tests.fixtures.intake import other_event
from tests.fixtures.pipeline import Pipeline, counted, rep
from tests.fixtures.territory_texts import AFTER
from tests.integration.reassignment.conftest import Plan, Say
from workers.reassignment import moving
from workers.reassignment.tasks import difference, move

Moves = Callable[[int], list[dict[str, Any]]]

_OPEN_STEPS = """
    SELECT ladder, step, due_at FROM report.deadline
    WHERE lead_id = :id AND fired_at IS NULL AND cancelled_at IS NULL ORDER BY ladder, step
"""


def _owner(company: Pipeline, lead_id: int) -> str:
    return str(company.lead(lead_id)["owner"])


def _of(company: Pipeline, owner: str) -> list[int]:
    return company.ids("SELECT lead_id FROM report.lead WHERE owner = :owner ORDER BY 1", owner=owner)


def test_every_lead_goes_where_the_plan_says(company: Pipeline, plan: Plan, say: Say, moves: Moves) -> None:
    """Owners, custody, ledgers and the laws are as if routing had given them."""
    company.activate(AFTER)
    plan_id = plan(policy_diff=True)

    done = say(plan_id, "apply")

    assert (done["state"], done["moved"], done["skipped"], done["pending"]) == ("applied", 6, 0, 0)
    for one in moves(plan_id):
        assert _owner(company, one["lead_id"]) == one["to_owner"]
    assert company.rows("SELECT DISTINCT reason, rule, plan_id FROM report.assignment WHERE epoch = 2") == [
        {"reason": "reassignment", "rule": "norway", "plan_id": plan_id}
    ]
    assert company.value("SELECT sum(turns) FROM pool_ledger WHERE pool = 'vikings'") == 6
    assert company.breaches() == []


def test_applied_twice_it_changes_nothing(company: Pipeline, plan: Plan, say: Say) -> None:
    """The second word and the second message find the work done."""
    plan_id = plan(rep="ann", to="policy")
    say(plan_id, "apply")
    before = company.rows("SELECT * FROM report.assignment ORDER BY 1")

    say(plan_id, "apply")
    move(company.context, [plan_id])

    assert company.rows("SELECT * FROM report.assignment ORDER BY 1") == before


def test_a_lead_that_moved_on_is_skipped(company: Pipeline, plan: Plan, say: Say, moves: Moves) -> None:
    """Accepted, given away, recycled: what happened since the plan is never overwritten, and listed."""
    mine = _of(company, "ann")
    plan_id = plan(rep="ann", to="policy")
    company.route(
        other_event("lead.accepted", lead_id=mine[0], rep_id="ann"),
        other_event("lead.recycled", lead_id=mine[1], rep_id="ann", reason="timing"),
    )
    say(plan([(str(mine[2]), "cleo")]), "apply")

    done = say(plan_id, "apply")

    reasons = {one["lead_id"]: one["reason"] for one in moves(plan_id) if one["state"] == "skipped"}
    assert (done["moved"], reasons) == (
        3,
        {mine[0]: "now_accepted", mine[1]: "now_nurturing", mine[2]: "now_with:cleo"},
    )
    assert company.breaches() == []


@pytest.mark.parametrize(
    ("columns", "reason"),
    [({"status": "departed"}, "departed"), ({"capacity": "1"}, "at_capacity")],
)
def test_reps_are_looked_at_again(
    company: Pipeline, plan: Plan, say: Say, moves: Moves, columns: dict[str, str], reason: str
) -> None:
    """Who left or filled up after the plan gets nothing: law 4 holds."""
    plan_id = plan(territory="south", to="rep:erik")
    company.sync("reps", [rep("erik", **{"team": "Vikings", **columns})])

    say(plan_id, "apply")

    assert {one["reason"] for one in moves(plan_id) if one["state"] == "skipped"} == {reason}
    assert company.breaches() == []


def test_the_clock_starts_anew(company: Pipeline, plan: Plan, say: Say) -> None:
    """The new owner has the time that the policy promises."""
    company.pass_time(3600)
    before = company.rows(_OPEN_STEPS, id=1)

    say(plan([("1", "cleo")]), "apply")

    after = company.rows(_OPEN_STEPS, id=1)
    assert [one["step"] for one in after] == [1, 2, 3]
    assert all(new["due_at"] > old["due_at"] for new, old in zip(after[1:], before[-2:], strict=True))


def test_the_clock_goes_on(company: Pipeline, plan: Plan, say: Say) -> None:
    """With `--clock keep` the steps that are ahead keep their instants, and a mark stays a mark."""
    company.pass_time(2 * 3600 + 60)
    company.keeper.fire()
    ahead = company.rows(_OPEN_STEPS, id=1)

    say(plan([("1", "cleo")], clock="keep"), "apply")

    assert company.rows(_OPEN_STEPS, id=1) == ahead
    assert [one["step"] for one in ahead] == [3]
    assert company.lead(1)["overdue"]
    assert company.breaches() == []


@pytest.mark.parametrize(("accepted", "status"), [("offer", "offered"), ("keep", "accepted")])
def test_an_accepted_lead(company: Pipeline, plan: Plan, say: Say, accepted: str, status: str) -> None:
    """Whether the new owner must accept anew is said in the plan; either way a clock runs."""
    owner = _owner(company, 1)
    company.route(other_event("lead.accepted", lead_id=1, rep_id=owner))

    say(plan([("1", "cleo")], accepted=accepted), "apply")

    assert (company.lead(1)["status"], company.lead(1)["owner"]) == (status, "cleo")
    ladders = {one["ladder"] for one in company.rows(_OPEN_STEPS, id=1)}
    assert ladders == {"accept" if accepted == "offer" else "first_touch"}
    assert company.breaches() == []


def test_leads_go_into_a_claim_queue_and_out_of_it(company: Pipeline, plan: Plan, say: Say) -> None:
    """The shark tank can be filled and emptied in bulk."""
    say(plan(territory="south", to="queue:shark_tank"), "apply")
    pooled = company.statuses()

    say(plan(status="pooled", to="pool:vikings"), "apply")

    assert (pooled["pooled"], company.statuses()) == (4, {"offered": 16})
    assert company.breaches() == []


def test_pause_resume_and_cancel(company: Pipeline, plan: Plan, say: Say) -> None:
    """A plan rests after the batch in hand, goes on where it was, and can be dropped half way."""
    plan_id = plan(territory="north", to="pool:vikings")
    say(plan_id, "apply", run=False)
    moving.move_batch(company.context, plan_id)

    paused = say(plan_id, "pause", run=False)
    move(company.context, [plan_id])
    rests = company.value("SELECT moved FROM report.plan WHERE plan_id = :id", id=plan_id)
    say(plan_id, "resume", run=False)
    moving.move_batch(company.context, plan_id)
    cancelled = say(plan_id, "cancel")

    assert (paused["state"], rests) == ("paused", paused["moved"])
    assert (cancelled["state"], cancelled["moved"], cancelled["pending"]) == ("cancelled", 8, 4)
    with pytest.raises(RefusedError, match="it was cancelled"):
        say(plan_id, "apply")


def test_a_plan_goes_stale(company: Pipeline, plan: Plan, say: Say) -> None:
    """A plan that has expired, or that another policy has overtaken, is refused with what to do."""
    old = plan(rep="ann", to="policy")
    company.rows("UPDATE reassignment_plan SET expires_at = now() WHERE plan_id = :id", id=old)
    other = plan(rep="ann", to="policy")
    company.activate(AFTER)

    with pytest.raises(RefusedError, match="has expired"):
        say(old, "apply")
    with pytest.raises(RefusedError, match="made under policy version 1, and version 2 is in force"):
        say(other, "apply")


def test_a_rate_is_kept(company: Pipeline, plan: Plan, say: Say) -> None:
    """At two leads a second a batch has two leads, and the next comes a second later."""
    plan_id = plan(territory="north", to="pool:vikings")
    say(plan_id, "apply", run=False, rate=2.0)
    company.take_hints()

    move(company.context, [plan_id])

    assert company.value("SELECT moved FROM report.plan WHERE plan_id = :id", id=plan_id) == 2
    assert company.hints.later == [(TaskName.MOVE, [plan_id], 1.0)]


def test_each_rep_is_told_once(company: Pipeline, plan: Plan, say: Say) -> None:
    """However many batches there are, a rep who gets many leads gets one message, and so does who loses them."""
    say(plan(territory="north", to="rep:erik", note="new desk"), "apply")

    told = company.rows(
        "SELECT recipient, cardinality(lead_ids) AS leads FROM report.notification WHERE kind = 'reassigned' ORDER BY 1"
    )
    assert told == [
        {"recipient": "ann", "leads": 6},
        {"recipient": "ben", "leads": 6},
        {"recipient": "erik", "leads": 12},
    ]


def test_the_statements_do_not_grow_with_the_leads(company: Pipeline, plan: Plan, say: Say) -> None:
    """A batch of twelve costs as many statements as a batch of one."""
    counts = []
    for words in ({"leads": [("13", "erik")]}, {"territory": "north", "to": "rep:erik"}):
        plan_id = plan(**words)
        say(plan_id, "apply", run=False)
        with counted(company.context.engine) as statements:
            moving.move_batch(company.context, plan_id)
        counts.append(len(statements))

    assert counts[0] == counts[1]


def test_the_keeper_hands_on_what_nobody_moves(company: Pipeline, plan: Plan, say: Say) -> None:
    """The message was lost, or the worker: five seconds later the plan is handed on."""
    plan_id = plan(rep="ann", to="policy")
    say(plan_id, "apply", run=False)
    company.take_hints()
    company.pass_time(10)

    company.keeper.tick()
    company.run_all()

    assert company.value("SELECT state FROM report.plan WHERE plan_id = :id", id=plan_id) == "applied"


def test_two_plans_about_the_same_leads(company: Pipeline, plan: Plan, say: Say, moves: Moves) -> None:
    """Each lead moves at most once; the plan that comes later lists what it skipped."""
    first, second = plan(territory="north", to="rep:erik"), plan(rep="ann", to="policy")

    say(first, "apply", run=False)
    say(second, "apply", run=False)
    company.run_all()

    assert company.value("SELECT max(epoch) FROM report.assignment") == 2
    assert {one["reason"] for one in moves(second)} == {"now_with:erik"}
    assert company.breaches() == []


def test_a_policy_can_plan_its_own_difference(company: Pipeline) -> None:
    """Activation may make the plan of what it changes; it never applies it."""
    version = company.activate(AFTER)

    difference(company.context, [version])
    difference(company.context, [version])

    assert company.rows("SELECT state, pending, made_by FROM report.plan") == [
        {"state": "planned", "pending": 6, "made_by": f"policy {version}"}
    ]

"""A plan is undone: who was not touched goes back with the clock it had, and the pools' ledgers with it."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.errors import RefusedError
from tests.fixtures.intake import other_event
from tests.fixtures.pipeline import Pipeline, rep
from tests.fixtures.territory_texts import AFTER
from tests.integration.reassignment.conftest import Plan, Say
from workers.reassignment import moving
from workers.reassignment.tasks import move

Moves = Callable[[int], list[dict[str, Any]]]

_STANDING = """
    SELECT lead.lead_id, lead.status, lead.owner_kind, lead.owner, lead.hold_reason, lead.overdue,
        array_agg((ladder, step, action, due_at) ORDER BY ladder, step) FILTER (WHERE ladder IS NOT NULL) AS steps
    FROM report.lead AS lead LEFT JOIN report.deadline AS deadline ON deadline.lead_id = lead.lead_id
        AND deadline.fired_at IS NULL AND deadline.cancelled_at IS NULL
    GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1
"""
_CREDITS = "SELECT pool, rep_id, credit, turns FROM pool_ledger WHERE credit <> 0 OR turns <> 0 ORDER BY 1, 2"


@pytest.mark.parametrize("clock", ["restart", "keep"])
def test_everything_is_as_it_was(company: Pipeline, plan: Plan, say: Say, clock: str) -> None:
    """Owners, open steps and the pools' shares are those of before; the history keeps what happened."""
    company.activate(AFTER)
    before = company.rows(_STANDING)
    credits_before = company.rows(_CREDITS)
    plan_id = plan(policy_diff=True, clock=clock)
    say(plan_id, "apply")

    done = say(plan_id, "undo")

    assert (done["state"], done["undone"], done["kept"], done["moved"]) == ("undone", 6, 0, 0)
    assert company.rows(_STANDING) == before
    assert company.rows(_CREDITS) == credits_before
    assert company.value("SELECT max(epoch) FROM report.assignment") == 3
    assert company.breaches() == []


def test_undone_twice_it_changes_nothing(company: Pipeline, plan: Plan, say: Say) -> None:
    """The second word and the second message find the work done."""
    plan_id = plan(rep="ann", to="policy")
    say(plan_id, "apply")
    say(plan_id, "undo")
    before = company.rows("SELECT * FROM report.assignment ORDER BY 1")

    say(plan_id, "undo")
    move(company.context, [plan_id])

    assert company.rows("SELECT * FROM report.assignment ORDER BY 1") == before


def test_touched_leads_stay_and_are_listed(company: Pipeline, plan: Plan, say: Say, moves: Moves) -> None:
    """Who was seen, accepted, recycled or moved on since is left alone."""
    plan_id = plan(territory="north", to="rep:erik")
    say(plan_id, "apply")
    company.route(
        other_event("lead.accepted", lead_id=1, rep_id="erik"),
        other_event("lead.seen", lead_id=2, rep_id="erik"),
        other_event("lead.recycled", lead_id=3, rep_id="erik", reason="timing"),
    )
    say(plan([("4", "cleo")]), "apply")

    done = say(plan_id, "undo")

    kept = {one["lead_id"]: one["reason"] for one in moves(plan_id) if one["state"] == "kept"}
    assert (done["undone"], done["kept"]) == (8, 4)
    assert kept == {1: "touched", 2: "touched", 3: "now_nurturing", 4: "now_with:cleo"}
    assert company.breaches() == []


def test_nobody_goes_back_to_who_has_left(company: Pipeline, plan: Plan, say: Say, moves: Moves) -> None:
    """Law 4 is stronger than an undo."""
    plan_id = plan(rep="ann", to="policy")
    say(plan_id, "apply")
    company.sync("reps", [rep("ann", team="North", status="departed")])

    done = say(plan_id, "undo")

    assert (done["undone"], {one["reason"] for one in moves(plan_id)}) == (0, {"departed"})


def test_passed_steps_get_the_time_that_was_left(company: Pipeline, plan: Plan, say: Say) -> None:
    """A step that was 9 minutes ahead when the lead was moved is 9 minutes ahead when it comes back, an hour later."""
    company.pass_time(60)
    plan_id = plan([("1", "cleo")])
    say(plan_id, "apply")
    company.pass_time(3600)

    say(plan_id, "undo")

    ahead = company.rows(
        """
        SELECT step, round(extract(epoch FROM due_at - now()) / 60) AS minutes FROM report.deadline
        WHERE lead_id = 1 AND fired_at IS NULL AND cancelled_at IS NULL ORDER BY step
        """
    )
    assert [(one["step"], int(one["minutes"])) for one in ahead] == [(1, 9), (2, 59), (3, 179)]


def test_held_and_pooled_leads_go_back_to_their_queues(company: Pipeline, plan: Plan, say: Say) -> None:
    """A queue is a former owner as well; the reason for which a lead was held is restored."""
    company.sync("reps", [rep("cleo", team="South", capacity="2"), rep("dino", team="South", capacity="2")])
    company.route(*[_italian(n) for n in range(3)])
    say(plan(territory="south", to="queue:shark_tank", status="offered"), "apply")
    before = [{**one, "steps": None} for one in company.rows(_STANDING)]
    plan_id = plan(status="held,pooled", to="rep:erik")
    say(plan_id, "apply")

    done = say(plan_id, "undo")

    assert done["undone"] == 7
    assert [{**one, "steps": None} for one in company.rows(_STANDING)] == before
    assert company.breaches() == []


def _italian(number: int) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"italian-{number}",
        "source": "/forms",
        "type": "lead.submitted",
        "data": {"email": f"a@italian{number}.example", "country": "IT", "lead_type": "demo_request"},
    }


def test_half_a_plan_comes_back(company: Pipeline, plan: Plan, say: Say) -> None:
    """What a paused or cancelled plan has moved can be undone; what it has not moved stays planned and unmoved."""
    before = company.rows(_STANDING)
    plan_id = plan(territory="north", to="pool:vikings")
    say(plan_id, "apply", run=False)
    moving.move_batch(company.context, plan_id)
    say(plan_id, "pause", run=False)

    done = say(plan_id, "undo")

    assert (done["undone"], done["pending"]) == (4, 8)
    assert company.rows(_STANDING) == before


def test_a_plan_on_its_way_back_is_only_resumed(company: Pipeline, plan: Plan, say: Say) -> None:
    """Paused half way back, it goes on going back."""
    plan_id = plan(territory="north", to="pool:vikings")
    say(plan_id, "apply")
    say(plan_id, "undo", run=False)
    moving.move_batch(company.context, plan_id)
    say(plan_id, "pause", run=False)

    with pytest.raises(RefusedError, match="half way back"):
        say(plan_id, "cancel", run=False)
    done = say(plan_id, "resume")

    assert (done["state"], done["undone"]) == ("undone", 12)


def test_both_reps_are_told_of_the_way_back(company: Pipeline, plan: Plan, say: Say) -> None:
    """Who gets leads again, and who loses them, reads it in one message each."""
    plan_id = plan(rep="ann", to="rep:erik")
    say(plan_id, "apply")
    company.rows("DELETE FROM notice")

    say(plan_id, "undo")

    told = company.rows("SELECT recipient, lead_ids FROM report.notification WHERE kind = 'reassigned' ORDER BY 1")
    assert [(one["recipient"], len(one["lead_ids"])) for one in told] == [("ann", 6), ("erik", 6)]

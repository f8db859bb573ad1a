"""How a batch of a plan is undone: every lead that nobody touched goes back, with the clock that it had."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.custody.clock import queue_steps
from shared.custody.move import Move, Step, whole_second
from shared.domain.lead import OwnerKind, Stage, Status
from shared.routing.policy.balance import Picker
from shared.routing.policy.case import Coverage
from shared.routing.policy.moves import Ruling
from workers.reassignment.policy.giving import Batch, Settled, Standing
from workers.reassignment.policy.order import MoveState, Plan, Planned


@dataclass(frozen=True, slots=True)
class Moved:
    """A lead that the plan has moved: what was planned, the custody it began, and what the lead had before.

    `steps` are those of the former clock that were still ahead when the lead was moved, at `moved_at`.
    """

    planned: Planned
    new_epoch: int
    moved_at: datetime
    former: Mapping[str, Any]
    steps: tuple[Step, ...] = ()


def take_back(
    plan: Plan, ruling: Ruling, coverage: Coverage, moved: Sequence[Moved], leads: Mapping[int, Standing]
) -> Batch:
    """Decide a batch of the way back; leads that were touched since, and whose owner has left, stay and are listed."""
    pickers = {name: Picker(state) for name, state in coverage.pools.items()}
    moves: list[Move] = []
    settled: list[Settled] = []
    for one in moved:
        planned, lead = one.planned, leads.get(one.planned.lead_id)
        reason = _refusal(one, lead, ruling, coverage)
        if reason is not None or lead is None:
            settled.append(Settled(planned.lead_id, MoveState.KEPT, reason))
            continue
        if planned.pool is not None and planned.to_owner:
            pickers[planned.pool].take_back(planned.to_owner)
        moves.append(_move(plan, ruling, one, lead))
        settled.append(Settled(planned.lead_id, MoveState.UNDONE))
    return Batch(tuple(moves), tuple(settled), {name: picker.state() for name, picker in pickers.items()})


def _refusal(one: Moved, lead: Standing | None, ruling: Ruling, coverage: Coverage) -> str | None:
    """Return why the lead stays where it is."""
    if lead is None or lead.owner is None:
        return "changed" if lead is None else f"now_{lead.status}"
    if lead.epoch != one.new_epoch:
        return f"now_with:{lead.owner}"
    if lead.touched:
        return "touched"
    if lead.status is not _given_status(one):
        return f"now_{lead.status}"
    return _owner_is_gone(one.planned, ruling, coverage)


def _given_status(one: Moved) -> Status:
    return Status(one.former.get("given", Status.OFFERED))


def _owner_is_gone(planned: Planned, ruling: Ruling, coverage: Coverage) -> str | None:
    if planned.from_kind == OwnerKind.QUEUE:
        return None if planned.from_owner in ruling.policy.queues else "unknown_queue"
    state = coverage.reps.get(planned.from_owner)
    if state is None:
        return "unknown_rep"
    return None if state.rep.is_active else "departed"


def _move(plan: Plan, ruling: Ruling, one: Moved, lead: Standing) -> Move:
    planned, former = one.planned, one.former
    return Move(
        lead_id=planned.lead_id,
        from_status=lead.status,
        status=Status(planned.from_status),
        stage=Stage.REASSIGNMENT,
        outcome="undone",
        policy_version=former.get("policy_version", plan.policy_version),
        owner_kind=OwnerKind(planned.from_kind),
        owner=planned.from_owner,
        reason="reassignment",
        end_reason="undone",
        hold_reason=former.get("hold_reason"),
        next_attempt_at=former.get("next_attempt_at"),
        plan_id=plan.plan_id,
        made_by=plan.made_by,
        overdue_at=former.get("overdue_at"),
        steps=_steps(ruling, one),
        detail={"plan": plan.plan_id, "former_owner": planned.to_owner, "note": plan.note},
    )


def _steps(ruling: Ruling, one: Moved) -> tuple[Step, ...]:
    """Return the clock as it was: what is still ahead keeps its instant, what has passed gets the time it had left."""
    steps = tuple(
        Step(step.ladder, step.step, step.action, _due_at(step.due_at, one.moved_at, ruling.now), step.detail)
        for step in one.steps
    )
    if not steps and one.planned.from_kind == OwnerKind.QUEUE:
        # Whoever answers for the queue was told once; nobody would be told again without a new clock.
        return queue_steps(ruling.policy.queues[one.planned.from_owner], ruling.now)
    return steps


def _due_at(due_at: datetime, moved_at: datetime, now: datetime) -> datetime:
    return due_at if due_at > now else whole_second(now + max(due_at - moved_at, timedelta()))

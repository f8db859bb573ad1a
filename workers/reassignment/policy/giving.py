"""What a batch of a plan does: leads that stand as the plan saw them go where it says, the others are skipped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.custody.clock import ladder_steps, queue_steps
from shared.custody.move import Move, Notice, Step
from shared.custody.states import RepState
from shared.domain.lead import OwnerKind, Stage, Status
from shared.routing.policy.balance import Picker, PoolState
from shared.routing.policy.case import Coverage
from shared.routing.policy.moves import Ruling
from workers.reassignment.policy.order import MoveState, Plan, Planned


@dataclass(frozen=True, slots=True)
class Standing:
    """A lead under its lock, with the custody that runs and the steps of its clock that are still ahead."""

    status: Status
    epoch: int
    owner_kind: str | None
    owner: str | None
    test: bool = False
    pool: str | None = None
    policy_version: int = 0
    hold_reason: str | None = None
    next_attempt_at: datetime | None = None
    overdue_at: datetime | None = None
    touched: bool = False
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one lead of a plan; `former` is what it is to have again when the plan is undone."""

    lead_id: int
    state: MoveState
    reason: str | None = None
    former: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch does: moves, what became of each lead, and the pools' ledgers after it."""

    moves: tuple[Move, ...]
    settled: tuple[Settled, ...]
    ledgers: Mapping[str, PoolState]


class Giving:
    """Decides one batch; lives inside `give` and is thrown away."""

    def __init__(self, plan: Plan, ruling: Ruling, coverage: Coverage) -> None:
        self._plan = plan
        self._ruling = ruling
        self._coverage = coverage
        self._pickers = {name: Picker(state) for name, state in coverage.pools.items()}
        self._loads = {rep_id: state.open_leads for rep_id, state in coverage.reps.items()}
        self._absent = {rep_id: _absence(state, coverage.now) for rep_id, state in coverage.reps.items()}
        self._pools_of: dict[str, list[str]] = {}
        for name, pool in coverage.pools.items():
            for seat in pool.seats:
                self._pools_of.setdefault(seat.rep_id, []).append(name)
        self._ladders: dict[tuple[object, ...], tuple[Step, ...]] = {}

    def ledgers(self) -> dict[str, PoolState]:
        """Return the pools after the batch."""
        return {name: picker.state() for name, picker in self._pickers.items()}

    def refusal(self, planned: Planned, lead: Standing | None) -> str | None:
        """Return why the lead cannot go where the plan says, None when it can; a pool's turn is taken with it."""
        if lead is None or _has_changed(planned, lead):
            return "changed" if lead is None else _change(planned, lead)
        if planned.to_kind == OwnerKind.QUEUE:
            return None if planned.to_owner in self._ruling.policy.queues else "unknown_queue"
        rep_id = planned.to_owner or ""
        problem = self._problem(rep_id)
        if problem is None and planned.pool is not None:
            problem = self._pickers[planned.pool].give(rep_id)
        if problem is None:
            self._count(rep_id, 1, but=planned.pool)
            if planned.from_kind == OwnerKind.REP:
                self._count(planned.from_owner, -1)
        return problem

    def _problem(self, rep_id: str) -> str | None:
        state = self._coverage.reps.get(rep_id)
        if state is None:
            return "unknown_rep"
        full = state.rep.capacity is not None and self._loads[rep_id] >= state.rep.capacity
        return self._absent[rep_id] or ("at_capacity" if full else None)

    def _count(self, rep_id: str, leads: int, but: str | None = None) -> None:
        self._loads[rep_id] = self._loads.get(rep_id, 0) + leads
        for name in self._pools_of.get(rep_id, ()):
            if name != but:
                self._pickers[name].add_load(rep_id, leads)

    def move(self, planned: Planned, lead: Standing) -> Move:
        """Return the move of a lead that nothing refuses."""
        status = _status(self._plan, planned)
        kept = _kept_steps(self._plan, lead, status)
        return _move(self._plan, planned, lead, status, kept, kept or self._steps(planned, status))

    def _steps(self, planned: Planned, status: Status) -> tuple[Step, ...]:
        """Return the clock that starts now; the leads of a batch that go the same way share it."""
        way = (planned.ladder, planned.to_owner, planned.pool, status)
        if way not in self._ladders:
            self._ladders[way] = _new_steps(self._ruling, planned, status)
        return self._ladders[way]


def _absence(state: RepState, now: datetime) -> str | None:
    if not state.rep.is_active:
        return "departed"
    return "away" if state.away_at(now) else None


def give(
    plan: Plan, ruling: Ruling, coverage: Coverage, planned: Sequence[Planned], leads: Mapping[int, Standing]
) -> Batch:
    """Decide a batch: reps are looked at again under their locks, and a lead that moved on is never overwritten."""
    giving = Giving(plan, ruling, coverage)
    moves: list[Move] = []
    settled: list[Settled] = []
    for one in planned:
        lead = leads.get(one.lead_id)
        reason = giving.refusal(one, lead)
        if reason is not None or lead is None:
            settled.append(Settled(one.lead_id, MoveState.SKIPPED, reason))
            continue
        move = giving.move(one, lead)
        moves.append(move)
        settled.append(Settled(one.lead_id, MoveState.MOVED, former=_former(move, lead)))
    return Batch(tuple(moves), tuple(settled), giving.ledgers())


def _has_changed(planned: Planned, lead: Standing) -> bool:
    return (lead.epoch, lead.status) != (planned.epoch, planned.from_status)


def _change(planned: Planned, lead: Standing) -> str:
    """Say what a lead did since the plan: who has it now, or what it became."""
    if lead.epoch == planned.epoch or lead.owner is None:
        return f"now_{lead.status}"
    return f"now_with:{lead.owner}"


def _former(move: Move, lead: Standing) -> dict[str, Any]:
    kept = {
        "given": move.status,
        "pool": lead.pool,
        "policy_version": lead.policy_version,
        "hold_reason": lead.hold_reason,
        "next_attempt_at": lead.next_attempt_at,
        "overdue_at": lead.overdue_at,
    }
    return {name: value for name, value in kept.items() if value is not None}


def _move(
    plan: Plan, planned: Planned, lead: Standing, status: Status, kept: tuple[Step, ...], steps: tuple[Step, ...]
) -> Move:
    return Move(
        lead_id=planned.lead_id,
        from_status=lead.status,
        status=status,
        stage=Stage.REASSIGNMENT,
        outcome="reassigned",
        policy_version=lead.policy_version if kept else plan.policy_version,
        owner_kind=OwnerKind(planned.to_kind or OwnerKind.REP),
        owner=planned.to_owner,
        reason="reassignment",
        rule=planned.rule,
        pool=planned.pool,
        end_reason="reassigned",
        plan_id=plan.plan_id,
        made_by=plan.made_by,
        overdue_at=lead.overdue_at if kept else None,
        steps=steps,
        detail={"plan": plan.plan_id, "former_owner": planned.from_owner, "note": plan.note},
    )


def _status(plan: Plan, planned: Planned) -> Status:
    if planned.to_kind == OwnerKind.QUEUE:
        return Status.POOLED
    is_kept = plan.accepted == "keep" and planned.from_status == Status.ACCEPTED
    return Status.ACCEPTED if is_kept else Status.OFFERED


def _kept_steps(plan: Plan, lead: Standing, status: Status) -> tuple[Step, ...]:
    """Return the steps that go on running: only where the lead stands as before does its clock mean the same."""
    return lead.steps if plan.clock == "keep" and status is lead.status else ()


def _new_steps(ruling: Ruling, planned: Planned, status: Status) -> tuple[Step, ...]:
    if status is Status.POOLED:
        return queue_steps(ruling.policy.queues[planned.to_owner or ""], ruling.now)
    ladders = ruling.policy.sla_at(planned.ladder)
    pool = ruling.policy.pools.get(planned.pool) if planned.pool else None
    hours = ruling.clocks.hours(ladders.clock, planned.to_owner, pool.calendar if pool else None)
    if status is Status.ACCEPTED:
        return ladder_steps("first_touch", ladders.first_touch, ruling.now, hours)
    return ruling.ladder(ladders, hours)


def as_notices(plan: Plan, groups: Mapping[tuple[str, str | None, str | None], Sequence[int]]) -> list[Notice]:
    """Return one notice per rep and way: `groups` are leads by who is told, from whom and to whom they went."""
    return [
        Notice("reassigned", rep_id, "rep", tuple(sorted(lead_ids)), _told(plan, former, holder))
        for (rep_id, former, holder), lead_ids in sorted(groups.items(), key=lambda item: tuple(map(str, item[0])))
    ]


def _told(plan: Plan, former: str | None, holder: str | None) -> dict[str, Any]:
    return {"by": plan.made_by, "reason": plan.note, "from": former, "to": holder, "plan": plan.plan_id}

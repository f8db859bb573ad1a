"""Moves a plan on, batch by batch, forwards or back; each batch is a transaction, and the plan's row is its lock."""

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.custody import apply_moves, write_notices
from shared.custody.reps import RosterShelf
from shared.db.transaction import Transaction, transaction
from shared.domain.lead import OwnerKind
from shared.routing.coverage import lock_named
from shared.routing.queries.pools import write_ledgers
from workers.reassignment.measure import count_moved
from workers.reassignment.policy.giving import Batch, Standing, as_notices, give
from workers.reassignment.policy.order import Plan, Planned, PlanState
from workers.reassignment.policy.taking_back import take_back
from workers.reassignment.queries import batches as queries
from workers.reassignment.queries import plans

#: New leads wait for the same reps as long as a batch takes: some ten milliseconds are no delay, some hundred are.
BUSY_PART = 10
#: Nobody came for so long: then nobody waits for a batch either.
QUIET_SECONDS = 2.0
#: One message moves batches for so long; then it hands the plan on, so that another plan has its turn.
TURN_SECONDS = 1.0
#: Reps are told of what came and went once a minute while a plan runs, and when it has ended.
TELL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """When the next batch is due, in seconds, and whether nobody is coming who would wait for its reps."""

    delay: float
    is_quiet: bool


def move_on(context: Context, plan_id: int) -> float | None:
    """Move batches of a plan for a turn; return in how many seconds the next is due, None when nothing is left.

    While new leads come, it rests after each batch for as long as that took: half of the time belongs to them.
    """
    rest, began = threading.Event(), time.monotonic()
    until = began + TURN_SECONDS
    pace = move_batch(context, plan_id)
    while pace is not None and pace.delay == 0.0 and time.monotonic() < until:
        if not pace.is_quiet:
            rest.wait(time.monotonic() - began)
        began = time.monotonic()
        pace = move_batch(context, plan_id)
    return None if pace is None else pace.delay


def move_batch(context: Context, plan_id: int) -> Pace | None:
    """Move the next batch of a plan; return when the one after it is due, None when this was the last.

    A plan that is paused, or that another worker is moving at this moment, has no next batch here.
    """
    with transaction(context.engine, context.publisher) as tx:
        plan = plans.lock_plan(tx, plan_id, wait=False)
        if plan is None or plan.state not in {PlanState.APPLYING, PlanState.UNDOING}:
            return None
        is_quiet = plans.is_quiet(tx, QUIET_SECONDS)
        size = _size(plan, context.settings.reassignment_batch_size, is_quiet=is_quiet)
        move = _forwards if plan.state is PlanState.APPLYING else _back
        settled = move(context, tx, plan, size)
        count_moved(tx, plan, settled)
        delay = _note(tx, plan, settled)
    return None if delay is None else Pace(delay, is_quiet)


def _size(plan: Plan, most: int, *, is_quiet: bool) -> int:
    """Return how many leads the batch has: a tenth while new leads come, at a slow rate one second's worth."""
    usual = most if is_quiet else max(1, most // BUSY_PART)
    return usual if plan.rate is None else max(1, min(usual, int(plan.rate)))


def _forwards(context: Context, tx: Transaction, plan: Plan, size: int) -> Counter[str]:
    planned = queries.claim_pending(tx, plan.plan_id, size)
    if not planned:
        return Counter()
    leads = queries.load_standing(tx, [one.lead_id for one in planned], with_steps=plan.clock == "keep")
    version = context.policies.version(tx, plan.policy_version)
    coverage, ruling = lock_named(tx, context.shelf(RosterShelf), version, _pools(planned), _reps(planned, leads))
    batch = give(plan, ruling, coverage, planned, leads)
    write_ledgers(tx, coverage.pools, batch.ledgers)
    epochs = _write(context, tx, batch)
    queries.write_settled(tx, plan.plan_id, batch.settled, epochs)
    return Counter(str(one.state) for one in batch.settled)


def _back(context: Context, tx: Transaction, plan: Plan, size: int) -> Counter[str]:
    moved = queries.claim_moved(tx, plan.plan_id, size)
    if not moved:
        return Counter()
    planned = [one.planned for one in moved]
    leads = queries.load_standing(tx, [one.lead_id for one in planned], with_steps=False)
    version = context.policies.version(tx, plan.policy_version)
    coverage, ruling = lock_named(tx, context.shelf(RosterShelf), version, _pools(planned), _reps(planned, leads))
    batch = take_back(plan, ruling, coverage, moved, leads)
    write_ledgers(tx, coverage.pools, batch.ledgers)
    _write(context, tx, batch)
    queries.write_settled(tx, plan.plan_id, batch.settled, {})
    return Counter(str(one.state) for one in batch.settled)


def _pools(planned: Sequence[Planned]) -> set[str]:
    return {one.pool for one in planned if one.pool}


def _reps(planned: Sequence[Planned], leads: Mapping[int, Standing]) -> set[str]:
    """Return every rep who gets or loses a lead of the batch."""
    ways = {(one.from_kind, one.from_owner) for one in planned} | {(one.to_kind, one.to_owner) for one in planned}
    ways |= {(one.owner_kind, one.owner) for one in leads.values()}
    return {name for kind, name in ways if kind == OwnerKind.REP and name}


def _write(context: Context, tx: Transaction, batch: Batch) -> dict[int, int]:
    """Move the leads of a batch and return their new custodies; what falls due soon is armed, all else later."""
    horizon = tx.started_at + timedelta(seconds=context.settings.arm_horizon_seconds)
    soon = [move.lead_id for move in batch.moves if any(step.due_at <= horizon for step in move.steps)]
    tx.hand_on(TaskName.ARM, soon)
    return apply_moves(tx, batch.moves)


def _note(tx: Transaction, plan: Plan, settled: Mapping[str, int]) -> float | None:
    """Write the tallies; end the plan when nothing is left, and tell the reps when it is time."""
    total = sum(settled.values())
    change = dict(settled)
    change["pending" if plan.state is PlanState.APPLYING else "moved"] = -total
    delay = total / plan.rate if plan.rate and total else 0.0
    plans.count_settled(tx, plan.plan_id, change, delay)
    is_told = plan.told_at is not None and (tx.started_at - plan.told_at).total_seconds() < TELL_SECONDS
    if total and is_told:
        return delay
    _tell(tx, plan)
    if total:
        return delay
    plans.set_state(tx, plan.plan_id, PlanState.APPLIED if plan.state is PlanState.APPLYING else PlanState.UNDONE)
    return None


def _tell(tx: Transaction, plan: Plan) -> None:
    notices = as_notices(plan, queries.load_untold(tx, plan.plan_id, plan.told_at))
    tx.hand_on(TaskName.SEND, write_notices(tx, notices))
    plans.note_told(tx, plan.plan_id)

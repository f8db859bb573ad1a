"""Fires what is due of some leads: claim, load, decide, apply, in one transaction, whoever asks for it."""

from collections.abc import Sequence
from datetime import timedelta

from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.custody import apply_moves, write_notices
from shared.custody import reps as rep_queries
from shared.custody.reps import RosterShelf
from shared.db.policies import Version
from shared.db.transaction import Transaction
from workers.escalation.measure import count_fired
from workers.escalation.policy.firing import Due, Fired, Ruling, Storm, fire
from workers.escalation.queries import firing as queries
from workers.escalation.queries import storm
from workers.escalation.queries.signals import wake

#: How long a held-back move waits before it is looked at again: soon after the cap has room, and not every tick.
PAUSE_STEP = timedelta(seconds=30)


def fire_due(
    context: Context, tx: Transaction, lead_ids: Sequence[int], fired_by: str, *, skip_locked: bool = False
) -> Fired:
    """Fire every due step of these leads, exactly once; what comes early, twice or too late changes nothing."""
    custodies = queries.claim(tx, lead_ids, skip_locked=skip_locked)
    due = queries.load_due(tx, custodies)
    version = context.policies.active(tx)
    if not due or version is None:
        return Fired()
    roster = rep_queries.load_roster(tx, context.shelf(RosterShelf))
    policies = {number: context.policies.version(tx, number).policy for number in {one.policy_version for one in due}}
    fired = fire(due, custodies, Ruling(tx.started_at, policies, roster, _storm(tx, version, due)))
    rep_queries.lock(tx, {one.owner for one in custodies.values() if one.owner_kind == "rep" and one.owner})
    _apply(tx, fired, fired_by)
    count_fired(tx, fired, fired_by)
    return fired


def _storm(tx: Transaction, version: Version, due: Sequence[Due]) -> Storm:
    """Say how many moves may be made now; nobody asks while nothing is to be moved."""
    if not any(one.action == "move_to" for one in due):
        return Storm()
    if storm.is_paused(tx):
        return Storm(paused=True)
    cap = version.policy.storm_cap
    if cap is None or not any(tx.started_at - one.due_at > cap.when_late_by for one in due):
        return Storm()
    made = storm.count_late_moves(tx, cap.moves.per, cap.when_late_by)
    return Storm(max(0, cap.moves.count - made), cap.when_late_by)


def _apply(tx: Transaction, fired: Fired, fired_by: str) -> None:
    queries.mark_fired(tx, fired.fired, fired_by)
    queries.cancel(tx, fired.stale)
    queries.defer(tx, fired.deferred, tx.started_at + PAUSE_STEP)
    queries.mark_overdue(tx, fired.overdue, fired.missed)
    marks = [one for one in fired.fired if one.action in {"remind", "flag_overdue", "escalate"}]
    queries.record_marks(tx, marks, fired_by)
    apply_moves(tx, fired.moves)
    woken = wake(tx, dict.fromkeys((one.lead_id for one in fired.waking), "track"))
    tx.hand_on(TaskName.SEND, write_notices(tx, fired.notices()))
    tx.hand_on(TaskName.DEDUPLICATE, [*fired.released, *woken])
    tx.hand_on(TaskName.ASSIGN, fired.rerouted)
    tx.hand_on(TaskName.ARM, [move.lead_id for move in fired.moves])

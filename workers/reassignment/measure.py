"""What the room counts, in the transaction of what it counts."""

from collections.abc import Mapping

from shared.db.transaction import Transaction
from shared.metrics import REASSIGNMENTS
from workers.reassignment.policy.order import MoveState, Plan


def count_moved(tx: Transaction, plan: Plan, settled: Mapping[str, int]) -> None:
    """Count the leads that a batch has moved, by what the plan was about, or as undone."""
    for state, reason in ((MoveState.MOVED, plan.kind), (MoveState.UNDONE, "undo")):
        if settled.get(state):
            tx.count(REASSIGNMENTS, reason, amount=settled[state])

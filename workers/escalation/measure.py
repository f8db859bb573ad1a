"""Counts what fires, in the transaction that fires it."""

from collections import Counter

from shared.db.transaction import Transaction
from shared.metrics import ESCALATION_LATENESS, ESCALATIONS
from workers.escalation.policy.firing import Fired


def count_fired(tx: Transaction, fired: Fired, fired_by: str) -> None:
    """Count fired steps by action and by who fired them, with how late they were; a deferral is not lateness."""
    for action, steps in Counter(one.action for one in fired.fired).items():
        tx.count(ESCALATIONS, action, fired_by, amount=steps)
    tx.observe(ESCALATION_LATENESS, [(tx.started_at - one.ready_at).total_seconds() for one in fired.fired])

"""Counts what fired, after it has committed."""

from datetime import datetime

from shared.metrics import ESCALATION_LATENESS, ESCALATIONS
from workers.escalation.policy.firing import Fired


def count_fired(fired: Fired, fired_by: str, now: datetime) -> None:
    """Count fired steps by action and by who fired them, with how late they were."""
    for one in fired.fired:
        ESCALATIONS.labels(action=one.action, fired_by=fired_by).inc()
        ESCALATION_LATENESS.observe(max(0.0, (now - one.due_at).total_seconds()))

"""Counts what the assignment did, after it has committed."""

from collections.abc import Sequence
from datetime import UTC, datetime

from shared.metrics import LEADS_ASSIGNED, ROUTING, TIME_TO_ASSIGNMENT
from workers.assignment.policy.place import Placement


def count_assigned(placements: Sequence[Placement]) -> None:
    """Count leads that got a rep, with the time since they were accepted and since they left the buffer."""
    now = datetime.now(UTC)
    for placement in placements:
        if placement.kind != "rep" or placement.case.test:
            continue
        segment = placement.route.derived.values.get("segment")
        LEADS_ASSIGNED.labels(reason=placement.reason, segment=str(segment or "unknown")).inc()
        TIME_TO_ASSIGNMENT.observe((now - placement.case.received_at).total_seconds())
        ROUTING.observe((now - placement.case.released_at).total_seconds())

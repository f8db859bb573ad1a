"""Counts what the assignment did, after it has committed."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from shared.metrics import LEADS_ASSIGNED, ROUTING, TIME_TO_ASSIGNMENT
from shared.routing.policy.place import Placement


def count_assigned(placements: Sequence[Placement]) -> None:
    """Count leads that got a rep, with the time since they were accepted and since they left the buffer."""
    now = datetime.now(UTC)
    given = [one for one in placements if one.kind == "rep" and not one.case.test]
    kinds = Counter((one.reason, str(one.route.derived.values.get("segment") or "unknown")) for one in given)
    for (reason, segment), leads in kinds.items():
        LEADS_ASSIGNED.labels(reason=reason, segment=segment).inc(leads)
    for placement in given:
        TIME_TO_ASSIGNMENT.observe((now - placement.case.received_at).total_seconds())
        ROUTING.observe((now - placement.case.released_at).total_seconds())

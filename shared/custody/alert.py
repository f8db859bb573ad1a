"""What the keeper of a queue is told when leads come into it; pure."""

from collections.abc import Collection

from shared.custody.move import Notice
from shared.policy.document import Queue, QueueKind


def alerts(queue: Queue, lead_ids: Collection[int]) -> list[Notice]:
    """Return the alert of a queue about leads that come to lie in it; none where it names nobody to tell."""
    if not queue.alert or not lead_ids:
        return []
    kind = "shark_tank" if queue.kind is QueueKind.CLAIM else "exception"
    return [Notice(kind, queue.alert, "queue", tuple(sorted(lead_ids)))]

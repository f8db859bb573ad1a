"""Leads that come to lie in a queue: the move that brings one there, and what the queue's keeper is told; pure."""

from collections.abc import Collection
from datetime import datetime

from shared.custody.clock import queue_steps
from shared.custody.move import Move, Notice
from shared.domain.lead import OwnerKind, Stage, Status
from shared.policy.document import Queue, QueueKind


def hold(queue: Queue, policy_version: int, now: datetime, lead_id: int, from_status: Status, why: str) -> Move:
    """Move a lead that nobody answers for any more into a queue, on the queue's clock, held for the same sake."""
    return Move(
        lead_id=lead_id,
        from_status=from_status,
        status=Status.HELD,
        stage=Stage.ESCALATION,
        outcome="held",
        policy_version=policy_version,
        owner_kind=OwnerKind.QUEUE,
        owner=queue.name,
        reason="escalation",
        end_reason=why,
        hold_reason=why,
        steps=queue_steps(queue, now),
    )


def alerts(queue: Queue, lead_ids: Collection[int]) -> list[Notice]:
    """Return the alert of a queue about leads that come to lie in it; none where it names nobody to tell."""
    if not queue.alert or not lead_ids:
        return []
    kind = "shark_tank" if queue.kind is QueueKind.CLAIM else "exception"
    return [Notice(kind, queue.alert, "queue", tuple(sorted(lead_ids)))]

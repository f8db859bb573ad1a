"""What becomes of a rep's leads when the rep goes away: kept, given to the cover, or decided again. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.custody.move import Move
from shared.custody.queue import hold
from shared.domain.lead import Status
from shared.policy.compile import Policy
from shared.policy.document import OnAbsence, Queue


@dataclass(frozen=True, slots=True)
class Left:
    """A lead that a rep holds who has gone away."""

    lead_id: int
    status: Status
    owner: str
    rule: str | None


def hand_over(
    policy: Policy, version: int, last_queue: str, held: Sequence[Left], covers: Mapping[str, str | None], now: datetime
) -> list[Move]:
    """Return the moves of the leads that do not stay; the last queue answers for them until they are placed."""
    ways = {Status.OFFERED: policy.on_away.offered, Status.ACCEPTED: policy.on_away.accepted}
    queue = policy.queues[last_queue]
    moves = []
    for lead in held:
        way = ways.get(lead.status, OnAbsence.KEEP)
        if way is not OnAbsence.KEEP:
            cover = covers.get(lead.owner) if way is OnAbsence.COVER else None
            moves.append(_to_queue(queue, version, lead, cover, now))
    return moves


def _to_queue(queue: Queue, version: int, lead: Left, cover: str | None, now: datetime) -> Move:
    return replace(
        hold(queue, version, now, lead.lead_id, lead.status, "owner_away"),
        rule=lead.rule,
        next_attempt_at=now,
        directive={"targets": [f"rep:{cover}"], "without": lead.owner} if cover else None,
        detail={"former_owner": lead.owner},
    )

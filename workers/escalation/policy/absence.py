"""What becomes of a rep's leads when the rep goes away: kept, given to the cover, or decided again. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.custody.clock import queue_steps
from shared.custody.move import Move
from shared.domain.lead import OwnerKind, Stage, Status
from shared.policy.compile import Policy
from shared.policy.document import OnAbsence


@dataclass(frozen=True, slots=True)
class Left:
    """A lead that a rep holds who has gone away."""

    lead_id: int
    status: Status
    owner: str
    rule: str | None
    policy_version: int


def hand_over(
    policy: Policy, version: int, last_queue: str, held: Sequence[Left], covers: Mapping[str, str | None], now: datetime
) -> list[Move]:
    """Return the moves of the leads that do not stay; the last queue answers for them until they are placed."""
    ways = {Status.OFFERED: policy.on_away.offered, Status.ACCEPTED: policy.on_away.accepted}
    steps = queue_steps(policy.queues[last_queue], now)
    moves = []
    for lead in held:
        way = ways.get(lead.status, OnAbsence.KEEP)
        if way is not OnAbsence.KEEP:
            cover = covers.get(lead.owner) if way is OnAbsence.COVER else None
            moves.append(replace(_to_queue(lead, last_queue, cover, now), policy_version=version, steps=steps))
    return moves


def _to_queue(lead: Left, queue: str, cover: str | None, now: datetime) -> Move:
    return Move(
        lead_id=lead.lead_id,
        from_status=lead.status,
        status=Status.HELD,
        stage=Stage.ESCALATION,
        outcome="held",
        policy_version=lead.policy_version,
        owner_kind=OwnerKind.QUEUE,
        owner=queue,
        reason="escalation",
        rule=lead.rule,
        end_reason="owner_away",
        hold_reason="owner_away",
        next_attempt_at=now,
        directive={"targets": [f"rep:{cover}"], "without": lead.owner} if cover else None,
        detail={"former_owner": lead.owner},
    )

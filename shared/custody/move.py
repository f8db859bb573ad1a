"""A change of custody as a value: where the lead goes, who holds it there, on which clock, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.domain.lead import OwnerKind, Stage, Status


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of a ladder: what happens at `due_at` unless the ladder has ended by then."""

    ladder: str
    step: int
    action: str
    due_at: datetime
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """One lead's move from the status it stands in to another, with its holder if that status has one.

    `end_reason` says why the custody that runs now ends; blank for a lead that nobody holds yet.
    """

    lead_id: int
    from_status: Status
    status: Status
    stage: Stage
    outcome: str
    policy_version: int
    owner_kind: OwnerKind | None = None
    owner: str | None = None
    reason: str | None = None
    rule: str | None = None
    pool: str | None = None
    end_reason: str | None = None
    hold_reason: str | None = None
    recycle_reason: str | None = None
    track: str | None = None
    merged_into: int | None = None
    next_attempt_at: datetime | None = None
    segment: str | None = None
    product: str | None = None
    intent: int | None = None
    qualified: bool = False
    plan_id: int | None = None
    made_by: str | None = None
    steps: tuple[Step, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell somebody; written with the move it speaks of, delivered by the notification room."""

    kind: str
    recipient: str
    channel: str
    lead_ids: tuple[int, ...]
    body: Mapping[str, Any] = field(default_factory=dict)


def whole_second(at: datetime) -> datetime:
    """Round an instant up to the next whole second: a deadline never fires early."""
    floor = at.replace(microsecond=0)
    return floor if floor == at else floor + timedelta(seconds=1)

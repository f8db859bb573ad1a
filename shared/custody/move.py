"""A change of custody as a value: where the lead goes, who holds it there, on which clock, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.domain.lead import OwnerKind, Stage, Status
from shared.domain.notice import Addressee, NoticeKind


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
    #: Where the assignment is to look for the next owner instead of asking the rules: {targets, without, reason}.
    directive: Mapping[str, Any] | None = None
    segment: str | None = None
    product: str | None = None
    intent: int | None = None
    qualified: bool = False
    opportunity_id: str | None = None
    amount: str | None = None
    plan_id: int | None = None
    made_by: str | None = None
    #: The mark of the former custody, where its clock goes on.
    overdue_at: datetime | None = None
    steps: tuple[Step, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer as it is written: `ends` is the ladder that it ends, `steps` the clock that it starts."""

    lead_id: int
    kind: str
    made_by: str
    ends: str | None = None
    steps: tuple[Step, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell somebody; written with the move it speaks of, delivered by the notification room.

    `kind` is a word of `NoticeKind`; `addressee`, a word of `Addressee`, says what `recipient` is.
    """

    kind: str
    recipient: str
    addressee: str
    lead_ids: tuple[int, ...]
    body: Mapping[str, Any] = field(default_factory=dict)


def track_notice(
    send: str, track: str, lead_ids: Iterable[int], *, reason: str | None = None, insight: str | None = None
) -> Notice:
    """Tell the system behind a nurture track (`send: webhook:map`) which leads came onto it, and why.

    `reason` is the recycle reason, or what else brought them; `insight` is what the policy says marketing learns.
    """
    body = {"track": track, "reason": reason, "insight": insight}
    return Notice(NoticeKind.NURTURE, send, Addressee.TRACK, tuple(sorted(lead_ids)), body)


def whole_second(at: datetime) -> datetime:
    """Round an instant up to the next whole second: a deadline never fires early."""
    floor = at.replace(microsecond=0)
    return floor if floor == at else floor + timedelta(seconds=1)

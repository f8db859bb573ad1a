"""What ops ask for: which leads, to whom, on which clock; and the states of a plan and of each of its leads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from shared.domain.lead import Status
from shared.domain.target import Target, TargetKind

#: A plan is what somebody reviewed; a day later leads and reps are others.
EXPIRES_AFTER: Final = timedelta(hours=24)

#: What is moved unless somebody names other statuses: held leads wait for a person to look at them, not for an owner.
USUAL_STATUSES: Final = (Status.OFFERED, Status.ACCEPTED, Status.POOLED)

#: Where a plan can send leads; everything else is a matter of the rules or of a single lead.
TARGETS: Final = (TargetKind.REP, TargetKind.POOL, TargetKind.QUEUE)


class PlanState(StrEnum):
    """Where a plan stands."""

    PLANNING = "planning"
    PLANNED = "planned"
    APPLYING = "applying"
    PAUSED = "paused"
    APPLIED = "applied"
    CANCELLED = "cancelled"
    UNDOING = "undoing"
    UNDONE = "undone"


class MoveState(StrEnum):
    """What became of one lead of a plan."""

    PENDING = "pending"
    BLOCKED = "blocked"
    MOVED = "moved"
    SKIPPED = "skipped"
    UNDONE = "undone"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which leads are meant; all that is given must hold.

    `leads` are named ones, each with its own target or None for the order's; `difference` are two policy versions
    between which the way of a lead must differ (0 for the first one: the version that the lead's clock runs under).
    """

    rep: str | None = None
    team: str | None = None
    territory: str | None = None
    rule: str | None = None
    statuses: tuple[Status, ...] = USUAL_STATUSES
    created_before: datetime | None = None
    older_than: timedelta | None = None
    leads: Mapping[int, Target | None] | None = None
    difference: tuple[int, int] | None = None

    @property
    def kind(self) -> str:
        """Return the narrowest thing that the scope names: a label of metrics."""
        named = {
            "file": self.leads is not None,
            "rep": self.rep,
            "team": self.team,
            "policy": self.difference,
            "territory": self.territory,
            "rule": self.rule,
        }
        return next((name for name, given in named.items() if given), "status")

    def as_document(self) -> dict[str, Any]:
        """Return what the plan keeps of its scope; of named leads their number."""
        given = {
            "rep": self.rep,
            "team": self.team,
            "territory": self.territory,
            "rule": self.rule,
            "statuses": list(self.statuses),
            "created_before": self.created_before,
            "older_than_seconds": self.older_than.total_seconds() if self.older_than else None,
            "leads": None if self.leads is None else len(self.leads),
            "difference": list(self.difference) if self.difference else None,
        }
        return {"kind": self.kind} | {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Order:
    """A bulk move as it is asked for; `target` None leaves each lead to the policy in force.

    `cap` is how many leads one rep gets by this plan at most; `request_id` names the message that asked, if one did.
    """

    scope: Scope
    target: Target | None = None
    clock: str = "restart"
    accepted: str = "offer"
    cap: int | None = None
    note: str | None = None
    made_by: str = "system"
    expires_after: timedelta = EXPIRES_AFTER
    request_id: str | None = None

    @property
    def target_text(self) -> str:
        """Return the target in words."""
        if self.scope.leads is not None and self.target is None and any(self.scope.leads.values()):
            return "file"
        return str(self.target) if self.target else "policy"


@dataclass(frozen=True, slots=True)
class Planned:
    """One lead of a plan: where it stands and where it is to go, or the reason why it cannot go anywhere."""

    lead_id: int
    epoch: int
    from_status: str
    from_kind: str
    from_owner: str
    state: MoveState
    reason: str | None = None
    to_kind: str | None = None
    to_owner: str | None = None
    pool: str | None = None
    rule: str | None = None
    ladder: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan under its lock, as a batch of it needs it."""

    plan_id: int
    state: PlanState
    clock: str
    accepted: str
    policy_version: int
    kind: str
    made_by: str
    note: str | None = None
    rate: float | None = None
    told_at: datetime | None = None
    tallies: Mapping[str, int] = field(default_factory=dict)

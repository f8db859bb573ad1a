"""What fires: which due steps take effect, which have become stale, and what each effect is. Pure.

A step takes effect only on the custody whose clock it is: same epoch, ladder still running. Marks and notices always
take effect; a move may be deferred by a pause, or by the policy's cap after an outage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from shared.custody.move import Move, Notice
from shared.custody.queue import alerts, hold
from shared.domain.lead import OwnerKind, Status
from shared.domain.notice import Addressee
from shared.domain.rep import Rep
from shared.domain.target import Target, TargetKind
from shared.policy.compile import Policy
from shared.policy.document import QueueKind

#: Whose ladder runs in which status; a step of any other ladder is stale there.
RUNNING = {
    Status.BUFFERING: "buffer",
    Status.OFFERED: "accept",
    Status.ACCEPTED: "first_touch",
    Status.POOLED: "queue",
    Status.HELD: "queue",
    Status.NURTURING: "track",
}


@dataclass(frozen=True, slots=True)
class Due:
    """A step that is due and has neither fired nor been cancelled."""

    lead_id: int
    epoch: int
    ladder: str
    step: int
    action: str
    due_at: datetime
    policy_version: int
    detail: Mapping[str, Any] = field(default_factory=dict)
    deferred_until: datetime | None = None

    @property
    def ready_at(self) -> datetime:
        """Return since when it might have fired: a stated deferral, by a pause or a cap, is not lateness."""
        return self.due_at if self.deferred_until is None else max(self.due_at, self.deferred_until)

    @property
    def key(self) -> tuple[int, int, str, int]:
        """Return the step's key."""
        return (self.lead_id, self.epoch, self.ladder, self.step)


@dataclass(frozen=True, slots=True)
class Custody:
    """A lead as its clock finds it, under its lock."""

    lead_id: int
    status: Status
    epoch: int
    owner_kind: OwnerKind | None
    owner: str | None
    rule: str | None = None
    test: bool = False
    touched: bool = False

    def runs(self, due: Due) -> bool:
        """Say whether the step belongs to the ladder that runs now."""
        if due.epoch != self.epoch or RUNNING.get(self.status) != due.ladder:
            return False
        return not (due.ladder == "first_touch" and self.touched)


@dataclass(frozen=True, slots=True)
class Storm:
    """How many late moves may still be made now; None is as many as there are."""

    moves_left: int | None = None
    when_late_by: timedelta = timedelta(0)
    paused: bool = False


@dataclass(slots=True)
class Fired:
    """Everything that one firing writes."""

    fired: list[Due] = field(default_factory=list)
    stale: list[Due] = field(default_factory=list)
    deferred: list[Due] = field(default_factory=list)
    overdue: list[Custody] = field(default_factory=list)
    released: list[int] = field(default_factory=list)
    waking: list[Due] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    #: Leads whose step names a pool, a rep or a team: the assignment looks for their next owner there.
    rerouted: list[int] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    told: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)

    def notices(self) -> list[Notice]:
        """Return whom to tell: one notice per kind and recipient for the whole firing."""
        return [Notice(*address, tuple(sorted(set(leads)))) for address, leads in sorted(self.told.items())]


@dataclass(frozen=True, slots=True)
class Ruling:
    """The instant, the policies of the pinned versions, and who everybody is."""

    now: datetime
    policies: Mapping[int, Policy]
    roster: Mapping[str, Rep]
    storm: Storm = Storm()


def fire(due: Sequence[Due], custodies: Mapping[int, Custody], ruling: Ruling) -> Fired:
    """Decide about every due step, in the order in which they fell due."""
    firing = _Firing(ruling)
    for step in sorted(due, key=lambda one: (one.due_at, one.lead_id, one.step)):
        firing.decide(step, custodies.get(step.lead_id))
    return firing.result


class _Firing:
    """One batch of due steps while it is decided."""

    def __init__(self, ruling: Ruling) -> None:
        self._ruling = ruling
        self._moved: set[int] = set()
        self._moves_left = ruling.storm.moves_left
        self.result = Fired()

    def decide(self, due: Due, custody: Custody | None) -> None:
        if custody is None or not custody.runs(due) or due.lead_id in self._moved:
            self.result.stale.append(due)
        elif due.action == "move_to" and self._must_wait(due):
            self.result.deferred.append(due)
        else:
            self.result.fired.append(due)
            self._take_effect(due, custody)

    def _must_wait(self, due: Due) -> bool:
        storm = self._ruling.storm
        if storm.paused:
            return True
        if self._moves_left is None or self._ruling.now - due.due_at <= storm.when_late_by:
            return False
        self._moves_left -= 1
        return self._moves_left < 0

    def _take_effect(self, due: Due, custody: Custody) -> None:
        match due.action:
            case "remind":
                self._tell("reminder", due, custody)
            case "flag_overdue":
                self.result.overdue.append(custody)
                self._tell("overdue", due, custody)
            case "escalate":
                self._tell("unclaimed" if custody.status is Status.POOLED else "exception", due, custody)
            case "release":
                self.result.released.append(due.lead_id)
            case "re_engage":
                self._moved.add(due.lead_id)
                self.result.waking.append(due)
            case _:
                self._move(due, custody)

    def _tell(self, kind: str, due: Due, custody: Custody) -> None:
        if custody.test:
            return
        recipient, channel = self._address(str(due.detail.get("notify") or "owner"), due, custody)
        self.result.told.setdefault((kind, recipient, channel), []).append(due.lead_id)

    def _address(self, notify: str, due: Due, custody: Custody) -> tuple[str, str]:
        """Resolve `owner`, `manager`, or an address; nobody is the policy's owner."""
        if notify not in {"owner", "manager"}:
            return notify, Addressee.QUEUE
        rep = self._ruling.roster.get(custody.owner or "") if custody.owner_kind is OwnerKind.REP else None
        if rep is None or (notify == "manager" and not (rep.manager_channel or rep.manager_email)):
            return self._ruling.policies[due.policy_version].owner, Addressee.OPS
        return rep.rep_id, Addressee.MANAGER if notify == "manager" else Addressee.REP

    def _move(self, due: Due, custody: Custody) -> None:
        self._moved.add(due.lead_id)
        if due.detail.get("log") == "non_response" and custody.owner_kind is OwnerKind.REP and custody.owner:
            self.result.missed.append(custody.owner)
        target = Target.parse(str(due.detail["to"]))
        policy = self._ruling.policies[due.policy_version]
        if target.kind is not TargetKind.QUEUE:
            self.result.rerouted.append(due.lead_id)
            self.result.moves.append(self._to_assignment(due, custody, target))
            return
        queue = policy.queues[target.name]
        self.result.moves.append(self._into_queue(due, custody, target.name))
        for notice in alerts(queue, () if custody.test else (due.lead_id,)):
            address = (notice.kind, notice.recipient, notice.addressee)
            self.result.told.setdefault(address, []).extend(notice.lead_ids)

    def _to_assignment(self, due: Due, custody: Custody, target: Target) -> Move:
        """Let the assignment place the lead at the target; until then the last queue answers for it."""
        policy = self._ruling.policies[due.policy_version]
        return replace(
            self._held(due, custody, policy.last_queue.name if policy.last_queue else target.name),
            next_attempt_at=self._ruling.now,
            directive={"targets": [str(target)], "without": custody.owner, "reason": "escalation"},
        )

    def _into_queue(self, due: Due, custody: Custody, name: str) -> Move:
        held = self._held(due, custody, name)
        if self._ruling.policies[due.policy_version].queues[name].kind is not QueueKind.CLAIM:
            return held
        return replace(held, status=Status.POOLED, outcome="pooled", hold_reason=None)

    def _held(self, due: Due, custody: Custody, name: str) -> Move:
        queue = self._ruling.policies[due.policy_version].queues[name]
        why = str(due.detail.get("log") or "escalated")
        return replace(
            hold(queue, due.policy_version, self._ruling.now, due.lead_id, custody.status, why),
            hold_reason="escalated",
            rule=custody.rule,
            detail={"step": due.step, "ladder": due.ladder, "due_at": due.due_at, "former_owner": custody.owner},
        )

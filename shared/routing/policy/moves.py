"""Turns placements into moves of custody: status, owner, clock, notices and the record of why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.custody.clock import Clocks, ladder_steps, queue_steps
from shared.custody.move import Move, Notice, Step, track_notice
from shared.domain.calendar import OpenHours
from shared.domain.lead import OwnerKind, Stage, Status
from shared.domain.notice import Addressee, NoticeKind
from shared.policy.compile import Policy
from shared.policy.derive import Derived
from shared.policy.document import Ladders
from shared.routing.policy.place import Placement, as_record
from shared.routing.policy.record import account_document
from shared.routing.policy.route import Route

#: The status of a lead by where it was placed.
STATUS_OF = {
    "rep": Status.OFFERED,
    "claim": Status.POOLED,
    "exception": Status.HELD,
    "nurture": Status.NURTURING,
    "divert": Status.DIVERTED,
    "suppress": Status.SUPPRESSED,
}


@dataclass(frozen=True, slots=True)
class Ruling:
    """The policy in force, its version, the instant, and who keeps which hours."""

    policy: Policy
    version: int
    now: datetime
    clocks: Clocks
    #: The ladders that were worked out already: the leads of a batch start together.
    _worked_out: dict[tuple[int, int], tuple[Step, ...]] = field(default_factory=dict, repr=False, compare=False)

    def ladder(self, ladders: Ladders, hours: OpenHours) -> tuple[Step, ...]:
        """Return the steps until an answer, for whoever is given a lead now and keeps these hours."""
        key = (id(ladders), id(hours))
        if key not in self._worked_out:
            self._worked_out[key] = ladder_steps("accept", ladders.accept, self.now, hours)
        return self._worked_out[key]


def as_moves(
    ruling: Ruling, placements: Sequence[Placement], snapshots: Mapping[str, int], coverage_id: int | None = None
) -> list[Move]:
    """Return the moves; `snapshots` names the record of each pool as it stood before the batch.

    `coverage_id` is the record of everybody who could have got the leads, where it was kept.
    """
    return [_move(ruling, placement, _detail(placement, snapshots, coverage_id)) for placement in placements]


def stays_held(placement: Placement) -> bool:
    """Say whether a lead that is held already would only be held again, for the same sake."""
    return _held_again(placement) and placement.hold_reason == placement.case.hold_reason


def _held_again(placement: Placement) -> bool:
    return placement.case.from_status is Status.HELD and placement.kind == "exception"


def reopenings(ruling: Ruling, placements: Sequence[Placement]) -> list[Move]:
    """Return the moves that take leads out of the queue which it is to have again, for another sake than before.

    So the queue's keeper is told why it has them now, and the record says what became of the first reason.
    """
    return [_reopening(ruling, placement) for placement in placements if _held_again(placement)]


def _reopening(ruling: Ruling, placement: Placement) -> Move:
    return Move(
        lead_id=placement.case.lead_id,
        from_status=Status.HELD,
        status=Status.MATCHED,
        stage=Stage.ASSIGNMENT,
        outcome="retried",
        policy_version=ruling.version,
        end_reason="retried",
        detail={"hold_reason": placement.case.hold_reason},
    )


def has_clock(placement: Placement) -> bool:
    """Say whether somebody holds the lead from now on, so that deadlines may have been written."""
    return placement.kind in {"rep", "claim", "exception"} and not stays_held(placement)


def _move(ruling: Ruling, placement: Placement, detail: Mapping[str, Any]) -> Move:
    route = placement.route
    is_rep, is_queue = placement.kind == "rep", placement.kind in {"claim", "exception"}
    directive = placement.case.directive
    kind = OwnerKind.REP if is_rep else OwnerKind.QUEUE
    return Move(
        lead_id=placement.case.lead_id,
        from_status=Status.MATCHED if _held_again(placement) else placement.case.from_status,
        status=STATUS_OF[placement.kind],
        stage=Stage.ASSIGNMENT,
        outcome=str(STATUS_OF[placement.kind]),
        policy_version=ruling.version,
        owner_kind=kind if is_rep or is_queue else None,
        owner=placement.name if is_rep or is_queue else None,
        reason=placement.reason if is_rep or is_queue else None,
        rule=route.rule,
        pool=placement.pool,
        end_reason="reassigned" if placement.case.from_status is Status.HELD and not _held_again(placement) else None,
        hold_reason=placement.hold_reason,
        track=placement.name if placement.kind == "nurture" else None,
        next_attempt_at=placement.next_attempt_at,
        # Whoever is looked for again is looked for where the clock or the answer has said.
        directive=directive.as_document() if directive and placement.next_attempt_at else None,
        segment=_word(route.derived.values.get("segment")),
        product=_word(route.derived.values.get("product")),
        intent=min(route.intent, 32_767),
        qualified=route.qualification.passed,
        steps=_steps(ruling, placement),
        detail=detail,
    )


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _steps(ruling: Ruling, placement: Placement) -> tuple[Step, ...]:
    if placement.kind == "rep" and placement.name:
        ladders = ruling.policy.sla_for(placement.route.derived)
        pool = ruling.policy.pools.get(placement.pool) if placement.pool else None
        hours = ruling.clocks.hours(ladders.clock, placement.name, pool.calendar if pool else None)
        return ruling.ladder(ladders, hours)
    if placement.kind in {"claim", "exception"} and placement.name:
        return queue_steps(ruling.policy.queues[placement.name], ruling.now)
    return ()


def _detail(placement: Placement, snapshots: Mapping[str, int], coverage_id: int | None) -> dict[str, Any]:
    """Record the inputs and the way of a decision, so that it can be replayed and explained."""
    route = placement.route
    detail = _asked(route) | {"tried": as_record(placement.tried)}
    if placement.kind in {"claim", "exception", "nurture", "divert"}:
        detail["to"] = placement.name
    if placement.hold_reason is not None:
        detail["hold_reason"] = placement.hold_reason
    if route.match.held_word is not None:
        detail["held_word"] = route.match.held_word
    directive = placement.case.directive
    if directive is not None:
        detail["directive"] = directive.as_document()
    if placement.pool is not None:
        detail["pool"] = {"snapshot": snapshots[placement.pool], "place": placement.place_in_pool}
    if coverage_id is not None:
        detail["coverage"] = coverage_id
    if route.match.first_action is not None:
        action = route.match.first_action
        detail["first_action"] = {"task": action.task, "within_seconds": _seconds(action.within)}
    return detail


def _asked(route: Route) -> dict[str, Any]:
    """Return what the policy was asked with, and whether that made a qualified lead."""
    case, qualification, used = route.case, route.qualification, _used_facts(route.derived)
    account = account_document(case.account, used.keys() | case.facts.keys()) if case.account else {}
    return {
        "inputs": {
            "facts": used,
            "bad": dict(case.bad),
            "account_id": case.account.account_id if case.account else None,
        }
        | ({"account": account} if account else {}),
        "qualification": {
            "passed": qualification.passed,
            "icp": qualification.icp_passed,
            "intent": route.intent,
            "failed": list(qualification.failed),
            "unknown": list(qualification.unknown),
        },
    }


def _used_facts(derived: Derived) -> dict[str, Any]:
    """Return the facts on which the policy rests: what rules test, and what intent is counted from."""
    facts = derived.facts
    kept: dict[str, Any] = {name: facts[name] for name in derived.used if name in facts}
    attributes = facts.get("attributes")
    if isinstance(attributes, Mapping):
        kept["attributes"] = {name: value for name, value in attributes.items() if name in derived.used}
    return kept | {name: facts[name] for name in ("hand_raise", "signals") if facts.get(name)}


def _seconds(duration: Any) -> float | None:
    return None if duration is None else duration.total_seconds()


def as_notices(ruling: Ruling, placements: Sequence[Placement]) -> list[Notice]:
    """Return whom to tell: one notice per kind and recipient for the whole batch; test leads are never spoken of."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for placement in placements:
        if placement.case.test:
            continue
        for kind, recipient, channel in _addresses(ruling, placement):
            groups.setdefault((kind, recipient, channel), []).append(placement.case.lead_id)
    told = [Notice(*address, tuple(sorted(lead_ids))) for address, lead_ids in sorted(groups.items())]
    return told + _track_notices(ruling, placements)


def _track_notices(ruling: Ruling, placements: Sequence[Placement]) -> list[Notice]:
    """Tell the marketing system behind each nurture track which leads came onto it."""
    tracks: dict[str, list[int]] = {}
    for placement in placements:
        if placement.kind == "nurture" and placement.name and not placement.case.test:
            tracks.setdefault(placement.name, []).append(placement.case.lead_id)
    known = ruling.policy.tracks
    return [
        track_notice(send, name, lead_ids, reason="unqualified")
        for name, lead_ids in sorted(tracks.items())
        if name in known and (send := known[name].send)
    ]


def _addresses(ruling: Ruling, placement: Placement) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    notify = ruling.policy.wants_priority(placement.route.derived) if placement.kind == "rep" else None
    if notify and placement.name:
        addressee = {"owner": Addressee.REP, "manager": Addressee.MANAGER}.get(notify)
        address = (placement.name, addressee) if addressee else (notify, Addressee.QUEUE)
        found.append((NoticeKind.PRIORITY, *address))
    queue = ruling.policy.queues.get(placement.name or "") if placement.kind != "rep" else None
    if queue is not None and queue.alert and not stays_held(placement):
        kind = "shark_tank" if placement.kind == "claim" else "exception"
        found.append((kind, queue.alert, "queue"))
    if "original_source" in placement.route.derived.outside:
        found.append(("vocabulary", ruling.policy.owner, "ops"))
    return found

"""What an answer that stands does to custody: the ladder it ends and starts, or the way the lead takes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from shared.custody.clock import Clocks, ladder_steps, queue_steps, track_steps
from shared.custody.move import Answered, Move, Notice, track_notice
from shared.custody.queue import alerts
from shared.domain.lead import OwnerKind, Stage, Status
from shared.domain.target import Target, TargetKind
from shared.policy.compile import Policy
from shared.policy.document import QueueKind, RecycleReason
from workers.escalation.policy.answers import Answer, Held, Kind


@dataclass(frozen=True, slots=True)
class Setting:
    """The instant, the policy of the lead's running clock, and whose hours count."""

    now: datetime
    policy: Policy
    version: int
    clocks: Clocks


def answered(answer: Answer, lead: Held, inputs: Mapping[str, Any], setting: Setting) -> Answered:
    """Return how an answer is written that leaves the lead with its owner."""
    told = {"rep": answer.rep_id, **answer.details}
    detail = {name: value for name, value in told.items() if value is not None}
    if answer.kind is Kind.ACCEPT:
        return Answered(
            answer.lead_id, answer.kind, answer.made_by, "accept", _first_touch(lead, inputs, setting), detail
        )
    ends = "first_touch" if answer.kind is Kind.TOUCH and lead.status is Status.ACCEPTED else None
    return Answered(answer.lead_id, answer.kind, answer.made_by, ends, (), detail)


def _first_touch(lead: Held, inputs: Mapping[str, Any], setting: Setting) -> tuple[Any, ...]:
    """Start the clock of the first touch, unless the rep was faster than the acceptance."""
    if lead.touched:
        return ()
    derived = setting.policy.derive(inputs.get("facts", {}), inputs.get("bad", {}))
    ladders = setting.policy.sla_for(derived)
    pool = setting.policy.pools.get(lead.pool) if lead.pool else None
    hours = setting.clocks.hours(ladders.clock, lead.owner, pool.calendar if pool else None)
    return ladder_steps("first_touch", ladders.first_touch, setting.now, hours)


def claimed(answer: Answer, lead: Held, inputs: Mapping[str, Any], setting: Setting) -> Move:
    """Return the move of a claim, which is an acceptance."""
    taken = Held(lead.lead_id, Status.ACCEPTED, OwnerKind.REP, answer.rep_id, touched=lead.touched)
    return _move(
        answer,
        lead,
        setting,
        Status.ACCEPTED,
        owner_kind=OwnerKind.REP,
        owner=answer.rep_id,
        reason="claim",
        end_reason="claimed",
        outcome="claimed",
        steps=_first_touch(taken, inputs, setting),
    )


def converted(answer: Answer, lead: Held, setting: Setting) -> Move:
    """Return the move of a conversion."""
    opportunity, amount = answer.details.get("opportunity_id"), _amount(answer.details.get("amount"))
    return _move(
        answer,
        lead,
        setting,
        Status.CONVERTED,
        end_reason="converted",
        outcome="converted",
        opportunity_id=str(opportunity) if opportunity else None,
        amount=amount,
    )


def _amount(value: object) -> str | None:
    """Return an amount of money as the database takes it; what is none is left out, the conversion stands."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return str(number) if number.is_finite() and abs(number) < Decimal(10) ** 16 else None


def recycled(answer: Answer, lead: Held, setting: Setting) -> Move:
    """Return the way that the policy gives to a recycled lead by its reason."""
    reason = setting.policy.recycle[answer.reason or ""]
    way = _ways(reason.to, lead, reason, setting, answer)
    return _move(answer, lead, setting, outcome="recycled", end_reason="recycled", recycle_reason=reason.name, **way)


def _ways(target: Target, lead: Held, reason: RecycleReason, setting: Setting, answer: Answer) -> dict[str, Any]:
    match target.kind:
        case TargetKind.NURTURE:
            return _nurture(target.name, reason, setting)
        case TargetKind.SUPPRESS:
            return {"status": Status.SUPPRESSED}
        case TargetKind.DIVERT:
            return {"status": Status.DIVERTED}
        case TargetKind.MERGE:
            return {"status": Status.MERGED, "merged_into": answer.of}
        case TargetKind.QUEUE:
            return _queue(target.name, reason, setting)
        case _:
            return _elsewhere(target, lead, setting)


def _nurture(track: str, reason: RecycleReason, setting: Setting) -> dict[str, Any]:
    return {"status": Status.NURTURING, "track": track, "steps": track_steps(setting.now, reason.after)}


def _queue(name: str, reason: RecycleReason, setting: Setting) -> dict[str, Any]:
    queue = setting.policy.queues[name]
    if queue.kind is QueueKind.FEEDBACK:
        return _nurture(name, reason, setting)
    pooled = queue.kind is QueueKind.CLAIM
    return {
        "status": Status.POOLED if pooled else Status.HELD,
        "hold_reason": None if pooled else f"recycled:{reason.name}",
        "owner_kind": OwnerKind.QUEUE,
        "owner": name,
        "reason": "escalation",
        "steps": queue_steps(queue, setting.now),
    }


def _elsewhere(target: Target, lead: Held, setting: Setting) -> dict[str, Any]:
    """Another owner, a team or a pool: the assignment looks for them at once, never the rep who gave the lead back."""
    fallback = [str(target)] + (["team:account_owner"] if target.kind is TargetKind.OWNER else [])
    last = setting.policy.last_queue
    return {
        "status": Status.HELD,
        "hold_reason": "recycled",
        "owner_kind": OwnerKind.QUEUE,
        "owner": last.name if last else target.name,
        "reason": "escalation",
        "next_attempt_at": setting.now,
        "steps": queue_steps(setting.policy.queues[last.name], setting.now) if last else (),
        "directive": {"targets": fallback, "without": lead.owner, "reason": "escalation"},
    }


def _move(answer: Answer, lead: Held, setting: Setting, status: Status | None = None, **changes: Any) -> Move:
    detail = {
        "rep": answer.rep_id,
        "note": answer.note,
        "of": answer.of,
        "recycle_reason": answer.reason,
        **answer.details,
    }
    return Move(
        lead_id=answer.lead_id,
        from_status=lead.status,
        status=changes.pop("status", status),
        stage=Stage.ANSWER,
        policy_version=setting.version,
        rule=lead.rule,
        made_by=answer.made_by,
        detail={name: value for name, value in detail.items() if value is not None},
        **changes,
    )


def notices_of(moves: list[tuple[Move, Held]], policy: Policy) -> list[Notice]:
    """Tell queues and marketing systems about the leads that came to them; test leads are never spoken of."""
    found: list[Notice] = []
    for move, lead in moves:
        if lead.test:
            continue
        queue = policy.queues.get(move.owner or move.track or "")
        if queue is not None and move.directive is None and move.owner_kind is not OwnerKind.REP:
            found += alerts(queue, [move.lead_id])
        track = policy.tracks.get(move.track or "")
        if track is not None and track.send:
            reason = policy.recycle.get(move.recycle_reason or "")
            insight = reason.insight if reason else None
            found.append(
                track_notice(track.send, track.name, [move.lead_id], reason=move.recycle_reason, insight=insight)
            )
    return found

"""Puts together everything there is to know of one lead: facts, decisions and their reasons, holder, clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.db.policies import PolicyShelf
from shared.db.transaction import Transaction
from shared.policy.explain import RuleTrace
from workers.assignment.policy.explain import (
    Colleague,
    Explanation,
    Recorded,
    Replay,
    can_be_replayed,
    colleagues,
    explain_decision,
    replay,
)
from workers.assignment.policy.wording import decision_words, due_words, hold_mend, hold_words, span_words, tried_words
from workers.assignment.queries import leads as queries

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fact:
    """One known fact and where it comes from."""

    field: str
    value: object
    origin: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One decision of a lead's life, with how long after the one before it was made."""

    sequence: int
    decided_at: datetime
    seconds_after: float
    after: str
    stage: str
    outcome: str
    rule: str | None
    policy_version: int | None
    made_by: str | None
    reasons: tuple[str, ...]
    detail: Row


@dataclass(frozen=True, slots=True)
class Reason:
    """The last decision of the rules, asked again under its own policy version."""

    sequence: int
    policy_version: int
    explanation: Explanation
    conditions: RuleTrace | None
    passed_over: tuple[RuleTrace, ...]
    tried: tuple[str, ...]
    first_action: Row | None
    pool: str | None
    pool_taken_at: datetime | None
    colleagues: tuple[Colleague, ...]
    replay: Replay


@dataclass(frozen=True, slots=True)
class Tick:
    """A step of a clock that runs."""

    ladder: str
    step: int
    action: str
    due_at: datetime
    due: str
    policy_version: int
    detail: Row | None
    deferred_until: datetime | None


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a lead is held, and what mends it."""

    reason: str
    words: str
    mend: str | None
    queue_owner: str | None


@dataclass(frozen=True, slots=True)
class LeadPage:
    """One lead with everything that is known of it."""

    lead: Row
    facts: tuple[Fact, ...]
    sheet: Row
    owner: Row | None
    hold: Hold | None
    reason: Reason | None
    timeline: tuple[Moment, ...]
    #: How many decisions came before the first of the timeline, and were dropped with their months.
    dropped_decisions: int
    clock: tuple[Tick, ...]
    custodies: Sequence[Row]
    deadlines: Sequence[Row]
    joined: Sequence[Row]
    notices: Sequence[Row]


def lead_page(tx: Transaction, policies: PolicyShelf, lead_id: int) -> LeadPage:
    """Return the page of a lead that exists."""
    lead = queries.load_lead(tx, lead_id)
    sheet: dict[str, Any] = lead.pop("sheet") or {}
    custodies, deadlines = queries.load_custodies(tx, lead_id), queries.load_deadlines(tx, lead_id)
    decisions = queries.load_decisions(tx, lead_id)
    owner = next((one for one in reversed(custodies) if one["ended_at"] is None), None)
    return LeadPage(
        lead=lead,
        facts=facts_of(sheet),
        sheet={name: value for name, value in sheet.items() if name not in {"facts", "origins"}},
        owner=owner,
        hold=_hold(tx, policies, lead, owner),
        reason=_reason(tx, policies, decisions),
        timeline=_timeline(lead["received_at"], decisions),
        dropped_decisions=lead["decisions"] - len(decisions),
        clock=tuple(_tick(one, tx.started_at) for one in deadlines if not (one["fired_at"] or one["cancelled_at"])),
        custodies=custodies,
        deadlines=deadlines,
        joined=queries.load_joined(tx, lead_id),
        notices=queries.load_notices(tx, lead_id),
    )


def facts_of(sheet: Row) -> tuple[Fact, ...]:
    """Return the facts of a sheet with their origins."""
    origins = sheet.get("origins") or {}
    return tuple(Fact(name, value, origins.get(name, "form")) for name, value in (sheet.get("facts") or {}).items())


def _hold(tx: Transaction, policies: PolicyShelf, lead: Row, owner: Row | None) -> Hold | None:
    reason = lead["hold_reason"]
    if reason is None:
        return None
    name = str(owner["owner"]) if owner else "exceptions"
    version = policies.active(tx)
    queue = version.policy.queues.get(name) if version else None
    return Hold(reason, hold_words(reason), hold_mend(reason, lead["lead_id"], name), queue.owner if queue else None)


def _timeline(received_at: datetime, decisions: Sequence[Row]) -> tuple[Moment, ...]:
    moments: list[Moment] = []
    before = received_at
    for one in decisions:
        span: timedelta = one["decided_at"] - before
        reasons = decision_words(one["stage"], one["outcome"], one["rule"], one["detail"])
        moment = Moment(
            seconds_after=round(span.total_seconds(), 3), after=span_words(span), reasons=tuple(reasons), **one
        )
        moments.append(moment)
        before = one["decided_at"]
    return tuple(moments)


def _reason(tx: Transaction, policies: PolicyShelf, decisions: Sequence[Row]) -> Reason | None:
    """Explain the last decision that rules have made; what people did after it stands in the timeline."""
    by_rule = [one for one in decisions if one["stage"] == "assignment" and can_be_replayed(one["detail"])]
    return explain_recorded(tx, policies, by_rule[-1]) if by_rule else None


def explain_recorded(tx: Transaction, policies: PolicyShelf, decision: Row) -> Reason:
    """Explain one recorded decision under the version it was made with, and compare what it says with the record."""
    detail = decision["detail"]
    policy = policies.version(tx, decision["policy_version"]).policy
    explanation = explain_decision(policy, detail)
    pool = detail.get("pool") or {}
    snapshot = queries.load_snapshot(tx, pool["snapshot"]) if pool else None
    seats = snapshot["seats"] if snapshot else []
    chosen = next((one.get("rep") for one in detail["tried"] if one["result"] == "taken"), None)
    return Reason(
        sequence=decision["sequence"],
        policy_version=decision["policy_version"],
        explanation=explanation,
        conditions=explanation.decisive,
        passed_over=explanation.passed_over,
        tried=tuple(tried_words(detail["tried"])),
        first_action=detail.get("first_action"),
        pool=snapshot["pool"] if snapshot else None,
        pool_taken_at=snapshot["taken_at"] if snapshot else None,
        colleagues=tuple(colleagues(seats, chosen, pool.get("place") or 0)),
        replay=replay(policy, Recorded(decision["outcome"], decision["rule"], detail), seats),
    )


def _tick(row: Row, now: datetime) -> Tick:
    return Tick(
        ladder=row["ladder"],
        step=row["step"],
        action=row["action"],
        due_at=row["due_at"],
        due=due_words(row["due_at"], now),
        policy_version=row["policy_version"],
        detail=row["detail"],
        deferred_until=row["deferred_until"],
    )

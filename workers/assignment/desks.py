"""What ops see of queues and pools: how much waits where, who answers for it, who is next and why not the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.bus.context import Context
from shared.custody import reps as rep_queries
from shared.custody.reps import RosterShelf
from shared.db.policies import Version
from shared.db.transaction import Transaction
from shared.domain.duration import format_duration
from shared.errors import RefusedError
from shared.policy.document import Queue, QueueKind
from shared.policy.words import suggestion
from shared.routing.coverage import look_at_pool
from shared.routing.policy.balance import PoolState, explain
from shared.routing.queries.past import decisions_whole_since
from workers.assignment.policy.wording import exclusion_words, hold_words, span_words
from workers.assignment.queries import desks as queries

#: A queue that holds leads and that the policy in force does not name any more.
RETIRED = "not in the policy"


@dataclass(frozen=True, slots=True)
class QueueDesk:
    """A queue with its owner, and how much it holds for how long; `share` is of all leads there ever were."""

    queue: str
    kind: str
    owner: str | None
    alert: str | None
    leads: int
    oldest_at: datetime | None
    oldest: str | None
    oldest_seconds: float | None
    share: float
    share_alarm: float | None
    is_alarming: bool
    escalate_after: str | None
    escalate_to: str | None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A queue with why its leads are there and which they are; `members` are who may claim, None elsewhere."""

    queue: QueueDesk
    members: Sequence[str] | None
    reasons: Sequence[Mapping[str, Any]]
    leads: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class SeatLine:
    """One rep's line of a pool: place in the order (None: not eligible, and `why`), load, ledger."""

    rep_id: str
    order: int | None
    reason: str | None
    why: str | None
    open_leads: int
    capacity: int | None
    credit: float
    owed: int


@dataclass(frozen=True, slots=True)
class PoolPage:
    """A pool at an instant; `what` says whether that is how it stood, stands, or would stand."""

    pool: str
    strategy: str
    given: int
    at: datetime
    what: str
    next: str | None
    overflow: tuple[str, ...]
    seats: tuple[SeatLine, ...]


def queue_desks(tx: Transaction, version: Version) -> list[QueueDesk]:
    """Return every queue of the policy, and those outside it that still hold leads."""
    total = queries.count_leads(tx)
    named = version.policy.queues
    feedback = [one.name for one in named.values() if one.kind is QueueKind.FEEDBACK]
    holds = queries.load_queue_loads(tx) | queries.load_resting(tx, feedback)
    desks = [_desk(one.name, one, holds.get(one.name), total, tx.started_at) for one in named.values()]
    retired = [name for name in sorted(holds) if name not in named]
    return desks + [_desk(name, None, holds[name], total, tx.started_at) for name in retired]


def _desk(name: str, queue: Queue | None, holds: tuple[int, datetime] | None, total: int, now: datetime) -> QueueDesk:
    leads, oldest_at = holds or (0, None)
    share = leads / total if total else 0.0
    alarm = queue.share_alarm if queue else None
    after = queue.escalate_after if queue else None
    return QueueDesk(
        queue=name,
        kind=str(queue.kind) if queue else RETIRED,
        owner=queue.owner if queue else None,
        alert=queue.alert if queue else None,
        leads=leads,
        oldest_at=oldest_at,
        oldest=span_words(now - oldest_at) if oldest_at else None,
        oldest_seconds=(now - oldest_at).total_seconds() if oldest_at else None,
        share=share,
        share_alarm=alarm,
        is_alarming=alarm is not None and share > alarm,
        escalate_after=format_duration(after) if after else None,
        escalate_to=(queue.escalate_to or queue.owner) if queue and after else None,
    )


def queue_page(tx: Transaction, version: Version, name: str, limit: int) -> QueuePage:
    """Return one queue with its leads; raises RefusedError for a name that nothing has."""
    desks = {one.queue: one for one in queue_desks(tx, version)}
    if name not in desks:
        raise RefusedError(f"There is no queue {name!r}: {suggestion(name, desks)}")
    queue = version.policy.queues.get(name)
    members = None
    if queue is not None and queue.kind is QueueKind.CLAIM:
        roster = rep_queries.load_roster(tx, RosterShelf())
        members = [one.rep_id for one in roster.values() if one.is_active and _may_claim(queue, one)]
    reasons = [{**one, "words": hold_words(one["reason"])} for one in queries.load_reasons(tx, name)]
    return QueuePage(desks[name], members, reasons, queries.load_queued(tx, name, limit))


def _may_claim(queue: Queue, rep: Any) -> bool:
    return queue.members is None or queue.members.matches(rep)


def pool_desks(tx: Transaction, context: Context, version: Version) -> list[dict[str, object]]:
    """Return every pool of the policy with who is next."""
    shelf, given = context.shelf(RosterShelf), queries.load_pool_totals(tx)
    rows = []
    for pool in version.policy.pools.values():
        standings = explain(look_at_pool(tx, shelf, version, pool.name, tx.started_at))
        eligible = [one for one in standings if one.eligible]
        rows.append(
            {
                "pool": pool.name,
                "strategy": str(pool.strategy),
                "members": sum(one.reason != "not_a_member" for one in standings),
                "eligible": len(eligible),
                "next": eligible[0].rep_id if eligible else None,
                "given": given.get(pool.name, 0),
                "overflow": ", ".join(map(str, pool.overflow)),
            }
        )
    return rows


def pool_page(tx: Transaction, context: Context, version: Version, name: str, at: datetime | None) -> PoolPage:
    """Return a pool as it stands, as it stood at its last decision before an instant, or as it would stand then."""
    pools = version.policy.pools
    if name not in pools:
        raise RefusedError(f"There is no pool {name!r}: {suggestion(name, pools)}")
    if at is not None and at < tx.started_at:
        return _as_it_stood(tx, context, name, at)
    state = look_at_pool(tx, context.shelf(RosterShelf), version, name, at or tx.started_at)
    what = "as it stands" if at is None else "as it would stand"
    overflow = tuple(map(str, pools[name].overflow))
    return _page(name, str(state.strategy), state.given, at or tx.started_at, what, overflow, _lines(state))


def _lines(state: PoolState) -> tuple[SeatLine, ...]:
    capacity = {seat.rep_id: seat.capacity for seat in state.seats}
    return tuple(
        _line(
            {
                "rep_id": one.rep_id,
                "order": one.order,
                "reason": one.reason,
                "open_leads": one.open_leads,
                "credit": one.credit,
                "owed": one.owed,
            },
            capacity[one.rep_id],
        )
        for one in explain(state)
    )


def _line(seat: Mapping[str, Any], capacity: int | None) -> SeatLine:
    return SeatLine(
        rep_id=seat["rep_id"],
        order=seat["order"],
        reason=seat["reason"],
        why=exclusion_words(seat["reason"]),
        open_leads=seat["open_leads"],
        capacity=capacity,
        credit=seat["credit"],
        owed=seat["owed"],
    )


def _as_it_stood(tx: Transaction, context: Context, name: str, at: datetime) -> PoolPage:
    whole = decisions_whole_since(tx)
    if whole is not None and at < whole:
        raise RefusedError(f"How pools stood before {whole:%Y-%m-%d} was dropped with the decisions of that time.")
    row = queries.load_snapshot_before(tx, name, at)
    if row is None:
        raise RefusedError(f"{name} had given no lead before {at:%Y-%m-%d %H:%M:%S} UTC, so nothing is recorded of it.")
    # The pool as the version of that time had it; by now it may have left the policy.
    pool = context.policies.version(tx, row["policy_version"]).policy.pools[name]
    given = queries.load_pool_totals(tx).get(name, 0)
    lines = tuple(_line(seat, None) for seat in row["seats"])
    overflow = tuple(map(str, pool.overflow))
    return _page(name, str(pool.strategy), given, row["taken_at"], "as it stood", overflow, lines)


def _page(
    name: str,
    strategy: str,
    given: int,
    at: datetime,
    what: str,
    overflow: tuple[str, ...],
    seats: tuple[SeatLine, ...],
) -> PoolPage:
    first = next((one.rep_id for one in seats if one.order == 1), None)
    return PoolPage(name, strategy, given, at, what, first, overflow, seats)

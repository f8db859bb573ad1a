"""A plan as people read it: what moves from whom to whom, loads before and after, what cannot move and why."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.db.transaction import Transaction
from shared.domain.lead import OwnerKind
from shared.errors import RefusedError
from workers.reassignment.policy.order import MoveState, PlanState
from workers.reassignment.policy.wording import reason_words
from workers.reassignment.queries import plans

Row = Mapping[str, Any]

#: Leads of one statement when a plan is written to a file.
_PAGE = 10_000
#: Leads that did not move, in a document; whoever wants more reads `report.plan_move` or the file.
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Way:
    """How many leads go from one holder to another."""

    from_owner: str
    to_owner: str
    leads: int


@dataclass(frozen=True, slots=True)
class Load:
    """How many leads a rep holds before and after the plan, and how many the rep may hold."""

    rep_id: str
    before: int
    change: int
    after: int
    capacity: int | None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why leads of a plan did not move, with the first of them."""

    state: str
    reason: str
    words: str
    leads: int
    lead_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PlanPage:
    """A plan with everything that somebody who reviews it wants to see.

    `leads` are those that the plan moves or has dealt with; `unchanged` are in its scope and stay where they belong.
    """

    plan_id: int
    state: PlanState
    scope: Mapping[str, Any]
    target: str
    clock: str
    accepted: str
    policy_version: int
    note: str | None
    made_by: str
    made_at: datetime
    expires_at: datetime
    expired: bool
    applied_by: str | None
    applied_at: datetime | None
    undone_by: str | None
    finished_at: datetime | None
    rate: float | None
    leads: int
    unchanged: int
    pending: int
    blocked: int
    moved: int
    skipped: int
    undone: int
    kept: int
    ways: tuple[Way, ...] = ()
    loads: tuple[Load, ...] = ()
    reasons: tuple[Reason, ...] = ()


def plan_page(tx: Transaction, plan_id: int) -> PlanPage:
    """Return a plan with its ways, loads and reasons; raises RefusedError when there is none."""
    row = plans.load_plan(tx, plan_id)
    if row is None:
        raise RefusedError(f"There is no plan {plan_id}: `baton reassign status` lists them.")
    ways = plans.count_ways(tx, plan_id, _shown(PlanState(row["state"])))
    loads = plans.load_loads(tx, {one["from_owner"] for one in ways} | {one["to_owner"] for one in ways})
    return _page(
        row,
        ways=tuple(Way(one["from_owner"], one["to_owner"], one["leads"]) for one in ways),
        loads=tuple(_loads(ways, loads, is_ahead=row["state"] == PlanState.PLANNED)),
        reasons=tuple(_reason(one) for one in plans.count_reasons(tx, plan_id)),
    )


def list_pages(tx: Transaction, limit: int) -> list[PlanPage]:
    """Return the newest plans, without their leads."""
    return [_page(row) for row in plans.list_plans(tx, limit)]


def load_progress(tx: Transaction, plan_id: int) -> PlanPage:
    """Return a plan without its leads; raises RefusedError when there is none."""
    row = plans.load_plan(tx, plan_id)
    if row is None:
        raise RefusedError(f"There is no plan {plan_id}: `baton reassign status` lists them.")
    return _page(row)


def all_moves(tx: Transaction, plan_id: int, state: str | None) -> Iterator[Row]:
    """Give every lead of a plan, in order of their ids, read page by page."""
    after = 0
    while rows := plans.load_moves(tx, plan_id, state, after, _PAGE):
        yield from rows
        after = rows[-1]["lead_id"]


def unmoved(tx: Transaction, plan_id: int) -> Sequence[Row]:
    """Return the leads that could not move, were skipped, or stayed at an undo; of very many the first."""
    return plans.load_unmoved(tx, plan_id, _MOST)


def _shown(state: PlanState) -> set[str]:
    """Return the leads whose ways are of interest: what is ahead, or what has happened."""
    if state in {PlanState.UNDOING, PlanState.UNDONE}:
        return {MoveState.UNDONE, MoveState.KEPT, MoveState.MOVED}
    return (
        {MoveState.PENDING}
        if state in {PlanState.PLANNING, PlanState.PLANNED}
        else {MoveState.MOVED, MoveState.PENDING}
    )


def _page(row: Row, **more: Any) -> PlanPage:
    names = PlanPage.__dataclass_fields__.keys() - {"leads", "ways", "loads", "reasons", "state"}
    tallies = ("pending", "blocked", "moved", "skipped", "undone", "kept")
    return PlanPage(
        state=PlanState(row["state"]),
        leads=sum(row[name] for name in tallies),
        **{name: row[name] for name in names},
        **more,
    )


def _loads(ways: Sequence[Row], now: Mapping[str, tuple[int, int | None]], *, is_ahead: bool) -> Iterator[Load]:
    """Give the loads of the reps of a plan; once it moves, the present load already has what came and went."""
    change: Counter[str] = Counter()
    for one in ways:
        if one["from_kind"] == OwnerKind.REP:
            change[one["from_owner"]] -= one["leads"]
        if one["to_kind"] == OwnerKind.REP:
            change[one["to_owner"]] += one["leads"]
    for rep_id in sorted(change):
        held, capacity = now.get(rep_id, (0, None))
        before = held if is_ahead else held - change[rep_id]
        yield Load(rep_id, before, change[rep_id], before + change[rep_id], capacity)


def _reason(row: Row) -> Reason:
    return Reason(row["state"], row["reason"], reason_words(row["reason"]), row["leads"], tuple(row["lead_ids"]))

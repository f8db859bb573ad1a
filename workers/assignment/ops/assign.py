"""Gives one lead a place by hand, through the same pools, clocks and custody as any other, with its reason."""

from dataclasses import dataclass, replace
from typing import Any

from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.custody import Move, Notice, apply_moves, write_notices
from shared.custody.reps import RosterShelf
from shared.db.policies import Version
from shared.db.transaction import Transaction, transaction
from shared.domain.lead import IN_CUSTODY, MOVES, MOVING, OwnerKind, Stage, Status
from shared.domain.target import Target, TargetKind
from shared.errors import RefusedError
from shared.policy.compile import Match, Outcome
from shared.policy.words import suggestion
from shared.routing.coverage import load_coverage
from shared.routing.policy.balance import explain
from shared.routing.policy.case import Coverage
from shared.routing.policy.moves import Ruling, as_moves, as_notices
from shared.routing.policy.place import Placement, Tried, place
from shared.routing.policy.route import Route, ask
from shared.routing.queries import pools as queries
from workers.assignment.ops.find import active_policy
from workers.assignment.policy.wording import exclusion_words, result_words
from workers.assignment.queries import changes
from workers.assignment.queries.changes import Holding

_NOT_BY_HAND = {
    TargetKind.KEEP_OWNER: "it keeps its owner when it is left alone",
    TargetKind.MERGE: "say of which lead it is a duplicate: `baton lead recycle KEY --reason duplicate --of KEY`",
}


@dataclass(frozen=True, slots=True)
class Assigned:
    """Where a lead went by hand: its status and holder before and after."""

    lead_id: int
    former_status: Status
    former_owner: str | None
    status: Status
    owner: str | None
    target: str


@dataclass(frozen=True, slots=True)
class _Order:
    """What a person wants."""

    target: Target
    note: str
    made_by: str


def assign_lead(context: Context, lead_id: int, target: Target, *, reason: str, made_by: str) -> Assigned:
    """Move one lead to a target; what the lead's status, the policy or the reps do not allow is refused."""
    order = _Order(target, reason, made_by)
    with transaction(context.engine, context.publisher) as tx:
        version = active_policy(tx, context.policies)
        _check_target(version, target)
        holding = changes.lock_lead(tx, lead_id)
        if holding is None:
            raise RefusedError(f"There is no lead {lead_id}.")
        _check_status(holding)
        move = _decide(context, tx, version, holding, order)
        tx.hand_on(TaskName.ARM, [lead_id] if move.owner else [])
    return Assigned(
        lead_id, holding.case.from_status, holding.owner, move.status, move.owner or move.track, str(target)
    )


def _check_target(version: Version, target: Target) -> None:
    """Refuse what the policy does not know."""
    if target.kind in _NOT_BY_HAND:
        raise RefusedError(f"A lead is not sent to {target} by hand: {_NOT_BY_HAND[target.kind]}.")
    policy = version.policy
    known: dict[TargetKind, Any] = {
        TargetKind.POOL: policy.pools,
        TargetKind.QUEUE: policy.queues,
        TargetKind.DIVERT: policy.queues,
        TargetKind.NURTURE: policy.tracks,
    }
    names = known.get(target.kind)
    if names is not None and target.name not in names:
        raise RefusedError(f"Policy version {version.number} has no {target}: {suggestion(target.name, names)}")


def _check_status(holding: Holding) -> None:
    status = holding.case.from_status
    if status in MOVING and status is not Status.MATCHED:
        message = f"Lead {holding.case.lead_id} is {status}, its facts are still being gathered: wait until it is out."
        raise RefusedError(message)
    if not MOVES[status]:
        raise RefusedError(f"Lead {holding.case.lead_id} is {status}, and that is final.")


def _decide(context: Context, tx: Transaction, version: Version, holding: Holding, order: _Order) -> Move:
    route = _route(version, holding, order.target)
    holders = [holding.owner] if holding.owner and holding.owner_kind == OwnerKind.REP else []
    coverage, ruling = load_coverage(tx, context.shelf(RosterShelf), version, [route], holders=holders)
    placement, ledgers = _place(ruling, version, route, coverage, order.target)
    snapshots = _snapshots(tx, ruling, coverage, placement)
    move = _as_manual(as_moves(ruling, [placement], snapshots)[0], holding, order)
    _check_move(holding, move)
    apply_moves(tx, [move])
    queries.write_ledgers(tx, coverage.pools, ledgers)
    tx.hand_on(TaskName.SEND, write_notices(tx, [*as_notices(ruling, [placement]), *_tell(holding, move, order)]))
    return move


def _route(version: Version, holding: Holding, target: Target) -> Route:
    """Return the lead's route with the one target that was named in the place of the rules' own."""
    # Whom a clock had in mind, and whom not, does not bind a person.
    case = replace(holding.case, directive=None)
    derived, qualification, _ = ask(version.policy, case.rule_facts(), case.bad)
    return Route(case, derived, qualification, Match(Outcome.RULE, targets=(target,), cascade=(target,)))


def _place(ruling: Ruling, version: Version, route: Route, coverage: Coverage, target: Target) -> tuple[Placement, Any]:
    """Place the lead at the target, or say why it cannot be taken there."""
    if target.kind is TargetKind.REP:
        # A person who names a rep outright may fill that rep beyond capacity; who is gone or away stays barred.
        return _at_rep(ruling, route, coverage, target.name), coverage.pools
    placements, ledgers = place(version.policy, version.last_queue, [route], coverage)
    first = placements[0].tried[0]
    if first.result not in {"taken", "covered"}:
        raise RefusedError(f"{target} cannot take the lead: {_why_not(first, target, coverage)}")
    return placements[0], ledgers


def _at_rep(ruling: Ruling, route: Route, coverage: Coverage, rep_id: str) -> Placement:
    state = coverage.reps.get(rep_id)
    if state is None:
        raise RefusedError(f"{rep_id!r} is not among the reps: {suggestion(rep_id, ruling.clocks.rep_calendars)}")
    if not state.rep.is_active:
        raise RefusedError(f"{rep_id} has departed: choose a rep who is here, or the pool.")
    absence = state.away_at(coverage.now)
    if absence is not None:
        cover = f"{absence.cover_rep_id} covers" if absence.cover_rep_id else "choose another"
        raise RefusedError(f"{rep_id} is away until {absence.ends_at:%Y-%m-%d %H:%M} UTC: {cover}.")
    return Placement(route, "rep", rep_id, tried=(Tried(f"rep:{rep_id}", "taken", rep_id),))


def _why_not(tried: Tried, target: Target, coverage: Coverage) -> str:
    who = f"{tried.rep_id} " if tried.rep_id else ""
    said = f"{who}{result_words(tried.result)}"
    if target.kind is not TargetKind.POOL:
        return f"{said}."
    standings = explain(coverage.pools[target.name])
    reasons = ", ".join(f"{one.rep_id} {exclusion_words(one.reason)}" for one in standings if one.reason)
    return f"{said} ({reasons or 'it has no members'})."


def _snapshots(tx: Transaction, ruling: Ruling, coverage: Coverage, placement: Placement) -> dict[str, int]:
    if placement.pool is None:
        return {}
    seats = {placement.pool: explain(coverage.pools[placement.pool])}
    return queries.write_snapshots(tx, ruling.version, seats)


def _as_manual(move: Move, holding: Holding, order: _Order) -> Move:
    is_held = move.status is Status.HELD
    return replace(
        move,
        stage=Stage.OPS,
        reason="manual" if move.owner else None,
        rule=None,
        end_reason="manual" if holding.case.from_status in IN_CUSTODY else None,
        hold_reason="manual" if is_held else None,
        next_attempt_at=None,
        # Only the system says that a lead is qualified, and only when it decides by the rules.
        qualified=False,
        made_by=order.made_by,
        detail={
            **move.detail,
            "note": order.note,
            "former_owner": holding.owner,
            "hold_reason": "manual" if is_held else None,
        },
    )


def _check_move(holding: Holding, move: Move) -> None:
    """Refuse a move that the lead's life does not have, in words; the database would refuse it anyway."""
    status = holding.case.from_status
    if move.status not in MOVES[status]:
        open_ways = ", ".join(sorted(MOVES[status]))
        message = f"Lead {move.lead_id} is {status} and cannot become {move.status}; it can become {open_ways}."
        raise RefusedError(message)
    if (move.owner_kind, move.owner) == (holding.owner_kind, holding.owner) and move.owner is not None:
        raise RefusedError(f"Lead {move.lead_id} is with {move.owner} already.")


def _tell(holding: Holding, move: Move, order: _Order) -> list[Notice]:
    """Tell the reps whom the lead leaves and comes to."""
    if holding.case.test:
        return []
    body = {"by": order.made_by, "reason": order.note, "from": holding.owner, "to": move.owner or move.track}
    reps = [holding.owner if holding.owner_kind == OwnerKind.REP else None]
    reps.append(move.owner if move.owner_kind is OwnerKind.REP else None)
    return [Notice("reassigned", one, "rep", (move.lead_id,), body) for one in reps if one]

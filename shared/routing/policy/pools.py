"""Who can be given leads by a pool now, and why the others cannot: seats from reps, ledger, hours and caps."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.custody.states import RepState
from shared.domain.calendar import ALWAYS, OpenHours
from shared.domain.rep import Rep
from shared.policy.document import Pool, WhenClosed
from shared.routing.policy.balance import NOT_A_MEMBER, PoolState, Seat, Strategy
from shared.routing.policy.place import CLOSED

DEPARTED = "departed"
AWAY = "away"


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """What a pool's ledger says of one rep; the units are those of `balance.Seat`."""

    credit: int = 0
    turns: int = 0
    owed: int = 0
    present: bool = False
    last_given: int = 0


@dataclass(frozen=True, slots=True)
class Ledger:
    """A pool's ledger: how many leads the pool has given, a line per rep, and what each got in the cap's window."""

    given: int = 0
    lines: Mapping[str, LedgerLine] = field(default_factory=dict)
    given_in_window: Mapping[str, int] = field(default_factory=dict)


def members_of(pool: Pool, roster: Mapping[str, Rep]) -> list[str]:
    """Return the reps that the pool's selector takes, the departed as well, so that they can be named."""
    return [rep_id for rep_id, rep in roster.items() if pool.members.matches(rep)]


def for_bulk(pool: Pool) -> Pool:
    """Return the pool without its hours and its cap: they govern what comes in, a plan has limits of its own."""
    return replace(pool, when_closed=WhenClosed.OFFER, cap=None)


def pool_state(
    pool: Pool,
    members: Collection[str],
    reps: Mapping[str, RepState],
    ledger: Ledger,
    calendars: Mapping[str, OpenHours],
    now: datetime,
) -> PoolState:
    """Return the pool as it stands at the instant: every member and every line of the ledger has a seat."""
    member_ids = set(members)
    seats = tuple(
        _seat(pool, rep_id, rep_id in member_ids, reps.get(rep_id), ledger, calendars, now)
        for rep_id in sorted(member_ids | set(ledger.lines))
    )
    return PoolState(Strategy(pool.strategy), seats, ledger.given)


def _seat(
    pool: Pool,
    rep_id: str,
    is_member: bool,
    state: RepState | None,
    ledger: Ledger,
    calendars: Mapping[str, OpenHours],
    now: datetime,
) -> Seat:
    line = ledger.lines.get(rep_id, LedgerLine())
    reason = _excluded(pool, state, calendars, now) if is_member else NOT_A_MEMBER
    return Seat(
        rep_id=rep_id,
        weight=state.rep.weight if state else 0,
        capacity=state.rep.capacity if state else None,
        open_leads=state.open_leads if state else 0,
        cap_left=pool.cap.count - ledger.given_in_window.get(rep_id, 0) if pool.cap else None,
        credit=line.credit,
        turns=line.turns,
        owed=line.owed,
        present=line.present,
        last_given=line.last_given,
        excluded_reason=reason,
    )


def _excluded(pool: Pool, state: RepState | None, calendars: Mapping[str, OpenHours], now: datetime) -> str | None:
    if state is None or not state.rep.is_active:
        return DEPARTED
    if state.away_at(now):
        return AWAY
    if pool.when_closed is WhenClosed.OFFER:
        return None
    return None if is_open(pool, state.rep, calendars, now) else CLOSED


def is_open(pool: Pool, rep: Rep, calendars: Mapping[str, OpenHours], at: datetime) -> bool:
    """Say whether the pool's and the rep's own hours are both open."""
    return all(calendars.get(name or "", ALWAYS).is_open(at) for name in (pool.calendar, rep.calendar))

"""Loads everybody who could get a lead of the batch, under the locks of the house: pools first, then reps."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.custody import reps as rep_queries
from shared.custody.clock import Clocks
from shared.custody.reps import RosterShelf
from shared.custody.states import RepState
from shared.db.policies import Version
from shared.db.transaction import Transaction
from shared.domain.rep import Rep
from shared.policy.document import OnAbsence, Pool
from shared.routing.policy.balance import PoolState
from shared.routing.policy.case import Coverage
from shared.routing.policy.moves import Ruling
from shared.routing.policy.pools import for_bulk, members_of, pool_state
from shared.routing.policy.route import Route, direct_reps_of, pools_of
from shared.routing.queries import pools as queries


def load_coverage(
    tx: Transaction,
    shelf: RosterShelf,
    version: Version,
    routes: Sequence[Route],
    *,
    holders: Collection[str] = (),
    locked: bool = True,
    at: datetime | None = None,
) -> tuple[Coverage, Ruling]:
    """Return pools and reps as they stand, locked until the transaction ends, and the ruling they are placed under.

    `holders` are reps who hold leads of the batch now, locked with the others; without `locked` it is only a look.
    A look may be at another instant: absences, hours and caps are those of `at`, loads and ledgers those of now.
    """
    now = at or tx.started_at
    names = pools_of(routes)
    given = queries.lock_pools(tx, names) if locked else queries.load_given(tx, names)
    roster = rep_queries.load_roster(tx, shelf)
    direct = _direct(routes, roster) | set(holders)
    if version.policy.on_away.offered is OnAbsence.COVER:
        direct |= _covers(tx, direct, now)
    pools = {name: version.policy.pools[name] for name in names}
    return _cover(tx, version, roster, _Scope(pools, given, direct, now, locked))


def load_everybody(tx: Transaction, shelf: RosterShelf, version: Version) -> tuple[Coverage, Ruling]:
    """Return all pools and all reps as they stand for a bulk move that is being planned; nothing is locked."""
    roster = rep_queries.load_roster(tx, shelf)
    pools = {name: for_bulk(pool) for name, pool in version.policy.pools.items()}
    given = queries.load_given(tx, sorted(pools))
    return _cover(tx, version, roster, _Scope(pools, given, set(roster), tx.started_at, locked=False))


def lock_named(
    tx: Transaction, shelf: RosterShelf, version: Version, names: Collection[str], rep_ids: Collection[str]
) -> tuple[Coverage, Ruling]:
    """Return the named pools and reps under their locks, for a batch of a bulk move."""
    pools = {name: for_bulk(version.policy.pools[name]) for name in sorted(names)}
    given = queries.lock_pools(tx, list(pools))
    roster = rep_queries.load_roster(tx, shelf)
    return _cover(tx, version, roster, _Scope(pools, given, set(rep_ids), tx.started_at, locked=True))


@dataclass(frozen=True, slots=True)
class _Scope:
    """What is looked at: pools with what they gave, reps beside their members, the instant, and whether under locks."""

    pools: Mapping[str, Pool]
    given: Mapping[str, int]
    direct: Collection[str]
    now: datetime
    locked: bool


def _cover(tx: Transaction, version: Version, roster: dict[str, Rep], scope: _Scope) -> tuple[Coverage, Ruling]:
    members = {name: members_of(pool, roster) for name, pool in scope.pools.items()}
    needed = {rep_id for rep_ids in members.values() for rep_id in rep_ids} | set(scope.direct)
    if scope.locked:
        rep_queries.lock(tx, needed)
    reps = rep_queries.load_states(tx, roster, needed, scope.now)
    states = _pools(tx, version, scope.pools, scope.given, members, reps, scope.now)
    calendars = version.calendars(scope.now)
    clocks = Clocks(calendars, {rep_id: rep.calendar for rep_id, rep in roster.items()})
    coverage = Coverage(scope.now, reps, states, calendars)
    return coverage, Ruling(version.policy, version.number, scope.now, clocks)


def look_at_pool(tx: Transaction, shelf: RosterShelf, version: Version, name: str, at: datetime) -> PoolState:
    """Return one pool as it would stand at an instant with the ledger and the loads of now; nothing is locked."""
    roster = rep_queries.load_roster(tx, shelf)
    members = {name: members_of(version.policy.pools[name], roster)}
    reps = rep_queries.load_states(tx, roster, members[name], at)
    pools = {name: version.policy.pools[name]}
    return _pools(tx, version, pools, queries.load_given(tx, [name]), members, reps, at)[name]


def _pools(
    tx: Transaction,
    version: Version,
    policies: Mapping[str, Pool],
    given: Mapping[str, int],
    members: Mapping[str, Sequence[str]],
    reps: Mapping[str, RepState],
    at: datetime,
) -> dict[str, PoolState]:
    windows = {name: pool.cap.per for name, pool in policies.items() if pool.cap}
    ledgers = queries.load_ledgers(tx, given, windows, at)
    calendars = version.calendars(at)
    return {
        name: pool_state(pool, members[name], reps, ledgers[name], calendars, at) for name, pool in policies.items()
    }


def _direct(routes: Sequence[Route], roster: Mapping[str, Rep]) -> set[str]:
    teams: dict[str, list[str]] = {}
    for rep_id, rep in roster.items():
        if rep.team:
            teams.setdefault(rep.team, []).append(rep_id)
    team_of = {rep_id: rep.team for rep_id, rep in roster.items() if rep.team}
    return direct_reps_of(routes, teams, team_of) & roster.keys()


def _covers(tx: Transaction, rep_ids: Collection[str], at: datetime) -> set[str]:
    absences = rep_queries.load_absences(tx, rep_ids, at)
    return {one.cover_rep_id for away in absences.values() for one in away if one.cover_rep_id}

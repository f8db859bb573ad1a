"""Loads everybody who could get a lead of the batch, under the locks of the house: pools first, then reps."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from shared.custody import reps as rep_queries
from shared.custody.clock import Clocks
from shared.custody.reps import RosterShelf
from shared.custody.states import RepState
from shared.db.policies import Version
from shared.db.transaction import Transaction
from shared.domain.rep import Rep
from shared.policy.document import OnAbsence
from shared.routing.policy.balance import PoolState
from shared.routing.policy.case import Coverage
from shared.routing.policy.moves import Ruling
from shared.routing.policy.pools import members_of, pool_state
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
    members = {name: members_of(version.policy.pools[name], roster) for name in names}
    direct = _direct(routes, roster) | set(holders)
    needed = {rep_id for rep_ids in members.values() for rep_id in rep_ids} | direct
    if version.policy.on_away.offered is OnAbsence.COVER:
        needed |= _covers(tx, direct, now)
    if locked:
        rep_queries.lock(tx, needed)
    reps = rep_queries.load_states(tx, roster, needed, now)
    pools = _pools(tx, version, given, members, reps, now)
    calendars = version.calendars(now)
    clocks = Clocks(calendars, {rep_id: rep.calendar for rep_id, rep in roster.items()})
    coverage = Coverage(now, reps, pools, calendars)
    return coverage, Ruling(version.policy, version.number, now, clocks)


def look_at_pool(tx: Transaction, shelf: RosterShelf, version: Version, name: str, at: datetime) -> PoolState:
    """Return one pool as it would stand at an instant with the ledger and the loads of now; nothing is locked."""
    roster = rep_queries.load_roster(tx, shelf)
    members = {name: members_of(version.policy.pools[name], roster)}
    reps = rep_queries.load_states(tx, roster, members[name], at)
    return _pools(tx, version, queries.load_given(tx, [name]), members, reps, at)[name]


def _pools(
    tx: Transaction,
    version: Version,
    given: Mapping[str, int],
    members: Mapping[str, Sequence[str]],
    reps: Mapping[str, RepState],
    at: datetime,
) -> dict[str, PoolState]:
    policies = {name: version.policy.pools[name] for name in members}
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

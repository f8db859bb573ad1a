"""A pool of people as it would be if one of them were gone; pure."""

from dataclasses import replace

from shared.domain.rep import RepStatus
from shared.routing.policy.balance import PoolState
from shared.routing.policy.case import Coverage
from shared.routing.policy.pools import DEPARTED


def without(coverage: Coverage, rep_id: str) -> Coverage:
    """Return the coverage with one rep departed: in no pool, and not to be given anything by name."""
    state = coverage.reps.get(rep_id)
    gone = {} if state is None else {rep_id: replace(state, rep=replace(state.rep, status=RepStatus.DEPARTED))}
    pools = {name: _without(pool, rep_id) for name, pool in coverage.pools.items()}
    return replace(coverage, reps={**coverage.reps, **gone}, pools=pools)


def _without(pool: PoolState, rep_id: str) -> PoolState:
    seats = (replace(one, excluded_reason=DEPARTED) if one.rep_id == rep_id else one for one in pool.seats)
    return replace(pool, seats=tuple(seats))

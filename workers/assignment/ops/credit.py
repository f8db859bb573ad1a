"""Adjusts a pool's ledger: leads that ops owe a member, once per id."""

from dataclasses import replace

from shared.bus.context import Context
from shared.custody import reps as rep_queries
from shared.custody.reps import RosterShelf
from shared.db.transaction import transaction
from shared.errors import RefusedError
from shared.policy.words import suggestion
from shared.routing.queries.pools import lock_pools
from workers.assignment.ops.find import active_policy
from workers.assignment.queries import changes as queries
from workers.assignment.queries.changes import Adjustment

#: More than anyone is given in a year; a larger number is a slip of the finger.
MOST_LEADS = 10_000


def credit_member(context: Context, adjustment: Adjustment) -> bool:
    """Add to what a member of a pool is owed; return False when the same adjustment was made before."""
    if not 0 < abs(adjustment.leads) <= MOST_LEADS:
        raise RefusedError(f"{adjustment.leads} leads is no adjustment: give 1 to {MOST_LEADS}, or as many below zero.")
    with transaction(context.engine) as tx:
        pools = active_policy(tx, context.policies).policy.pools
        pool = pools.get(adjustment.pool)
        if pool is None:
            raise RefusedError(f"There is no pool {adjustment.pool!r}: {suggestion(adjustment.pool, pools)}")
        lock_pools(tx, [adjustment.pool])
        roster = rep_queries.load_roster(tx, context.shelf(RosterShelf))
        rep = roster.get(adjustment.rep_id)
        members = [one.rep_id for one in roster.values() if pool.members.matches(one) and one.is_active]
        if rep is None or rep.rep_id not in members:
            state = "is not known" if rep is None else "is not an active member of it"
            mend = suggestion(adjustment.rep_id, members)
            raise RefusedError(f"{adjustment.pool} cannot owe {adjustment.rep_id}, who {state}: {mend}")
        if queries.add_adjustment(tx, adjustment):
            return True
        _refuse_another(queries.load_adjustment(tx, adjustment.adjustment_id), adjustment)
        return False


def _refuse_another(former: Adjustment | None, wanted: Adjustment) -> None:
    """An id stands for one adjustment for ever; the same one again is no mistake."""
    if former is not None and replace(former, note=wanted.note, made_by=wanted.made_by, made_at=None) != wanted:
        message = (
            f"The id {wanted.adjustment_id!r} stands for another adjustment: {former.leads:+d} for {former.rep_id} in "
            f"{former.pool}, by {former.made_by}; give this one an id of its own."
        )
        raise RefusedError(message)

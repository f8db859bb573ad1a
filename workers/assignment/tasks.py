"""The assignment's one task: each lead of the batch gets an owner, or a disposition that says why not."""

from collections.abc import Sequence

from shared.bus.batch_task import batch_task
from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.custody import apply_moves, write_notices
from shared.custody.reps import RosterShelf
from shared.db.policies import Version
from shared.db.transaction import Transaction, transaction
from shared.routing.coverage import load_coverage
from shared.routing.policy.balance import explain
from shared.routing.policy.case import Case, Coverage
from shared.routing.policy.moves import Ruling, as_moves, as_notices, has_clock, reopenings, stays_held
from shared.routing.policy.place import Placement, place
from shared.routing.policy.record import record_coverage
from shared.routing.policy.route import route
from shared.routing.queries import pools
from workers.assignment.queries import decide as queries


@batch_task(TaskName.ASSIGN)
def assign(context: Context, lead_ids: list[int]) -> None:
    """Give each lead in the batch an owner, or a disposition that says why not."""
    with transaction(context.engine, context.publisher) as tx:
        cases = queries.claim(tx, lead_ids)
        version = context.policies.active(tx)
        if not cases or version is None:
            return
        placements = decide(context, tx, version, cases)
        tx.hand_on(TaskName.ARM, [one.case.lead_id for one in placements if has_clock(one)])


def decide(context: Context, tx: Transaction, version: Version, cases: Sequence[Case]) -> list[Placement]:
    """Route the leads, load who could take them, place them, and write it all."""
    routes = route(version.policy, cases)
    shelf = context.shelf(RosterShelf)
    coverage, ruling = load_coverage(tx, shelf, version, routes)
    placements, ledgers = place(version.policy, version.last_queue, routes, coverage)
    _write(tx, shelf, ruling, coverage, placements)
    pools.write_ledgers(tx, coverage.pools, ledgers)
    return placements


def _write(
    tx: Transaction, shelf: RosterShelf, ruling: Ruling, coverage: Coverage, placements: Sequence[Placement]
) -> None:
    moving = [one for one in placements if not stays_held(one)]
    gave = {one.pool for one in moving if one.pool}
    seats = {name: explain(state) for name, state in coverage.pools.items() if name in gave}
    snapshots = pools.write_snapshots(tx, ruling.version, seats)
    coverage_id = _keep(tx, shelf, ruling, coverage, moving)
    apply_moves(tx, reopenings(ruling, moving))
    apply_moves(tx, as_moves(ruling, moving, snapshots, coverage_id))
    tx.hand_on(TaskName.SEND, write_notices(tx, as_notices(ruling, moving)))
    queries.postpone(tx, {one.case.lead_id: one.next_attempt_at for one in placements if stays_held(one)})


def _keep(
    tx: Transaction, shelf: RosterShelf, ruling: Ruling, coverage: Coverage, moving: Sequence[Placement]
) -> int | None:
    """Keep who could take the batch, if anybody was asked, so that a rehearsal can ask them again."""
    record = record_coverage(coverage, ruling.policy.pools, moving, shelf.roster, shelf.revision)
    return None if record is None else pools.write_coverage(tx, record)

"""Migrates running clocks to another policy version, on purpose, in batches, with a report."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.custody import reps as rep_queries
from shared.custody.clock import Clocks
from shared.custody.reps import RosterShelf
from shared.db.policies import Version
from shared.db.transaction import Transaction, transaction
from shared.errors import RefusedError
from workers.escalation.policy.migration import Migrated, differences, migrate
from workers.escalation.queries import migration as queries


@dataclass(frozen=True, slots=True)
class Order:
    """Which clocks are to move where: `to` None is the policy in force; without `write` nothing is changed."""

    to: int | None = None
    from_version: int | None = None
    write: bool = False
    made_by: str = "system"


def migrate_clocks(context: Context, order: Order, tell: Callable[[int], None]) -> tuple[int, Counter[str]]:
    """Migrate the clocks, batch by batch; return the version and what it did (or would do) to open steps."""
    total: Counter[str] = Counter(clocks=0)
    after, number = 0, 0
    while True:
        with transaction(context.engine, context.publisher) as tx:
            version = _target(context, tx, order)
            number = version.number
            running = queries.claim_running(tx, number, order.from_version, after, context.settings.batch_size)
            migrated = migrate(version.policy, _clocks(context, tx, version), running)
            total.update(differences(migrated, tx.started_at))
            if order.write:
                _write(tx, migrated, number, order)
        if not running:
            return number, total
        after = max(one.lead_id for one in running)
        tell(len(running))


def _write(tx: Transaction, migrated: list[Migrated], version: int, order: Order) -> None:
    queries.write_migrated(tx, migrated, version, order.made_by)
    tx.hand_on(TaskName.ARM, [one.running.lead_id for one in migrated])


def _target(context: Context, tx: Transaction, order: Order) -> Version:
    if order.to is not None:
        return context.policies.version(tx, order.to)
    version = context.policies.active(tx)
    if version is None:
        raise RefusedError("No policy is in force: put one there with `baton policy activate FILE`.")
    return version


def _clocks(context: Context, tx: Transaction, version: Version) -> Clocks:
    roster = rep_queries.load_roster(tx, context.shelf(RosterShelf))
    return Clocks(version.calendars(tx.started_at), {rep_id: rep.calendar for rep_id, rep in roster.items()})

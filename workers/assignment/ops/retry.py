"""Lets a whole exception queue be decided again, after a policy fix, say."""

from collections.abc import Callable

from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.custody.retry import retry
from shared.db.transaction import Transaction, transaction
from shared.errors import RefusedError
from shared.policy.document import QueueKind
from shared.policy.words import suggestion
from workers.assignment.ops.find import active_policy
from workers.assignment.queries import changes as queries


def retry_queue(
    context: Context, queue: str, *, reason: str | None, made_by: str, done: Callable[[int], None] = lambda _leads: None
) -> int:
    """Take the leads of an exception queue out, batch by batch, and hand them on; return how many they were.

    Each lead is taken once, also when it comes back while the later batches are still to be done. `done` is told of
    every batch that has committed.
    """
    with transaction(context.engine) as tx:
        _check(tx, context, queue)
    total, after = 0, 0
    while True:
        with transaction(context.engine, context.publisher) as tx:
            found = queries.load_held_in(tx, queue, reason, after, context.settings.batch_size)
            moved = retry(tx, found, made_by=made_by) if found else []
            tx.hand_on(TaskName.ASSIGN, moved)
        if not found:
            return total
        total, after = total + len(moved), found[-1]
        done(len(moved))


def _check(tx: Transaction, context: Context, name: str) -> None:
    queues = active_policy(tx, context.policies).policy.queues
    queue = queues.get(name)
    if queue is None:
        # A queue that left the policy may still hold leads, and they above all want to be decided again.
        if queries.holds_any(tx, name):
            return
        raise RefusedError(f"There is no queue {name!r}: {suggestion(name, queues)}")
    if queue.kind is not QueueKind.EXCEPTION:
        mend = "its members take leads with `baton queue claim`" if queue.kind is QueueKind.CLAIM else "it holds none"
        raise RefusedError(f"{name} is a {queue.kind} queue, and only exception queues are retried: {mend}.")

"""Claims a lead out of a claim queue for a rep: the named one, or the one that is longest there."""

from shared.bus.context import Context
from shared.db.transaction import Transaction, transaction
from shared.errors import RefusedError
from shared.policy.document import QueueKind
from shared.policy.words import suggestion
from workers.escalation.answer import settle_answers
from workers.escalation.policy.answers import Answer, Kind
from workers.escalation.queries.answers import find_oldest_pooled


def claim_lead(
    context: Context, queue: str, rep_id: str, *, lead_id: int | None = None, made_by: str | None = None
) -> int:
    """Give a pooled lead to the rep who claims it, and return its id; of two claims for one lead one is refused."""
    with transaction(context.engine, context.publisher) as tx:
        _check_queue(context, tx, queue)
        chosen = lead_id if lead_id is not None else find_oldest_pooled(tx, queue, rep_id)
        if chosen is None:
            raise RefusedError(f"There is nothing to claim in {queue}: `baton queue show {queue}` lists what is there.")
        answer = Answer(Kind.CLAIM, chosen, rep_id, sent_by=made_by, details={"from": queue})
        (verdict,) = settle_answers(context, tx, [answer])
        if verdict.refusal:
            raise RefusedError(verdict.refusal)
    return chosen


def _check_queue(context: Context, tx: Transaction, name: str) -> None:
    version = context.policies.active(tx)
    queues = version.policy.queues if version else {}
    claimable = sorted(one.name for one in queues.values() if one.kind is QueueKind.CLAIM)
    if name not in claimable:
        raise RefusedError(f"{name!r} is no queue to claim from: {suggestion(name, claimable)}")

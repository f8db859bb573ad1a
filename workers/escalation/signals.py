"""What brings a nurtured lead back, or tells somebody about it: a signal of its person, or a feature that shipped."""

from collections.abc import Sequence

from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.custody import write_notices
from shared.db.transaction import Transaction
from shared.normal.email import normal_email
from workers.escalation.policy.answers import Answer, Kind, Verdict
from workers.escalation.policy.signals import Signal, react
from workers.escalation.queries import answers as answer_queries
from workers.escalation.queries import signals as queries
from workers.escalation.queries.answers import Waiting


def settle_signals(context: Context, tx: Transaction, waiting: Sequence[Waiting]) -> None:
    """Wake or report the nurtured leads that the events speak of, by the policy in force, and settle the events."""
    version = context.policies.active(tx)
    if not waiting:
        return
    if version is not None:
        signals = [read_signal(one) for one in waiting]
        leads = queries.claim_nurtured(tx, signals)
        reaction = react(version.policy, signals, leads)
        woken = queries.wake(tx, reaction.waking)
        tx.hand_on(TaskName.DEDUPLICATE, woken)
        tx.hand_on(TaskName.SEND, write_notices(tx, reaction.notices))
    answer_queries.settle(tx, [Verdict(Answer(Kind.SEE, 0, "", number=one.number)) for one in waiting])


def read_signal(waiting: Waiting) -> Signal:
    """Return what a captured event says: a signal of a person or of a lead, or the feature that shipped."""
    data = waiting.data
    email = normal_email(data.get("email"))
    lead_id = data.get("lead_id")
    return Signal(
        name=str(data.get("signal") or waiting.type),
        email_key=email.key if email else None,
        lead_id=int(lead_id) if isinstance(lead_id, int) or (isinstance(lead_id, str) and lead_id.isdigit()) else None,
        feature=str(data["feature"]) if waiting.type == "feature.shipped" else None,
    )

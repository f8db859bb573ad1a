"""The clock's tasks: countdowns are armed for what falls due soon, and fire what is due."""

from shared.bus.batch_task import batch_task
from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.db.transaction import transaction
from workers.escalation.answer import settle_answers
from workers.escalation.fire import fire_due
from workers.escalation.policy.reading import KINDS, read_answer
from workers.escalation.policy.sweeping import seconds_until
from workers.escalation.queries import answers as answer_queries
from workers.escalation.queries import firing as queries
from workers.escalation.signals import settle_signals


@batch_task(TaskName.ARM)
def arm(context: Context, lead_ids: list[int]) -> None:
    """Publish a countdown per second of due time for those deadlines of the batch that fall due inside the horizon."""
    with transaction(context.engine) as tx:
        seconds = queries.load_seconds_of(tx, lead_ids, context.settings.arm_horizon_seconds)
    for one in seconds:
        context.publisher.publish_later(TaskName.FIRE, one.lead_ids, seconds_until(one.fire_at, tx.started_at))


@batch_task(TaskName.FIRE)
def fire(context: Context, lead_ids: list[int]) -> None:
    """Fire what is due of these leads by the database's clock, and arm again what came too early."""
    with transaction(context.engine, context.publisher) as tx:
        fired = fire_due(context, tx, lead_ids, "countdown")
        early = [] if fired.fired else queries.load_soon(tx, lead_ids, context.settings.arm_horizon_seconds)
        tx.hand_on(TaskName.ARM, early)


@batch_task(TaskName.ANSWER)
def answer(context: Context, event_numbers: list[int]) -> None:
    """Settle captured answers: each is applied, or refused with the sentence that says why."""
    with transaction(context.engine, context.publisher) as tx:
        waiting = answer_queries.load_open(tx, event_numbers)
        settle_answers(context, tx, [read_answer(*one) for one in waiting if one.type in KINDS])
        settle_signals(context, tx, [one for one in waiting if one.type not in KINDS])

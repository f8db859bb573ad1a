"""The outbox's one task: what is due becomes messages, which leave outside of any transaction and are then settled.

Delivery is at least once: a sender that dies between sending and settling leaves its lease behind, and when that has
run out the same message is sent again, under the same key. Two senders never have one notice at the same time.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from shared.bus.batch_task import batch_task
from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.db.transaction import transaction
from shared.domain.notice import NoticeOutcome
from shared.metrics import NOTIFICATIONS
from workers.notification import queries
from workers.notification.desk import Desk, ways_of
from workers.notification.policy.letter import Letter
from workers.notification.policy.retrying import Reply, Settlement, settle
from workers.notification.policy.rounds import LINES, Aside, Message, lines_of, plan_round, whole_messages

log = structlog.get_logger()

#: Notices that one round looks at; more than are ever due at once, unless nobody has sent for hours.
DUE_LIMIT = 5000
#: What a lease leaves beyond the time-out of a receiver: to load, to settle, to wait for the processor.
LEASE_MARGIN_SECONDS = 30.0


@batch_task(TaskName.SEND)
def send(context: Context, notice_ids: list[int]) -> None:
    """Send what is due; the ids only say that something is, for notices of one kind are told together."""
    del notice_ids
    letters, behind = claim_letters(context)
    replies = context.shelf(Desk).deliver(context.settings, letters)
    settle_replies(context, letters, replies, behind)


def claim_letters(context: Context) -> tuple[list[Letter], list[int]]:
    """Claim one message per free line; return them with the notices that wait behind them for the same lines."""
    with transaction(context.engine, context.publisher) as tx:
        ways = ways_of(context.settings)
        due = whole_messages(queries.load_due(tx, DUE_LIMIT), DUE_LIMIT)
        lines = list(lines_of(due, ways))[:LINES]
        planned = plan_round(due, ways, queries.lock_lines(tx, lines) if lines else {}, tx.started_at)
        if planned.aside:
            queries.set_aside(tx, planned.aside)
            for one in planned.aside:
                if one.outcome is not None:
                    tx.count(NOTIFICATIONS, str(one.channel or "slack"), str(one.outcome))
        lease = timedelta(seconds=context.settings.notice_timeout_seconds + LEASE_MARGIN_SECONDS)
        messages = (
            _still_whole(planned.messages, queries.claim(tx, planned.messages, lease)) if planned.messages else []
        )
        cards = queries.load_cards(tx, messages) if messages else {}
        # One hint will do: the next round looks for itself at what is due.
        tx.hand_on(TaskName.SEND, planned.rest[:1])
        letters = [Letter(one, cards[one.message_id], tx.started_at) for one in messages]
    _tell_aside(planned.aside)
    return letters, planned.behind


def settle_replies(
    context: Context, letters: Sequence[Letter], replies: Mapping[int, Reply], behind: Sequence[int] = ()
) -> None:
    """Record what became of each message, unless its lease ran out and another sender has it."""
    if not letters:
        return
    with transaction(context.engine, context.publisher) as tx:
        settlements = [
            settle(one.message, replies[one.message.message_id], tx.started_at, random.random())  # noqa: S311  no secret
            for one in letters
        ]
        settled = queries.settle(tx, settlements)
        for one in settlements:
            tx.count(NOTIFICATIONS, one.channel, str(one.outcome or "retried"), amount=settled.get(one.message_id, 0))
        tx.hand_on(TaskName.SEND, behind[:1])
    for one, letter in zip(settlements, letters, strict=True):
        _tell(one, letter.message, settled.get(one.message_id, 0))


def _still_whole(messages: Sequence[Message], claimed: set[int]) -> list[Message]:
    """Keep of each message what was still to be had; a message of which nothing was left is another sender's."""
    kept = (replace(one, notices=tuple(n for n in one.notices if n.notice_id in claimed)) for one in messages)
    return [one for one in kept if one.notices]


def _tell(settlement: Settlement, message: Message, notices: int) -> None:
    """Log what will be told later, and what never."""
    if not notices:
        return
    outcome = settlement.outcome or "retried"
    facts = {"message": message.message_id, "kind": message.kind, "attempt": message.attempt, "why": settlement.reason}
    if outcome == NoticeOutcome.FAILED:
        log.error("notices_failed", channel=settlement.channel, notices=notices, **facts)
    elif outcome != NoticeOutcome.SENT:
        log.warning("notices_retried", channel=settlement.channel, notices=notices, **facts)


def _tell_aside(notices: Sequence[Aside]) -> None:
    """Log what has spent all its attempts."""
    for one in notices:
        if one.outcome is NoticeOutcome.FAILED:
            log.error("notices_failed", notice=one.notice_id, attempts=one.attempts, why=one.reason)

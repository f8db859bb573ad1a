"""What follows from a receiver's reply: it is told, it is tried again later, or it is given up. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from shared.domain.notice import NoticeOutcome
from workers.notification.policy.rounds import ATTEMPTS, PACE, Message

#: The first pause, doubled after each attempt up to the longest: a restart of the receiver is over in seconds.
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
#: How long a failure holds up what else waits for the same line: one message that a receiver chokes on is no outage.
LINE_PAUSE = timedelta(seconds=30)
#: An hour is longer than any limit of Slack's; a larger number says no more.
LONGEST_WAIT_SECONDS = 3600.0
#: How long a receiver is left alone that says "too many requests" without saying for how long.
SILENT_WAIT_SECONDS = 5.0


class Delivery(StrEnum):
    """How an attempt ended."""

    SENT = "sent"
    #: It may work later: the receiver is away, slow, busy, or said nothing that we understand.
    PASSING = "passing"
    #: It would be refused again.
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Reply:
    """How an attempt ended: why it failed in one word, how long to wait if the receiver says so, what it answered."""

    delivery: Delivery
    reason: str | None = None
    wait_seconds: float | None = None
    receipt: str | None = None


#: The reply of a receiver that did not answer in time.
TIMEOUT = Reply(Delivery.PASSING, "timeout")


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is written about an attempt: an outcome, or when the next one is; and when the line is free again."""

    message_id: int
    attempts: int
    next_attempt_at: datetime
    channel: str
    address: str
    free_at: datetime
    outcome: NoticeOutcome | None = None
    reason: str | None = None
    receipt: str | None = None


def settle(message: Message, reply: Reply, now: datetime, chance: float) -> Settlement:
    """Say what follows from a reply; `chance` from 0 to 1 spreads the next attempts of messages that failed at once."""
    outcome = _outcome(message, reply)
    pause = _pause(message.attempt, chance)
    asked = timedelta(seconds=min(reply.wait_seconds or 0.0, LONGEST_WAIT_SECONDS))
    free_at = now + PACE[message.line.channel]
    if reply.delivery is Delivery.PASSING:
        free_at = max(free_at, now + (asked or min(pause, LINE_PAUSE)))
    return Settlement(
        message_id=message.message_id,
        attempts=message.attempt,
        next_attempt_at=now if outcome else now + max(pause, asked),
        channel=message.line.channel,
        address=message.line.address,
        free_at=free_at,
        outcome=outcome,
        reason=reply.reason,
        receipt=reply.receipt,
    )


def _outcome(message: Message, reply: Reply) -> NoticeOutcome | None:
    if reply.delivery is Delivery.SENT:
        return NoticeOutcome.SENT
    is_over = reply.delivery is Delivery.REFUSED or message.attempt >= ATTEMPTS
    return NoticeOutcome.FAILED if is_over else None


def _pause(attempt: int, chance: float) -> timedelta:
    """Return the pause after an attempt: exponential, and between half and all of it by chance."""
    longest: timedelta = min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE)
    return longest * (0.5 + chance / 2)


#: Worth asking again though it is the client's kind of error: too slow, too early.
_PASSING_STATUS = frozenset({408, 425})


def reply_of_status(status: int, retry_after: str | None, now: datetime, reason: str | None = None) -> Reply:
    """Return what an HTTP status other than success means; `reason` is the receiver's own word, where it gave one."""
    if status == 429:
        asked = wait_seconds(retry_after, now)
        return Reply(Delivery.PASSING, "rate_limited", SILENT_WAIT_SECONDS if asked is None else asked)
    if status >= 500 or status in _PASSING_STATUS:
        return Reply(Delivery.PASSING, f"http_{status}", wait_seconds(retry_after, now))
    return Reply(Delivery.REFUSED, reason or f"http_{status}")


def wait_seconds(retry_after: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, as a number or a date; None when it says nothing."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:6]), LONGEST_WAIT_SECONDS)
    try:
        asked = (parsedate_to_datetime(text) - now).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(asked, 0.0), LONGEST_WAIT_SECONDS)

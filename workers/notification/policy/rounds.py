"""One round of sending: which due notices become which messages, what waits, and what can never be told. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.domain.notice import Addressee, Channel, NoticeOutcome
from workers.notification.policy.outbox import Line, Pending, Ways, line_of

#: Lines of one round: each has a thread of its own, so that the slowest receiver is the only one that is late.
LINES = 16
#: Notices of one message: a batch writes one per kind and recipient, so that these speak of up to a million leads.
MESSAGE_NOTICES = 1000
#: A post to a webhook carries every lead with its facts, half a kilobyte each: it is closed at so many.
POST_LEADS = 100
#: Attempts in all; the last one comes between two and three hours after the first, so a long outage is survived.
ATTEMPTS = 12
#: Slack takes about one message per second and channel; what comes meanwhile is told together.
PACE = {Channel.SLACK: timedelta(seconds=1), Channel.WEBHOOK: timedelta(0)}


@dataclass(frozen=True, slots=True)
class Message:
    """What is told at once over one line: notices of one kind. `message_id` is its key, the same at every attempt."""

    message_id: int
    line: Line
    kind: str
    notices: tuple[Pending, ...]

    @property
    def attempt(self) -> int:
        """The number of the attempt that is about to be made, from 1."""
        return self.notices[0].attempts + 1

    @property
    def lead_ids(self) -> list[int]:
        """The leads of all notices, each once."""
        return sorted({lead_id for one in self.notices for lead_id in one.lead_ids})


@dataclass(frozen=True, slots=True)
class Aside:
    """A notice that is not sent in this round: it waits until an instant, or has its outcome."""

    notice_id: int
    attempts: int
    next_attempt_at: datetime
    outcome: NoticeOutcome | None = None
    reason: str | None = None
    channel: Channel | None = None


@dataclass(slots=True)
class Round:
    """What a round does: messages to send, notices set aside, and those that the next round finds at once.

    `rest` lies on lines that this round does not visit, `behind` on its own lines, behind its messages.
    """

    messages: list[Message] = field(default_factory=list)
    aside: list[Aside] = field(default_factory=list)
    rest: list[int] = field(default_factory=list)
    behind: list[int] = field(default_factory=list)


def whole_messages(notices: Sequence[Pending], limit: int) -> list[Pending]:
    """Drop the last message of a list that was cut at a limit: a message is told whole, or its key would lie."""
    if len(notices) < limit:
        return list(notices)
    last = _key(notices[-1])
    kept = [one for one in notices if _key(one) != last]
    return kept or list(notices)


def lines_of(notices: Sequence[Pending], ways: Ways) -> dict[Line, list[Pending]]:
    """Return the notices by line, the line of the one that is due first first; what has no line is left out."""
    found: dict[Line, list[Pending]] = {}
    for one in notices:
        line = line_of(one, ways)
        if line is not None and one.attempts < ATTEMPTS:
            found.setdefault(line, []).append(one)
    return found


def plan_round(notices: Sequence[Pending], ways: Ways, free: Mapping[Line, datetime | None], now: datetime) -> Round:
    """Plan a round over the lines of `free`: None where a line is free, else until when it is not."""
    planned = Round(aside=[one for notice in notices if (one := _outcome(notice, ways, now))])
    for line, waiting in lines_of(notices, ways).items():
        if line not in free:
            planned.rest += [one.notice_id for one in waiting]
        elif (until := free[line]) is not None:
            planned.aside += [_wait(one, max(until, now + PACE[Channel.SLACK])) for one in waiting]
        else:
            _take_first(planned, line, waiting, now)
    return planned


def _take_first(planned: Round, line: Line, waiting: Sequence[Pending], now: datetime) -> None:
    """Send a line's first message; over Slack the others keep the pace, to a webhook they follow at once."""
    message = _first_message(line, waiting)
    taken = {one.notice_id for one in message.notices}
    others = [one for one in waiting if one.notice_id not in taken]
    planned.messages.append(message)
    if PACE[line.channel]:
        planned.aside += [_wait(one, now + PACE[line.channel]) for one in others]
    else:
        planned.behind += [one.notice_id for one in others]


def _first_message(line: Line, waiting: Sequence[Pending]) -> Message:
    """Gather the notices that are told together with the first: the same ones again, or all new ones of its kind."""
    first = min(waiting, key=_key)
    if first.message_id is not None:
        again = tuple(one for one in waiting if one.message_id == first.message_id)
        return Message(first.message_id, line, first.kind, again)
    alike = [one for one in waiting if one.message_id is None and _told_together(one) == _told_together(first)]
    alike.sort(key=_key)
    chosen = alike[:MESSAGE_NOTICES] if line.channel is Channel.SLACK else _closed_at(alike, POST_LEADS)
    return Message(first.notice_id, line, first.kind, tuple(chosen))


def _closed_at(notices: Sequence[Pending], leads: int) -> list[Pending]:
    chosen: list[Pending] = []
    for one in notices:
        if chosen and sum(len(taken.lead_ids) for taken in chosen) + len(one.lead_ids) > leads:
            break
        chosen.append(one)
    return chosen


def _key(notice: Pending) -> int:
    return notice.message_id or notice.notice_id


def _told_together(notice: Pending) -> tuple[Any, ...]:
    """Return what notices of one message have in common; a webhook's leads share track and reason, too."""
    if notice.addressee is Addressee.TRACK:
        return (notice.kind, *sorted((name, str(value)) for name, value in notice.body.items()))
    return (notice.kind, notice.address)


def _wait(notice: Pending, until: datetime) -> Aside:
    return Aside(notice.notice_id, notice.attempts, until)


def _outcome(notice: Pending, ways: Ways, now: datetime) -> Aside | None:
    """Return what becomes of a notice that cannot be sent: no way leads to its recipient, or every attempt is spent."""
    if line_of(notice, ways) is None:
        # The one case in which more than a setting is missing: the rep's row has neither Slack id nor e-mail.
        reason = "no_address" if ways.bot and notice.addressee is not Addressee.TRACK else "nothing_configured"
        return Aside(notice.notice_id, notice.attempts, now, NoticeOutcome.NOT_CONFIGURED, reason, Channel.NONE)
    if notice.attempts >= ATTEMPTS:
        return Aside(notice.notice_id, notice.attempts, now, NoticeOutcome.FAILED, "attempts_spent")
    return None

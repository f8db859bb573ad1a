"""A message in Slack's Block Kit, with a text for notifications; foreign text can neither mention nor format anything.

What comes from outside (a company's name, a campaign) is escaped as Slack asks (&, < and >), which also disarms links
and mentions such as <!channel>; the characters that format are replaced by their full-width twins, and control
characters, line breaks among them, by blanks, so that a name cannot look like a line of ours.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

from shared.domain.notice import Addressee
from workers.notification.policy.letter import NAMED, LeadCard, Letter
from workers.notification.policy.outbox import INCOMING_WEBHOOK, Pending, user_id
from workers.notification.policy.wording import headline, particulars, rows

#: Foreign text is cut here; beside a name, Slack takes 2,000 characters.
TEXT_LENGTH = 120
#: In a list: ten lines of at most three such texts stay below Slack's 3,000 characters per section.
LISTED_LENGTH = 60
#: What a notice says in words of its own; ten of them stay below the same 3,000 characters.
SAID_LENGTH = 280
#: Notices named in a message's metadata, which Slack limits to 8 KB; the message's own key is always there.
METADATA_NOTICES = 100
#: Slack's limit of fields per section.
_FIELDS = 10

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "*": "＊", "_": "＿", "~": "～", "`": "｀"})  # noqa: RUF001  twins that do not format
_LOUD = re.compile(r"@(?=channel|here|everyone)", re.IGNORECASE)
_UNPRINTABLE = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+"
)

Block = dict[str, Any]


def escape(text: str, length: int = TEXT_LENGTH) -> str:
    """Return foreign text as Slack shows it literally: on one line, without markup, links or mentions, cut to length.

    The length is that of what is sent, in which one character of the text may be five.
    """
    plain = _LOUD.sub("＠", _UNPRINTABLE.sub(" ", text).strip())  # noqa: RUF001  the twin that mentions nobody
    escaped = plain.translate(_ESCAPES)
    if len(escaped) <= length:
        return escaped
    ends = accumulate(len(character.translate(_ESCAPES)) for character in plain)
    kept = sum(end < length for end in ends)
    return plain[:kept].translate(_ESCAPES) + "…"


def fallback(letter: Letter) -> str:
    """Return the message as one line for notifications and screen readers."""
    companies = ", ".join(escape(card.company, LISTED_LENGTH) for card in letter.cards)
    more = letter.lead_count - len(letter.cards)
    if not letter.lead_count and letter.body.get("text"):
        return f"{headline(letter)}: {escape(str(letter.body['text']), SAID_LENGTH)}"
    return f"{headline(letter)}: {companies}" + (f" and {more} more" if more > 0 else "")


def blocks(letter: Letter) -> list[Block]:
    """Return the message's blocks: what has happened, the lead or the ten oldest, and the message's key."""
    return [
        _section(f"*{headline(letter)}*{_for_whom(letter)}"),
        *_said(letter),
        *(_only(letter, letter.cards[0]) if len(letter.cards) == 1 == letter.lead_count else _list(letter)),
        {"type": "context", "elements": [_text(_footer(letter))]},
    ]


def metadata(letter: Letter) -> dict[str, Any]:
    """Return what programs read: the idempotency key, and which notices and how many leads the message is about."""
    message = letter.message
    ids = [one.notice_id for one in message.notices]
    payload = {
        "message_id": message.message_id,
        "kind": message.kind,
        "notice_ids": ids[:METADATA_NOTICES],
        "notices": len(ids),
        "leads": letter.lead_count,
    }
    return {"event_type": "baton_notice", "event_payload": payload}


def _for_whom(letter: Letter) -> str:
    """Name the recipient where the line does not: everything meets in the one channel of an incoming webhook."""
    if letter.message.line.address != INCOMING_WEBHOOK:
        return ""
    return f"\nFor {_name(letter.message.notices[0])}"


def _name(notice: Pending) -> str:
    name = escape(notice.rep_name or notice.recipient)
    if notice.addressee is Addressee.MANAGER:
        return f"the manager of {name}"
    person = user_id(notice.slack_id) if notice.addressee is Addressee.REP else None
    return f"<@{person}>" if person else name


def _said(letter: Letter) -> list[Block]:
    """Return what notices say that speak of no lead, each on a line of its own."""
    said = [str(one.body["text"]) for one in letter.message.notices if one.body.get("text") and not one.lead_ids]
    lines = [f"• {escape(text, SAID_LENGTH)}" for text in said[:NAMED]]
    tail = [f"and {len(said) - NAMED} more"] if len(said) > NAMED else []
    return [_section("\n".join([*lines, *tail]))] if lines else []


def _only(letter: Letter, card: LeadCard) -> list[Block]:
    fields = [_text(f"*{name}*\n{escape(value)}") for name, value in rows(letter, card)]
    found: list[Block] = [
        {"type": "section", "fields": fields[start : start + _FIELDS]} for start in range(0, len(fields), _FIELDS)
    ]
    return [*found, _section(f"*Answer by* {_instant(card.due_at)}")] if card.due_at else found


def _list(letter: Letter) -> list[Block]:
    lines = [_line(letter, card) for card in letter.cards[:NAMED]]
    more = letter.lead_count - len(lines)
    oldest = f"The {len(lines)} oldest:\n" if more > 0 and lines else ""
    tail = [f"and {more} more"] if more > 0 else []
    return [_section(oldest + "\n".join([*lines, *tail]))] if lines or tail else []


def _line(letter: Letter, card: LeadCard) -> str:
    told: Sequence[str] = [escape(text, LISTED_LENGTH) for text in particulars(letter, card)]
    return f"• *{escape(card.company, LISTED_LENGTH)}* · " + " · ".join(told)


def _footer(letter: Letter) -> str:
    ids = [one.notice_id for one in letter.message.notices]
    told = f"notice {ids[0]}" if len(ids) == 1 else f"{len(ids)} notices"
    return f"Baton · message {letter.message.message_id} · {told}"


def _instant(at: datetime) -> str:
    """Return an instant in the reader's own time zone, as Slack renders it."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC>"


def _section(text: str) -> Block:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> Block:
    # verbatim: Slack makes no links of what merely looks like one.
    return {"type": "mrkdwn", "text": text, "verbatim": True}

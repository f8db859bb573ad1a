"""A notice that is due, the line over which it can be told, and what is configured to carry it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from shared.domain.notice import Addressee, Channel

#: The line of an incoming webhook: Slack gives each one channel, whatever the notice's recipient.
INCOMING_WEBHOOK = "incoming webhook"

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
#: Slack's own ids: channels, groups, direct messages, users.
_SLACK_ID = re.compile(r"[CGDUW][A-Z0-9]{5,20}")
#: The names that Slack allows for a channel.
_CHANNEL_NAME = re.compile(r"#?[^\W_][\w-]{0,79}")
_TRACK_PREFIX = "webhook:"


class Line(NamedTuple):
    """One way to one receiver; messages over a line follow each other, lines do not wait for each other."""

    channel: Channel
    address: str


@dataclass(frozen=True, slots=True)
class Ways:
    """What is configured: a Slack app, an incoming webhook of Slack, webhooks by name."""

    bot: bool = False
    hook: bool = False
    webhooks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pending:
    """A notice that is due, with what the rep table says of its recipient; `address` is blank where nothing is known.

    `message_id` is set where the notice has been told in a message before: it is told in the same one again.
    """

    notice_id: int
    kind: str
    recipient: str
    addressee: Addressee
    lead_ids: Sequence[int]
    created_at: datetime
    address: str | None = None
    rep_name: str | None = None
    slack_id: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 0
    message_id: int | None = None


def line_of(notice: Pending, ways: Ways) -> Line | None:
    """Return the line over which a notice goes, or None where nothing is configured that could carry it.

    A Slack app reaches every address; what has none that Slack knows goes to the incoming webhook, if there is one.
    """
    if notice.addressee is Addressee.TRACK:
        name = notice.recipient.removeprefix(_TRACK_PREFIX)
        is_known = notice.recipient.startswith(_TRACK_PREFIX) and name in ways.webhooks
        return Line(Channel.WEBHOOK, name) if is_known else None
    address = slack_address(notice.address or "")
    if ways.bot and address:
        return Line(Channel.SLACK, address)
    return Line(Channel.SLACK, INCOMING_WEBHOOK) if ways.hook else None


def slack_address(text: str) -> str | None:
    """Return what Slack takes as the receiver of a message: an id, `#channel`, or an e-mail to look a person up by."""
    text = text.strip()
    if _SLACK_ID.fullmatch(text) or _EMAIL.fullmatch(text):
        return text
    if _CHANNEL_NAME.fullmatch(text):
        return f"#{text.removeprefix('#')}".lower()
    return None


def is_email(address: str) -> bool:
    """Say whether an address names a person by e-mail."""
    return "@" in address


def user_id(text: str | None) -> str | None:
    """Return a text if it is the Slack id of a user, who can be mentioned."""
    return text if text and _SLACK_ID.fullmatch(text) and text[0] in "UW" else None

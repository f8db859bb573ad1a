"""The words of a message to people: what has happened, and what matters about each lead. Plain text."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from shared.domain.notice import NoticeKind
from workers.notification.policy.letter import LeadCard, Letter

#: One lead, several leads; the number goes in where the braces are.
_HEADLINES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        NoticeKind.REMINDER: ("A lead waits for you", "{} leads wait for you"),
        NoticeKind.OVERDUE: ("A lead is overdue", "{} leads are overdue"),
        NoticeKind.SHARK_TANK: ("A lead can be claimed", "{} leads can be claimed"),
        NoticeKind.UNCLAIMED: ("Nobody has taken a lead", "Nobody has taken {} leads"),
        NoticeKind.PRIORITY: ("A lead of high priority is yours", "{} leads of high priority are yours"),
        NoticeKind.EXCEPTION: ("A lead came into the queue", "{} leads came into the queue"),
        NoticeKind.REASSIGNED: ("A lead has changed hands", "{} leads have changed hands"),
        NoticeKind.VOCABULARY: (
            "A lead uses a word that the policy does not know",
            "{} leads use words that the policy does not know",
        ),
        NoticeKind.SIGNAL: ("A nurtured lead shows interest", "{} nurtured leads show interest"),
        NoticeKind.POLICY: ("The routing policy", "The routing policy"),
        NoticeKind.NURTURE: ("A lead came onto a nurture track", "{} leads came onto a nurture track"),
    }
)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400

Row = tuple[str, str]


def headline(letter: Letter) -> str:
    """Return what has happened in one line."""
    if "share" in letter.body and not letter.lead_count:
        return f"The queue {letter.body.get('queue')} holds {letter.body['share']:.0%} of all leads"
    one, many = _HEADLINES.get(letter.message.kind, ("A lead needs you", "{} leads need you"))
    return one if letter.lead_count == 1 else many.format(letter.lead_count)


def age(since: datetime, now: datetime) -> str:
    """Return how long ago something was, in its two largest units."""
    seconds = max(0, int((now - since).total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < _DAY:
        return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE} min"
    return f"{seconds // _DAY} d {seconds % _DAY // _HOUR} h"


def particulars(letter: Letter, card: LeadCard) -> list[str]:
    """Return what a list says of a lead: who has it, how old it is, its id, and what the kind of notice is about."""
    owner = f"with {card.owner}" if card.owner else None
    told = [owner, age(card.received_at, letter.now), f"lead {card.lead_id}", _point(letter, card)]
    return [text for text in told if text]


def rows(letter: Letter, card: LeadCard) -> list[Row]:
    """Return what a message says of its only lead, as names and values; what is not known is left out."""
    found: list[tuple[str, str | None]] = [
        ("Company", card.company),
        ("Contact", _contact(card)),
        ("Product", card.product or card.fact("product")),
        ("Asked for", card.fact("lead_type")),
        ("Need", card.fact("declared_need")),
        ("Size", card.segment),
        ("Country", card.fact("country")),
        ("Came by", _source(card)),
        ("Intent", None if card.intent is None else str(card.intent)),
        ("Rule", card.rule),
        ("First action", _first_action(card)),
        ("With", card.owner),
        ("Age", age(card.received_at, letter.now)),
        ("Why", _point(letter, card)),
    ]
    return [(name, value) for name, value in found if value]


def _contact(card: LeadCard) -> str | None:
    """Return name and title; how to reach the person stands in the CRM and not in a chat."""
    name = " ".join(part for part in (card.fact("first_name"), card.fact("last_name")) if part)
    return ", ".join(part for part in (name, card.fact("job_title")) if part) or None


def _source(card: LeadCard) -> str | None:
    return ", ".join(text for name in ("original_source", "campaign") if (text := card.fact(name))) or None


def _first_action(card: LeadCard) -> str | None:
    action = card.first_action or {}
    seconds = action.get("within_seconds")
    within = f" within {_length(float(seconds))}" if seconds else ""
    return f"{action['task']}{within}" if action.get("task") else None


def _length(seconds: float) -> str:
    return f"{seconds / _MINUTE:.0f} min" if seconds < 2 * _HOUR else f"{seconds / _HOUR:.0f} h"


def _handover(_card: LeadCard, body: Mapping[str, Any]) -> str | None:
    # A plan's notice speaks of many leads with many former owners; who has each now stands beside it.
    ways = (str(body[name]) for name in ("from", "to") if body.get(name))
    way = f"bulk move {body['plan']}" if body.get("plan") else " to ".join(ways)
    return ": ".join(part for part in (way, str(body.get("reason") or "")) if part) or None


def _hold(card: LeadCard, _body: Mapping[str, Any]) -> str | None:
    return card.hold_reason


def _word(card: LeadCard, _body: Mapping[str, Any]) -> str | None:
    return card.fact("original_source")


def _signal(_card: LeadCard, body: Mapping[str, Any]) -> str | None:
    return str(body["signal"]) if body.get("signal") else None


_POINTS: Mapping[str, Callable[[LeadCard, Mapping[str, Any]], str | None]] = MappingProxyType(
    {
        NoticeKind.EXCEPTION: _hold,
        NoticeKind.UNCLAIMED: _hold,
        NoticeKind.REASSIGNED: _handover,
        NoticeKind.VOCABULARY: _word,
        NoticeKind.SIGNAL: _signal,
    }
)


def _point(letter: Letter, card: LeadCard) -> str | None:
    """Return what the kind of notice is about: the reason of a hold, from whom to whom, the unknown word."""
    find = _POINTS.get(letter.message.kind)
    return find(card, letter.body_of(card.lead_id)) if find else None

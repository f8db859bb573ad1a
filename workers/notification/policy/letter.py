"""A message with what is known of its leads: all that its words are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workers.notification.policy.rounds import Message

#: How many leads a message to people names; it counts them all.
NAMED = 10


@dataclass(frozen=True, slots=True)
class LeadCard:
    """What is known of a lead at the moment of telling."""

    lead_id: int
    received_at: datetime
    owner: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    hold_reason: str | None = None
    product: str | None = None
    segment: str | None = None
    intent: int | None = None
    rule: str | None = None
    due_at: datetime | None = None
    first_action: Mapping[str, Any] | None = None

    def fact(self, name: str) -> str | None:
        """Return a fact as text, None where it is not known."""
        value = self.facts.get(name)
        return None if value is None or isinstance(value, (dict, list)) else str(value)

    @property
    def company(self) -> str:
        """The company's name, else its domain, else what we call an unknown one."""
        return self.fact("company") or self.fact("domain") or "unknown company"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message, its oldest leads, and the instant of telling."""

    message: Message
    cards: Sequence[LeadCard]
    now: datetime

    @property
    def lead_count(self) -> int:
        """How many leads the message speaks of; `cards` may be fewer."""
        return len(self.message.lead_ids)

    @property
    def body(self) -> Mapping[str, Any]:
        """What the first notice says beyond its leads."""
        return self.message.notices[0].body

    def body_of(self, lead_id: int) -> Mapping[str, Any]:
        """Return what is said of a lead beyond its facts, by the first notice that speaks of it."""
        return next((one.body for one in self.message.notices if lead_id in one.lead_ids), {})

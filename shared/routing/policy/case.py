"""What the assignment knows of a lead, and of everybody who could get it: the inputs of its pure decisions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.custody.states import RepState
from shared.domain.calendar import ALWAYS, OpenHours, both
from shared.domain.lead import Status
from shared.domain.target import Target
from shared.routing.policy.balance import PoolState


@dataclass(frozen=True, slots=True)
class AccountState:
    """The account that a lead was matched to, with its newest open opportunity."""

    account_id: str
    status: str
    named: bool
    owner_rep_id: str | None
    opportunity_id: str | None = None
    opportunity_owner: str | None = None
    #: Firmographics of the account in normal form: they fill what the lead's own facts leave open.
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Directive:
    """Where a clock or an answer wants the next owner to be looked for; `without` is who just let the lead go."""

    targets: tuple[Target, ...]
    without: str | None = None
    reason: str = "escalation"

    @classmethod
    def read(cls, document: Mapping[str, Any] | None) -> "Directive | None":
        """Return the directive that a lead row carries."""
        if document is None:
            return None
        targets = tuple(Target.parse(text) for text in document["targets"])
        return cls(targets, document.get("without"), document.get("reason", "escalation"))

    def as_document(self) -> dict[str, Any]:
        """Return the directive as a lead row and a decision carry it."""
        targets = [str(target) for target in self.targets]
        return {"targets": targets, "without": self.without, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Case:
    """One lead that waits for an owner: `facts` in normal form, `bad` the given words that nobody could understand."""

    lead_id: int
    from_status: Status
    received_at: datetime
    released_at: datetime
    facts: Mapping[str, Any]
    bad: Mapping[str, str] = field(default_factory=dict)
    account: AccountState | None = None
    signals: Mapping[str, int] = field(default_factory=dict)
    test: bool = False
    directive: Directive | None = None
    #: Why it is held now, if it is.
    hold_reason: str | None = None

    def rule_facts(self) -> dict[str, object]:
        """Return the facts that rules may ask for: the lead's own, its account's, and what the person did.

        Who has no account is a prospect, and known to be one: "not a customer" must hold for a stranger.
        """
        account = self.account
        known = account.facts if account else {}
        return {
            **{name: value for name, value in known.items() if name not in self.bad},
            **self.facts,
            "signals": self.signals,
            "account_status": account.status if account else "prospect",
            "has_open_opportunity": bool(account and account.opportunity_id),
            "named_account": bool(account and account.named),
        }


@dataclass(frozen=True, slots=True)
class Coverage:
    """Everybody who could get a lead of the batch, as they stand under their locks."""

    now: datetime
    reps: Mapping[str, RepState]
    pools: Mapping[str, PoolState]
    calendars: Mapping[str, OpenHours]

    def next_open(self, pool_calendar: str | None, rep_id: str) -> datetime | None:
        """Return when the pool's and the rep's hours are next both open."""
        state = self.reps.get(rep_id)
        own = state.rep.calendar if state else None
        hours = both(self.calendars.get(pool_calendar or "", ALWAYS), self.calendars.get(own or "", ALWAYS))
        return hours.next_open(self.now)

"""What is asked about a company, and what a provider answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """How one look-up of one company ended."""

    FOUND = "found"
    MISSING = "missing"
    """The provider answered that it does not know the company."""
    ERROR = "error"
    TIMEOUT = "timeout"
    OPEN_CIRCUIT = "open_circuit"
    """Not asked, because the provider failed too often just before."""
    RATE_LIMITED = "rate_limited"


# A provider that ended so still owes its answer: the lead is marked, and asking again later may help.
OWED: Final = frozenset({Outcome.ERROR, Outcome.TIMEOUT, Outcome.OPEN_CIRCUIT, Outcome.RATE_LIMITED})


@dataclass(frozen=True, slots=True)
class CompanyQuery:
    """One lead's question about its company; a domain or a name is given, or both."""

    key: int
    """Whose question it is: the lead's id."""
    domain: str | None
    """Registrable ASCII domain; never that of a free-mail or disposable provider."""
    company_key: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One provider's answer about one company."""

    provider: str
    outcome: Outcome
    facts: Mapping[str, object] = field(default_factory=dict)
    """Normal forms by fact name, of `PROVIDED_FIELDS`; empty unless found."""
    matched_by: str | None = None
    """`domain` or `name`, where found."""

"""What a provider is, what a cache of its answers is, and how its outcomes are counted."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from workers.enrichment.policy.finding import CompanyQuery, Finding, Outcome

Count = Callable[[str, Outcome, int], None]
"""Counts requests: provider, outcome, how many."""


class Provider(Protocol):
    """A source of facts about companies, asked for a whole batch at once."""

    @property
    def name(self) -> str:
        """Its name in settings, findings, precedence and metrics."""

    def look_up(self, queries: Sequence[CompanyQuery]) -> Mapping[int, Finding]:
        """Return one finding per query, by the query's key; never raises for what the outside does."""


class FindingCache(Protocol):
    """Remembers what a provider found, or did not find, about a domain; it forgets by its own rule."""

    def get_many(self, provider: str, domains: Sequence[str]) -> Mapping[str, Finding]:
        """Return what is remembered; domains that are not, are left out."""

    def put_many(self, provider: str, findings: Mapping[str, Finding]) -> None:
        """Remember findings by domain; only such with the outcome found or missing are given."""


def count_nothing(provider: str, outcome: Outcome, number: int) -> None:
    """Count nothing, where nobody reads the numbers."""

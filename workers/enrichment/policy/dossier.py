"""A lead on its way through enrichment: what was submitted, what it says, what providers found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from workers.enrichment.policy.finding import CompanyQuery, Finding
from workers.enrichment.policy.reading import Reading


@dataclass(frozen=True, slots=True)
class Received:
    """A captured lead whose facts are not gathered yet."""

    lead_id: int
    data: Mapping[str, Any]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Dossier:
    """A lead with what its submission says and what providers found about its company, in the configured order."""

    lead: Received
    reading: Reading
    query: CompanyQuery | None
    findings: tuple[Finding, ...] = ()

    def with_findings(self, more: Sequence[Finding]) -> "Dossier":
        """Return the dossier with further findings."""
        return replace(self, findings=(*self.findings, *more))

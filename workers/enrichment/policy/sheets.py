"""From dossiers to what is written: the fact sheet with ICP fit and intent, and the wait in the buffer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.policy.compile import Policy
from workers.enrichment.policy.buffer import wait_for
from workers.enrichment.policy.dossier import Dossier
from workers.enrichment.policy.facts import FactSheet, fact_sheet


@dataclass(frozen=True, slots=True)
class Buffered:
    """A lead with its facts, and when it may leave the buffer; `due_at` is set when it has to wait."""

    lead_id: int
    sheet: Mapping[str, Any]
    release_at: datetime
    policy_version: int
    intent: int
    email: str | None
    domain: str | None
    due_at: datetime | None
    detail: Mapping[str, Any]


def buffered(
    policy: Policy, version: int, dossiers: Sequence[Dossier], now: datetime, *, wanting: Collection[int]
) -> list[Buffered]:
    """Return what is written about each lead; those in `wanting` still wait for a vendor's answer."""
    return [
        _buffered(policy, version, dossier, now, complete=dossier.lead.lead_id not in wanting) for dossier in dossiers
    ]


def _buffered(policy: Policy, version: int, dossier: Dossier, now: datetime, *, complete: bool) -> Buffered:
    sheet = fact_sheet(dossier.reading, dossier.findings)
    derived = policy.derive(sheet.facts, sheet.bad)
    qualification = policy.qualify(derived)
    lead_type = derived.values.get("lead_type")
    buffer = policy.buffer_for(lead_type if isinstance(lead_type, str) else None)
    wait = wait_for(buffer, dossier.lead.received_at, now, facts_complete=complete)
    return Buffered(
        lead_id=dossier.lead.lead_id,
        sheet=sheet.as_document(),
        release_at=wait.release_at,
        policy_version=version,
        # The column is a smallint; beyond its range more intent means nothing more.
        intent=min(derived.intent, 32_767),
        email=_text(sheet, "email_key"),
        domain=_text(sheet, "domain"),
        due_at=wait.due_at,
        detail={
            "providers": [_provider(finding) for finding in dossier.findings],
            "waiting_for_vendors": not complete,
            "missing_providers": list(sheet.missing_providers),
            "icp": qualification.icp_passed,
            "intent": derived.intent,
            "blanks": list(sheet.blanks),
            "bad": sorted(sheet.bad),
            "conflicts": len(sheet.conflicts),
        },
    )


def _provider(finding: Any) -> dict[str, Any]:
    return {"name": finding.provider, "outcome": finding.outcome, "by": finding.matched_by}


def _text(sheet: FactSheet, name: str) -> str | None:
    value = sheet.facts.get(name)
    return value if isinstance(value, str) else None

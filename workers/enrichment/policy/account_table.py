"""The account table as a provider of facts: by domain first, else by the exact match key of the name."""

from collections.abc import Mapping, Sequence
from typing import Any

from workers.enrichment.policy.finding import CompanyQuery, Finding, Outcome

_FACTS = ("country", "state", "postal_code", "employees", "employees_upper", "industry")


def find_in_accounts(rows: Sequence[Any], questions: Sequence[CompanyQuery]) -> Mapping[int, Finding]:
    """Answer the questions from account rows, oldest first: of several accounts with one domain the first counts."""
    by_domain: dict[str, Any] = {}
    by_name: dict[str, Any] = {}
    for row in rows:
        if row.domain:
            by_domain.setdefault(row.domain, row)
        if row.company_key:
            by_name.setdefault(row.company_key, row)
    return {question.key: _answer(question, by_domain, by_name) for question in questions}


def _answer(question: CompanyQuery, by_domain: Mapping[str, Any], by_name: Mapping[str, Any]) -> Finding:
    row, matched_by = by_domain.get(question.domain or ""), "domain"
    if row is None:
        row, matched_by = by_name.get(question.company_key or ""), "name"
    if row is None:
        return Finding("account", Outcome.MISSING)
    facts = {name: value for name in _FACTS if (value := getattr(row, name)) is not None}
    return Finding("account", Outcome.FOUND, {"company": row.name, **facts}, matched_by)

"""Collects what is known without leaving the house: the submission, the account table, the bundled companies."""

from collections.abc import Mapping, Sequence

from shared.db.transaction import Transaction
from shared.metrics import ENRICHMENT_REQUESTS
from workers.enrichment import queries
from workers.enrichment.policy.account_table import find_in_accounts
from workers.enrichment.policy.dossier import Dossier, Received
from workers.enrichment.policy.finding import CompanyQuery, Finding, Outcome
from workers.enrichment.policy.reading import company_query, read
from workers.enrichment.providers.listed import ListedCompanies

_LISTED = ListedCompanies()


def gather(tx: Transaction, providers: Sequence[str], leads: Sequence[Received]) -> list[Dossier]:
    """Read every submission and ask the providers that need no network."""
    readings = {lead.lead_id: read(lead.data) for lead in leads}
    asked = {key: company_query(key, reading) for key, reading in readings.items()}
    questions = [query for query in asked.values() if query is not None]
    answers = [_ask(tx, name, questions) for name in providers if name in {"account", "listed"}]
    return [
        Dossier(
            lead,
            readings[lead.lead_id],
            asked[lead.lead_id],
            tuple(found[lead.lead_id] for found in answers if lead.lead_id in found),
        )
        for lead in leads
    ]


def _ask(tx: Transaction, name: str, questions: Sequence[CompanyQuery]) -> Mapping[int, Finding]:
    if not questions:
        return {}
    if name == "account":
        domains = {question.domain for question in questions if question.domain}
        keys = {question.company_key for question in questions if question.company_key}
        found = find_in_accounts(queries.load_accounts(tx, domains, keys), questions)
    else:
        found = _LISTED.look_up(questions)
    hits = sum(finding.outcome is Outcome.FOUND for finding in found.values())
    ENRICHMENT_REQUESTS.labels(provider=name, outcome="found").inc(hits)
    ENRICHMENT_REQUESTS.labels(provider=name, outcome="missing").inc(len(questions) - hits)
    return found

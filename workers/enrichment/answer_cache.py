"""Remembers vendors' answers by domain in the database, so that no process pays twice for the same question."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine

from shared.db.arrays import rows_as_json
from shared.db.transaction import transaction
from workers.enrichment.policy.finding import Finding, Outcome

#: Firmographics change by the quarter; who is unknown today may be known in a month.
KEEP_DAYS = 30


class DatabaseCache:
    """The vendors' cache in the table `vendor_answer`; used outside of a batch's transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get_many(self, provider: str, domains: Sequence[str]) -> Mapping[str, Finding]:
        """Return what is remembered and young enough."""
        with transaction(self._engine) as tx:
            rows = tx.rows(
                """
                SELECT domain, answer FROM vendor_answer
                WHERE provider = %(provider)s AND domain = ANY(%(domains)s::text[])
                    AND asked_at > now() - make_interval(days => %(days)s)
                """,
                provider=provider,
                domains=list(domains),
                days=KEEP_DAYS,
            )
        return {row.domain: _finding(provider, row.answer) for row in rows}

    def put_many(self, provider: str, findings: Mapping[str, Finding]) -> None:
        """Remember findings by domain; an unknown domain is remembered as unknown."""
        with transaction(self._engine) as tx:
            tx.run(
                """
                INSERT INTO vendor_answer (provider, domain, answer)
                SELECT %(provider)s, domain, answer
                FROM json_to_recordset(%(rows)s) AS row(domain text, answer jsonb) ORDER BY domain
                ON CONFLICT (provider, domain) DO UPDATE SET answer = excluded.answer, asked_at = now()
                """,
                provider=provider,
                rows=rows_as_json(
                    {
                        "domain": domain,
                        "answer": dict(finding.facts) if finding.outcome is Outcome.FOUND else None,
                    }
                    for domain, finding in findings.items()
                ),
            )


def _finding(provider: str, answer: Mapping[str, object] | None) -> Finding:
    if answer is None:
        return Finding(provider, Outcome.MISSING)
    return Finding(provider, Outcome.FOUND, answer, "domain")

"""The statements of the recovery views: leads that nobody holds, and deals that were lost."""

from typing import Any

from shared.db.transaction import Transaction

Row = dict[str, Any]


def load_without_owner(tx: Transaction, limit: int) -> list[Row]:
    """Return leads that somebody should hold and nobody does, those that wait longest first; by law there are none."""
    rows = tx.rows(
        """
        SELECT lead.lead_id, sheet #>> '{facts,email}' AS email, sheet #>> '{facts,company}' AS company, status,
            status_at AS since
        FROM lead LEFT JOIN fact_sheet USING (lead_id)
        WHERE NOT test AND status IN ('offered', 'accepted', 'pooled', 'held')
            AND NOT EXISTS (SELECT FROM assignment WHERE assignment.lead_id = lead.lead_id AND ended_at IS NULL)
        ORDER BY status_at, lead.lead_id LIMIT %(limit)s
        """,
        limit=limit,
    )
    return [row._asdict() for row in rows]


def load_closed_lost(tx: Transaction, limit: int) -> list[Row]:
    """Return conversions whose opportunity the CRM calls lost, the latest first, with the rep who had the lead."""
    rows = tx.rows(
        """
        SELECT lead.lead_id, sheet #>> '{facts,email}' AS email, sheet #>> '{facts,company}' AS company,
            last.owner AS rep, lead.rule AS path, opportunity_id, stage,
            coalesce(opportunity.amount, lead.amount)::float8 AS amount, converted_at, closed_at
        FROM lead JOIN opportunity USING (opportunity_id) LEFT JOIN fact_sheet USING (lead_id)
        LEFT JOIN LATERAL (
            SELECT owner FROM assignment WHERE assignment.lead_id = lead.lead_id AND owner_kind = 'rep'
            ORDER BY epoch DESC LIMIT 1) AS last ON true
        WHERE NOT test AND NOT is_open AND stage ILIKE '%%lost%%'
        ORDER BY closed_at DESC NULLS LAST, lead.lead_id LIMIT %(limit)s
        """,
        limit=limit,
    )
    return [row._asdict() for row in rows]

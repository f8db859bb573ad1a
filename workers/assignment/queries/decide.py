"""The statements of deciding: claim what waits for an owner, and put off what nobody can take yet."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.db.arrays import as_json
from shared.db.transaction import Transaction
from shared.routing.policy.case import Case
from shared.routing.queries.cases import cases_of


def claim(tx: Transaction, lead_ids: Sequence[int]) -> list[Case]:
    """Lock the leads that wait for an owner, in order: matched ones, and held ones that wait for somebody."""
    rows = tx.rows(
        """
        SELECT lead.lead_id, lead.status, lead.received_at, coalesce(lead.release_at, lead.received_at) AS released_at,
            lead.account_id, lead.test, fact_sheet.sheet -> 'facts' AS facts, fact_sheet.sheet -> 'bad' AS bad,
            lead.directive, lead.hold_reason
        FROM lead JOIN fact_sheet USING (lead_id)
        WHERE lead.lead_id = ANY(%(ids)s::bigint[])
            AND (lead.status = 'matched' OR (lead.status = 'held' AND lead.next_attempt_at IS NOT NULL))
        ORDER BY lead.lead_id FOR UPDATE OF lead
        """,
        ids=list(lead_ids),
    )
    return cases_of(tx, rows)


def postpone(tx: Transaction, again_at: Mapping[int, Any]) -> None:
    """Say when held leads that nobody could take yet are decided again; that is no new decision."""
    if again_at:
        tx.run(
            """
            UPDATE lead SET next_attempt_at = row.again_at
            FROM json_to_recordset(%(rows)s) AS row(lead_id bigint, again_at timestamptz)
            WHERE lead.lead_id = row.lead_id AND status = 'held'
            """,
            rows=as_json([{"lead_id": lead_id, "again_at": instant} for lead_id, instant in again_at.items()]),
        )

"""Every statement of enrichment: claim, the account table as a provider, the vendors' cache, and the fact sheet."""

from collections.abc import Collection, Sequence
from typing import Any

from shared.db.arrays import rows_as_json
from shared.db.transaction import Transaction
from workers.enrichment.policy.dossier import Received
from workers.enrichment.policy.sheets import Buffered


def claim(tx: Transaction, lead_ids: Sequence[int]) -> list[Received]:
    """Lock the leads that were received, in order, with what was submitted."""
    rows = tx.rows(
        """
        SELECT lead.lead_id, event.data, lead.received_at
        FROM lead JOIN event ON event.lead_id = lead.lead_id AND event.outcome = 'lead'
        WHERE lead.lead_id = ANY(%(ids)s::bigint[]) AND lead.status = 'received'
        ORDER BY lead.lead_id FOR UPDATE OF lead
        """,
        ids=list(lead_ids),
    )
    return [Received(row.lead_id, row.data, row.received_at) for row in rows]


def load_accounts(tx: Transaction, domains: Collection[str], company_keys: Collection[str]) -> list[Any]:
    """Return the firmographics of accounts by registrable domain or by the match key of their name, oldest first."""
    return tx.rows(
        """
        SELECT account_id, name, domain, company_key, country, state, postal_code, employees, employees_upper, industry
        FROM account
        WHERE domain = ANY(%(domains)s::text[]) OR company_key = ANY(%(keys)s::text[])
        ORDER BY created_at, account_id
        """,
        domains=sorted(domains),
        keys=sorted(company_keys),
    )


def put_into_buffer(tx: Transaction, leads: Sequence[Buffered]) -> list[int]:
    """Write the facts, the buffer's clock and the decision of leads that still stand in received; return those."""
    rows = tx.rows(
        """
        WITH ready AS (
            SELECT * FROM jsonb_to_recordset(%(rows)s) AS row(lead_id bigint, sheet jsonb, release_at timestamptz,
                policy_version integer, intent smallint, email text, domain text, due_at timestamptz, detail jsonb)
        ), moved AS (
            UPDATE lead SET status = 'buffering', release_at = ready.release_at, intent = ready.intent,
                decisions = lead.decisions + 1
            FROM ready WHERE lead.lead_id = ready.lead_id AND lead.status = 'received'
            RETURNING lead.decisions, lead.epoch, ready.*
        ), known AS (
            INSERT INTO fact_sheet (lead_id, email, domain, sheet)
            SELECT lead_id, email, domain, sheet FROM moved
        ), clocked AS (
            INSERT INTO deadline (lead_id, epoch, ladder, step, action, due_at, policy_version)
            SELECT lead_id, epoch, 'buffer', 1, 'release', due_at, policy_version
            FROM moved WHERE due_at IS NOT NULL
        ), decided AS (
            INSERT INTO decision (lead_id, sequence, stage, outcome, policy_version, detail)
            SELECT lead_id, decisions, 'enrichment', 'buffering', policy_version, detail FROM moved
        )
        SELECT lead_id FROM moved
        """,
        rows=rows_as_json(leads),
    )
    return [row.lead_id for row in rows]


def complete_facts(tx: Transaction, leads: Sequence[Buffered]) -> list[int]:
    """Write what vendors answered about leads that still wait in the buffer, and let them go when their time has come.

    A lead that went on without the answer is left alone: the answer came too late for its routing.
    """
    rows = tx.rows(
        """
        WITH ready AS (
            SELECT * FROM jsonb_to_recordset(%(rows)s) AS row(lead_id bigint, sheet jsonb, release_at timestamptz,
                policy_version integer, due_at timestamptz, detail jsonb)
        ), waiting AS (
            UPDATE lead SET release_at = least(lead.release_at, ready.release_at), decisions = lead.decisions + 1
            FROM ready WHERE lead.lead_id = ready.lead_id AND lead.status = 'buffering' AND lead.release_at > now()
            RETURNING lead.lead_id, lead.decisions, lead.release_at, ready.sheet, ready.policy_version, ready.due_at,
                ready.detail
        ), known AS (
            UPDATE fact_sheet SET sheet = waiting.sheet FROM waiting WHERE fact_sheet.lead_id = waiting.lead_id
        ), sooner AS (
            UPDATE deadline SET due_at = coalesce(waiting.due_at, deadline.due_at),
                cancelled_at = CASE WHEN waiting.due_at IS NULL THEN now() END
            FROM waiting
            WHERE deadline.lead_id = waiting.lead_id AND ladder = 'buffer'
                AND fired_at IS NULL AND cancelled_at IS NULL
        ), decided AS (
            INSERT INTO decision (lead_id, sequence, stage, outcome, policy_version, detail)
            SELECT lead_id, decisions, 'enrichment', 'completed', policy_version, detail FROM waiting
        )
        SELECT lead_id FROM waiting WHERE release_at <= now()
        """,
        rows=rows_as_json(leads),
    )
    return [row.lead_id for row in rows]

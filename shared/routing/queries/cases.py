"""Statements that complete lead rows to what the rules ask for: accounts, open opportunities, what persons did."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row

from shared.db.transaction import Transaction
from shared.domain.lead import Status
from shared.routing.policy.case import AccountState, Case, Directive


def cases_of(tx: Transaction, rows: Sequence[Any]) -> list[Case]:
    """Complete lead rows with their accounts and what the persons did."""
    accounts = load_accounts(tx, {row.account_id for row in rows if row.account_id})
    signals = load_signals(tx, {row.facts["email_key"] for row in rows if "email_key" in row.facts})
    return [
        Case(
            lead_id=row.lead_id,
            from_status=Status(row.status),
            received_at=row.received_at,
            released_at=row.released_at,
            facts=row.facts,
            bad=row.bad,
            account=accounts.get(row.account_id),
            signals=signals.get(row.facts.get("email_key", ""), {}),
            test=row.test,
            directive=Directive.read(row.directive),
            hold_reason=row.hold_reason,
        )
        for row in rows
    ]


def load_cases_of(tx: Transaction, rep_id: str) -> list[Case]:
    """Return the living leads of a rep as they would be decided again, without any lock."""
    rows = tx.rows(
        """
        SELECT lead.lead_id, lead.status, lead.received_at, coalesce(lead.release_at, lead.received_at) AS released_at,
            lead.account_id, lead.test, fact_sheet.sheet -> 'facts' AS facts, fact_sheet.sheet -> 'bad' AS bad,
            NULL::jsonb AS directive, NULL AS hold_reason
        FROM assignment JOIN lead USING (lead_id) JOIN fact_sheet USING (lead_id)
        WHERE ended_at IS NULL AND owner_kind = 'rep' AND owner = %(rep_id)s
        ORDER BY lead.lead_id
        """,
        rep_id=rep_id,
    )
    return cases_of(tx, rows)


def load_accounts(tx: Transaction, account_ids: Collection[str]) -> dict[str, AccountState]:
    """Return accounts with their newest open opportunity: `opened_at` descending, blanks last, then id."""
    if not account_ids:
        return {}
    rows = tx.rows(
        """
        SELECT account.account_id, account.status, account.named, account.owner_rep_id,
            country, state, postal_code, employees, industry, newest.opportunity_id,
            newest.owner_rep_id AS opportunity_owner
        FROM account LEFT JOIN LATERAL (
            SELECT opportunity_id, owner_rep_id FROM opportunity
            WHERE opportunity.account_id = account.account_id AND is_open
            ORDER BY opened_at DESC NULLS LAST, opportunity_id LIMIT 1
        ) AS newest ON true
        WHERE account.account_id = ANY(%(ids)s::text[])
        """,
        ids=sorted(account_ids),
    )
    return {row.account_id: _account(row) for row in rows}


def _account(row: Row[Any]) -> AccountState:
    names = ("country", "state", "postal_code", "employees", "industry")
    return AccountState(
        row.account_id,
        row.status,
        row.named,
        row.owner_rep_id,
        row.opportunity_id,
        row.opportunity_owner,
        {name: value for name in names if (value := getattr(row, name)) is not None},
    )


def load_signals(tx: Transaction, emails: Collection[str]) -> dict[str, dict[str, int]]:
    """Return how often each person showed each signal."""
    if not emails:
        return {}
    rows = tx.rows(
        "SELECT email, signal, times FROM engagement WHERE email = ANY(%(emails)s::text[])", emails=sorted(emails)
    )
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row.email, {})[row.signal] = row.times
    return found

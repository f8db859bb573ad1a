"""Reps as reference data has them."""

from typing import Any

from shared.db.transaction import Transaction


def load_rep(tx: Transaction, rep_id: str) -> dict[str, Any] | None:
    """Return the columns of a rep as a file has them, None when there is none of this id."""
    row = tx.row(
        """
        SELECT rep_id, name, email, manager_email, manager_channel, team, timezone, status, seniority, segments,
            languages, skills, weight, capacity, calendar, slack_id
        FROM rep WHERE rep_id = %(rep_id)s
        """,
        rep_id=rep_id,
    )
    return None if row is None else row._asdict()


def load_rep_ids(tx: Transaction) -> list[str]:
    """Return the ids of all reps."""
    return [row.rep_id for row in tx.rows("SELECT rep_id FROM rep ORDER BY rep_id")]


def count_held(tx: Transaction, rep_id: str) -> dict[str, int]:
    """Count the living leads of a rep by status."""
    rows = tx.rows(
        """
        SELECT lead.status, count(*) AS leads FROM assignment JOIN lead USING (lead_id)
        WHERE ended_at IS NULL AND owner_kind = 'rep' AND owner = %(rep_id)s
        GROUP BY lead.status ORDER BY lead.status DESC
        """,
        rep_id=rep_id,
    )
    return {row.status: row.leads for row in rows}


def load_active(tx: Transaction, rep_ids: list[str]) -> set[str]:
    """Return those of the reps who are here."""
    if not rep_ids:
        return set()
    rows = tx.rows(
        "SELECT rep_id FROM rep WHERE rep_id = ANY(%(ids)s::text[]) AND status = 'active'", ids=sorted(rep_ids)
    )
    return {row.rep_id for row in rows}


def load_owned(tx: Transaction, rep_ids: list[str]) -> dict[str, tuple[int, int]]:
    """Return how many accounts and how many open opportunities each rep owns."""
    rows = tx.rows(
        """
        SELECT rep_id, (SELECT count(*) FROM account WHERE owner_rep_id = rep_id) AS accounts,
            (SELECT count(*) FROM opportunity WHERE owner_rep_id = rep_id AND is_open) AS opportunities
        FROM unnest(%(ids)s::text[]) AS rep_id
        """,
        ids=sorted(rep_ids),
    )
    return {row.rep_id: (row.accounts, row.opportunities) for row in rows}


def load_accounts_of(tx: Transaction, rep_id: str, most: int) -> dict[str, Any]:
    """Return how many accounts a rep owns and how many of them are named ones, with the first ids, named ones first."""
    row = tx.row(
        """
        SELECT count(*) AS owned, count(*) FILTER (WHERE named) AS named,
            coalesce((array_agg(account_id ORDER BY named DESC, account_id))[:%(most)s], '{}') AS first
        FROM account WHERE owner_rep_id = %(rep_id)s
        """,
        rep_id=rep_id,
        most=most,
    )
    return {} if row is None else row._asdict()


def load_opportunities_of(tx: Transaction, rep_id: str, most: int) -> dict[str, Any]:
    """Return how many open opportunities a rep owns, with the first ids."""
    row = tx.row(
        """
        SELECT count(*) AS owned,
            coalesce((array_agg(opportunity_id ORDER BY opportunity_id))[:%(most)s], '{}') AS first
        FROM opportunity WHERE owner_rep_id = %(rep_id)s AND is_open
        """,
        rep_id=rep_id,
        most=most,
    )
    return {} if row is None else row._asdict()


def load_covered_by(tx: Transaction, rep_id: str) -> list[dict[str, Any]]:
    """Return the absences of others, running and to come, in which the rep stands in."""
    rows = tx.rows(
        """
        SELECT rep_id, starts_at, ends_at FROM absence WHERE cover_rep_id = %(rep_id)s AND ends_at > now()
        ORDER BY starts_at, rep_id
        """,
        rep_id=rep_id,
    )
    return [row._asdict() for row in rows]

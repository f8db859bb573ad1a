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


def count_held(tx: Transaction, rep_id: str) -> int:
    """Count the living leads of a rep."""
    return int(
        tx.value(
            "SELECT count(*) FROM assignment WHERE ended_at IS NULL AND owner_kind = 'rep' AND owner = %(rep_id)s",
            rep_id=rep_id,
        )
    )

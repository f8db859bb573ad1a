"""Statements about the versions of the policy: what they say, when they are in force, what was planned in vain."""

from typing import Any

from shared.db.transaction import Transaction

Row = dict[str, Any]


def load_versions(tx: Transaction) -> list[Row]:
    """Return the versions with who wrote them, the newest first; without their text."""
    rows = tx.rows(
        """
        SELECT version, name, left(sha256, 12) AS sha256, created_at, created_by FROM policy_version
        ORDER BY version DESC
        """
    )
    return [row._asdict() for row in rows]


def load_document(tx: Transaction, version: int) -> Row | None:
    """Return a version as it was written."""
    row = tx.row(
        "SELECT version, name, document, sha256, created_at, created_by FROM policy_version WHERE version = %(number)s",
        number=version,
    )
    return None if row is None else row._asdict()


def load_activations(tx: Transaction) -> list[Row]:
    """Return when each version was and will be put into force, by whom, and what was overridden, in order of asking."""
    rows = tx.rows(
        """
        SELECT activation_id, version, effective_at, requested_at, requested_by, approved_by, note, overridden
        FROM policy_activation ORDER BY activation_id
        """
    )
    return [row._asdict() for row in rows]


def load_cancellations(tx: Transaction) -> list[Row]:
    """Return the plans that were taken back before they took effect."""
    rows = tx.rows(
        """
        SELECT activation_id, version, effective_at, requested_at, requested_by, approved_by, note, cancelled_at,
            cancelled_by, cancel_note
        FROM policy_cancellation ORDER BY activation_id
        """
    )
    return [row._asdict() for row in rows]

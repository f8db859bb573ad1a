"""What holds moves back: a pause on the record, and the policy's cap after an outage."""

from datetime import timedelta
from typing import Any

from shared.db.transaction import Transaction

#: Firings that count late moves take turns, so that together they keep the cap: "STRM" as a number.
_STORM_LOCK = 0x5354524D


def is_paused(tx: Transaction) -> bool:
    """Say whether moves are held."""
    return bool(tx.value("SELECT EXISTS (SELECT FROM escalation_pause WHERE resumed_at IS NULL)"))


def count_late_moves(tx: Transaction, per: timedelta, late_by: timedelta) -> int:
    """Return how many moves that came later than `late_by` were made in the last `per`."""
    tx.row(f"SELECT pg_advisory_xact_lock({_STORM_LOCK})")
    return int(
        tx.value(
            """
            SELECT count(*) FROM deadline
            WHERE action = 'move_to' AND fired_at > now() - %(per)s::interval AND fired_at - due_at > %(late)s::interval
            """,
            per=per,
            late=late_by,
        )
    )


def pause(tx: Transaction, by: str, note: str | None) -> bool:
    """Hold moves from now on; return whether they were not held already."""
    return bool(
        tx.run(
            """
            INSERT INTO escalation_pause (paused_by, note) VALUES (%(by)s, %(note)s)
            ON CONFLICT ((true)) WHERE resumed_at IS NULL DO NOTHING
            """,
            by=by,
            note=note,
        )
    )


def resume(tx: Transaction, by: str) -> int | None:
    """Let moves happen again; return how many wait to be looked at, None when nothing was held."""
    if not tx.run(
        "UPDATE escalation_pause SET resumed_at = now(), resumed_by = %(by)s WHERE resumed_at IS NULL", by=by
    ):
        return None
    return tx.run(
        """
        UPDATE deadline SET deferred_until = now()
        WHERE fired_at IS NULL AND cancelled_at IS NULL AND deferred_until > now()
        """
    )


def load_pause(tx: Transaction) -> dict[str, Any] | None:
    """Return the pause that runs: since when, by whom, and why."""
    row = tx.row("SELECT paused_at, paused_by, note FROM escalation_pause WHERE resumed_at IS NULL")
    return None if row is None else {"paused_at": row.paused_at, "paused_by": row.paused_by, "note": row.note}

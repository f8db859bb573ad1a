"""What the keeper asks of the outbox: which notices are due and nobody is sending."""

from shared.db.transaction import Transaction


def load_due_notices(tx: Transaction, limit: int) -> list[int]:
    """Return notices that are due, the longest waiting first; what is being sent is not due while its lease runs."""
    rows = tx.rows(
        """
        SELECT notice_id FROM notice WHERE outcome IS NULL AND next_attempt_at <= now()
        ORDER BY next_attempt_at, notice_id LIMIT %(limit)s
        """,
        limit=limit,
    )
    return [row.notice_id for row in rows]

"""Every statement that shows queues, pools and policy versions to ops."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.db.transaction import Transaction

Row = dict[str, Any]


def load_queue_loads(tx: Transaction) -> dict[str, tuple[int, datetime]]:
    """Return, per queue that holds leads, how many they are and since when the oldest is there."""
    rows = tx.rows(
        """
        SELECT owner, count(*) AS leads, min(started_at) AS oldest FROM assignment
        WHERE owner_kind = 'queue' AND ended_at IS NULL GROUP BY owner
        """
    )
    return {row.owner: (row.leads, row.oldest) for row in rows}


def load_resting(tx: Transaction, names: Sequence[str]) -> dict[str, tuple[int, datetime]]:
    """Return, per feedback queue, how many leads rest there out of sales, and since when the oldest does."""
    rows = tx.rows(
        """
        SELECT track, count(*) AS leads, min(status_at) AS oldest FROM lead
        WHERE status = 'nurturing' AND track = ANY(%(names)s::text[]) GROUP BY track
        """,
        names=list(names),
    )
    return {row.track: (row.leads, row.oldest) for row in rows}


def count_leads(tx: Transaction) -> int:
    """Return how many leads there are, whatever became of them."""
    return int(tx.value("SELECT count(*) FROM lead"))


def load_reasons(tx: Transaction, queue: str) -> list[Row]:
    """Return why the leads of a queue are there, the most frequent reason first."""
    rows = tx.rows(
        """
        SELECT coalesce(hold_reason, assignment.reason) AS reason, count(*) AS leads, min(started_at) AS oldest_at
        FROM assignment JOIN lead USING (lead_id)
        WHERE owner_kind = 'queue' AND owner = %(queue)s AND ended_at IS NULL
        GROUP BY 1 ORDER BY 2 DESC, 1
        """,
        queue=queue,
    )
    return [row._asdict() for row in rows]


def load_queued(tx: Transaction, queue: str, limit: int) -> list[Row]:
    """Return the leads of a queue, who is longest there first."""
    rows = tx.rows(
        """
        SELECT lead_id, sheet -> 'facts' ->> 'email' AS email, sheet -> 'facts' ->> 'company' AS company, lead.intent,
            lead.rule, hold_reason, lead.next_attempt_at, started_at AS since
        FROM assignment JOIN lead USING (lead_id) LEFT JOIN fact_sheet USING (lead_id)
        WHERE owner_kind = 'queue' AND owner = %(queue)s AND ended_at IS NULL
        ORDER BY started_at, lead_id LIMIT %(limit)s
        """,
        queue=queue,
        limit=limit,
    )
    return [row._asdict() for row in rows]


def load_pool_totals(tx: Transaction) -> dict[str, int]:
    """Return how many leads each pool has given."""
    return {row.pool: row.given for row in tx.rows("SELECT pool, given FROM pool")}


def load_snapshot_before(tx: Transaction, pool: str, at: datetime) -> Row | None:
    """Return a pool as it stood at its last decision before an instant."""
    row = tx.row(
        """
        SELECT snapshot_id, policy_version, taken_at, seats FROM pool_snapshot
        WHERE pool = %(pool)s AND taken_at <= %(at)s ORDER BY snapshot_id DESC LIMIT 1
        """,
        pool=pool,
        at=at,
    )
    return None if row is None else row._asdict()

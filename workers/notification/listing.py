"""The statements behind the commands: which notices there are, and trying again what could not be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.db.transaction import Transaction

#: What `baton notification list --outcome` calls a notice that has no outcome yet.
WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which notices a list shows; None asks nothing."""

    kind: str | None
    recipient: str | None
    lead_id: int | None
    limit: int
    unsent: bool = False
    outcome: str | None = None


def list_notices(tx: Transaction, wanted: Wanted) -> list[dict[str, Any]]:
    """Return notices, the newest first."""
    rows = tx.rows(
        """
        SELECT notification_id, kind, recipient, addressee, channel, address, lead_ids, created_at, sent_at, attempts,
            outcome, reason, message_id, receipt
        FROM report.notification
        WHERE (%(kind)s::text IS NULL OR kind = %(kind)s)
            AND (%(recipient)s::text IS NULL OR recipient = %(recipient)s OR address = %(recipient)s)
            AND (%(lead)s::bigint IS NULL OR lead_ids @> ARRAY[%(lead)s::bigint])
            AND (NOT %(unsent)s OR sent_at IS NULL)
            AND (%(outcome)s::text IS NULL OR coalesce(outcome, 'waiting') = %(outcome)s)
        ORDER BY notification_id DESC LIMIT %(limit)s
        """,
        kind=wanted.kind,
        recipient=wanted.recipient,
        lead=wanted.lead_id,
        unsent=wanted.unsent,
        outcome=wanted.outcome,
        limit=wanted.limit,
    )
    return [row._asdict() for row in rows]


def try_again(tx: Transaction, notice_ids: Sequence[int] | None, by: str) -> list[int]:
    """Let notices that failed, or that nothing could carry, be sent once more, by id or (None) all; return their ids.

    What was told together is told together again, for a message has one key.
    """
    rows = tx.rows(
        """
        UPDATE notice SET outcome = NULL, attempts = 0, next_attempt_at = now(), reason = 'again, by ' || %(by)s,
            channel = CASE addressee WHEN 'track' THEN 'webhook' ELSE 'slack' END
        WHERE outcome IN ('failed', 'not_configured') AND (%(ids)s::bigint[] IS NULL OR notice_id = ANY(%(ids)s)
            OR message_id IN (SELECT message_id FROM notice WHERE notice_id = ANY(%(ids)s::bigint[])))
        RETURNING notice_id
        """,
        ids=None if notice_ids is None else list(notice_ids),
        by=by,
    )
    return sorted(row.notice_id for row in rows)

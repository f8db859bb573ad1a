"""The statement behind the list of running clocks."""

from dataclasses import dataclass
from typing import Any

from shared.db.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deadlines a list shows; None asks nothing. `within` is in seconds from now."""

    lead_id: int | None
    owner: str | None
    ladder: str | None
    within: float | None
    limit: int


def list_deadlines(tx: Transaction, wanted: Wanted) -> list[dict[str, Any]]:
    """Return the steps that have neither fired nor been cancelled, what is due first first."""
    rows = tx.rows(
        """
        SELECT lead_id, deadline.epoch, ladder, step, action, due_at, deferred_until, owner_kind, owner,
            extract(epoch FROM due_at - now())::float8 AS due_in, deadline.policy_version, deadline.detail
        FROM deadline LEFT JOIN assignment AS holder USING (lead_id, epoch)
        WHERE fired_at IS NULL AND cancelled_at IS NULL
            AND (%(lead)s::bigint IS NULL OR lead_id = %(lead)s)
            AND (%(owner)s::text IS NULL OR owner = %(owner)s)
            AND (%(ladder)s::text IS NULL OR ladder = %(ladder)s)
            AND (%(within)s::float8 IS NULL OR due_at <= now() + make_interval(secs => %(within)s))
        ORDER BY due_at, lead_id, step LIMIT %(limit)s
        """,
        lead=wanted.lead_id,
        owner=wanted.owner,
        ladder=wanted.ladder,
        within=wanted.within,
        limit=wanted.limit,
    )
    return [row._asdict() for row in rows]

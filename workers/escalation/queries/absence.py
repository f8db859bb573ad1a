"""Absences that begin, and what the reps who go away hold at that moment."""

from collections.abc import Collection
from dataclasses import dataclass

from shared.db.transaction import Transaction
from shared.domain.lead import Status
from workers.escalation.policy.absence import Left


@dataclass(frozen=True, slots=True)
class Leaving:
    """A rep who goes away, and who stands in."""

    rep_id: str
    cover_rep_id: str | None


def claim_beginning(tx: Transaction, limit: int) -> list[Leaving]:
    """Take the absences that have begun and that nobody has handled yet; those that are over need nothing any more."""
    rows = tx.rows(
        """
        WITH begun AS (
            SELECT rep_id, starts_at FROM absence WHERE handled_at IS NULL AND starts_at <= now()
            ORDER BY starts_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        )
        UPDATE absence SET handled_at = now() FROM begun
        WHERE absence.rep_id = begun.rep_id AND absence.starts_at = begun.starts_at
        RETURNING absence.rep_id, absence.cover_rep_id, absence.ends_at > now() AS is_away
        """,
        limit=limit,
    )
    return [Leaving(row.rep_id, row.cover_rep_id) for row in rows if row.is_away]


def claim_held(tx: Transaction, rep_ids: Collection[str]) -> list[Left]:
    """Lock and return the leads that these reps hold, in order."""
    rows = tx.rows(
        """
        SELECT lead.lead_id, lead.status, lead.rule, holder.owner
        FROM assignment AS holder JOIN lead USING (lead_id)
        WHERE holder.ended_at IS NULL AND holder.owner_kind = 'rep' AND holder.owner = ANY(%(ids)s::text[])
        ORDER BY lead.lead_id FOR UPDATE OF lead
        """,
        ids=sorted(rep_ids),
    )
    return [Left(row.lead_id, Status(row.status), row.owner, row.rule) for row in rows]

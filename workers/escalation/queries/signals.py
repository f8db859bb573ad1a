"""Nurtured leads that an event may wake."""

from collections.abc import Mapping, Sequence

from shared.db.arrays import rows_as_json
from shared.db.transaction import Transaction
from workers.escalation.policy.signals import Nurtured, Signal

#: A feature may wake many; the rest waits for the next look of the keeper.
_MOST = 10_000


def claim_nurtured(tx: Transaction, signals: Sequence[Signal]) -> list[Nurtured]:
    """Lock the nurtured leads that the signals may be about, in order: of their persons, or on a track of features."""
    rows = tx.rows(
        """
        SELECT lead.lead_id, lead.track, lead.recycle_reason, lead.test, fact_sheet.email, told.note, former.owner
        FROM lead
        LEFT JOIN fact_sheet ON fact_sheet.lead_id = lead.lead_id
        LEFT JOIN LATERAL (
            SELECT detail ->> 'note' AS note FROM decision
            WHERE decision.lead_id = lead.lead_id AND stage = 'answer' ORDER BY sequence DESC LIMIT 1
        ) AS told ON true
        LEFT JOIN LATERAL (
            SELECT owner FROM assignment
            WHERE assignment.lead_id = lead.lead_id AND owner_kind = 'rep' ORDER BY epoch DESC LIMIT 1
        ) AS former ON true
        WHERE lead.status = 'nurturing' AND (
            lead.lead_id = ANY(%(ids)s::bigint[])
            OR lead.lead_id IN (SELECT lead_id FROM person_key WHERE key = ANY(%(keys)s::text[]))
            OR (%(features)s AND lead.recycle_reason IS NOT NULL))
        ORDER BY lead.lead_id LIMIT %(most)s FOR UPDATE OF lead
        """,
        ids=[one.lead_id for one in signals if one.lead_id is not None],
        keys=[f"email:{one.email_key}" for one in signals if one.email_key is not None],
        features=any(one.feature is not None for one in signals),
        most=_MOST,
    )
    return [
        Nurtured(row.lead_id, row.track, row.email, row.recycle_reason, row.note, row.owner, row.test) for row in rows
    ]


def wake(tx: Transaction, waking: Mapping[int, str]) -> list[int]:
    """Bring nurtured leads back into the buffer, free to go on at once, with what woke them; return those that woke."""
    if not waking:
        return []
    rows = tx.rows(
        """
        WITH waking AS (
            SELECT * FROM json_to_recordset(%(rows)s) AS waking(lead_id bigint, word text)
        ), woken AS (
            UPDATE lead SET status = 'buffering', track = NULL, recycle_reason = NULL, release_at = now(),
                decisions = decisions + 1
            FROM waking WHERE lead.lead_id = waking.lead_id AND status = 'nurturing'
            RETURNING lead.lead_id, decisions, word
        ), cancelled AS (
            UPDATE deadline SET cancelled_at = now() FROM woken
            WHERE deadline.lead_id = woken.lead_id AND ladder = 'track' AND fired_at IS NULL AND cancelled_at IS NULL
        ), recorded AS (
            INSERT INTO decision (lead_id, sequence, stage, outcome, detail)
            SELECT lead_id, decisions, 'escalation', 'woken', jsonb_build_object('by', word, 'status', 'buffering')
            FROM woken
        )
        SELECT lead_id FROM woken ORDER BY lead_id
        """,
        rows=rows_as_json({"lead_id": lead_id, "word": word} for lead_id, word in waking.items()),
    )
    return [row.lead_id for row in rows]

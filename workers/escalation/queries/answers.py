"""What reps answer: events that wait to be settled, leads under their locks, and what stands of the answers."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from shared.db.arrays import rows_as_json
from shared.db.transaction import Transaction
from shared.domain.lead import OwnerKind, Status
from workers.escalation.policy.answers import Held, Verdict


class Waiting(NamedTuple):
    """An event that intake has captured and nobody has settled."""

    number: int
    type: str
    data: dict[str, Any]


def load_open(tx: Transaction, numbers: Sequence[int]) -> list[Waiting]:
    """Lock events that wait to be settled, in the order in which they were captured."""
    rows = tx.rows(
        """
        SELECT event_number, type, data FROM event
        WHERE event_number = ANY(%(numbers)s::bigint[]) AND outcome = 'open' ORDER BY event_number FOR UPDATE
        """,
        numbers=list(numbers),
    )
    return [Waiting(row.event_number, row.type, row.data) for row in rows]


def load_stale_events(tx: Transaction, older_than_seconds: float, limit: int) -> list[int]:
    """Return events that nobody settled in time: their hint was lost."""
    rows = tx.rows(
        """
        SELECT event_number FROM event
        WHERE outcome = 'open' AND received_at < now() - make_interval(secs => %(seconds)s)
        ORDER BY event_number LIMIT %(limit)s
        """,
        seconds=older_than_seconds,
        limit=limit,
    )
    return [row.event_number for row in rows]


def claim(tx: Transaction, lead_ids: Collection[int]) -> dict[int, Held]:
    """Lock leads in order and return how their answers find them."""
    tx.rows(
        "SELECT 1 FROM lead WHERE lead_id = ANY(%(ids)s::bigint[]) ORDER BY lead_id FOR UPDATE", ids=sorted(lead_ids)
    )
    rows = tx.rows(
        """
        SELECT lead.lead_id, lead.status, lead.epoch, lead.test, lead.policy_version, lead.rule,
            holder.touched_at IS NOT NULL AS touched, holder.owner_kind, holder.owner,
            holder.seen_at IS NOT NULL AS seen, holder.started_at,
            holder.pool, fact_sheet.sheet -> 'facts' AS facts
        FROM lead LEFT JOIN assignment AS holder ON holder.lead_id = lead.lead_id AND holder.ended_at IS NULL
        LEFT JOIN fact_sheet ON fact_sheet.lead_id = lead.lead_id
        WHERE lead.lead_id = ANY(%(ids)s::bigint[])
        """,
        ids=sorted(lead_ids),
    )
    return {
        row.lead_id: Held(
            lead_id=row.lead_id,
            status=Status(row.status),
            owner_kind=OwnerKind(row.owner_kind) if row.owner_kind else None,
            owner=row.owner,
            epoch=row.epoch,
            policy_version=row.policy_version,
            rule=row.rule,
            pool=row.pool,
            touched=row.touched,
            seen=row.seen,
            test=row.test,
        )
        for row in rows
    }


def settle(tx: Transaction, verdicts: Sequence[Verdict]) -> None:
    """Write what became of the events behind the answers: applied, or refused with the sentence."""
    rows = [{"number": one.answer.number, "reason": one.refusal} for one in verdicts if one.answer.number]
    if rows:
        tx.run(
            """
            UPDATE event SET reason = settled.reason,
                outcome = CASE WHEN settled.reason IS NULL THEN 'applied' ELSE 'refused' END
            FROM json_to_recordset(%(rows)s) AS settled(number bigint, reason text)
            WHERE event_number = number AND outcome = 'open'
            """,
            rows=rows_as_json(rows),
        )


def count_claims(
    tx: Transaction, rep_ids: Collection[str], windows: Mapping[str, timedelta]
) -> dict[tuple[str, str], int]:
    """Return how many leads each rep has claimed from each queue within the window of the queue's limit."""
    rows = tx.rows(
        """
        SELECT window_.queue, claim.owner, count(*) AS claims
        FROM json_to_recordset(%(windows)s) AS window_(queue text, seconds double precision)
        JOIN assignment AS claim ON claim.owner_kind = 'rep' AND claim.owner = ANY(%(reps)s::text[])
            AND claim.reason = 'claim' AND claim.started_at > now() - make_interval(secs => seconds)
        JOIN assignment AS former ON former.lead_id = claim.lead_id AND former.epoch = claim.epoch - 1
            AND former.owner = window_.queue
        GROUP BY window_.queue, claim.owner
        """,
        windows=rows_as_json({"queue": name, "seconds": window.total_seconds()} for name, window in windows.items()),
        reps=sorted(rep_ids),
    )
    return {(row.queue, row.owner): row.claims for row in rows}


def load_let_go(tx: Transaction, lead_ids: Sequence[int]) -> dict[int, str]:
    """Return the rep who had each pooled lead last and did not answer."""
    rows = tx.rows(
        """
        SELECT former.lead_id, former.owner
        FROM assignment AS pooled JOIN assignment AS former
            ON former.lead_id = pooled.lead_id AND former.epoch = pooled.epoch - 1
        WHERE pooled.lead_id = ANY(%(ids)s::bigint[]) AND pooled.ended_at IS NULL AND former.owner_kind = 'rep'
            AND former.end_reason = 'non_response'
        """,
        ids=list(lead_ids),
    )
    return {row.lead_id: row.owner for row in rows}


def load_inputs(tx: Transaction, lead_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the inputs of each lead's latest decision of the assignment: what its ladders were chosen by."""
    if not lead_ids:
        return {}
    rows = tx.rows(
        """
        SELECT DISTINCT ON (lead_id) lead_id, detail -> 'inputs' AS inputs FROM decision
        WHERE lead_id = ANY(%(ids)s::bigint[]) AND stage = 'assignment' AND detail ? 'inputs'
        ORDER BY lead_id, sequence DESC
        """,
        ids=list(lead_ids),
    )
    return {row.lead_id: row.inputs for row in rows}


def find_oldest_pooled(tx: Transaction, queue: str, rep_id: str) -> int | None:
    """Lock and return the lead that has waited longest in a claim queue and that nobody else is taking.

    Leads that the rep let go come last.
    """
    found = tx.value(
        """
        SELECT lead.lead_id FROM assignment AS pooled JOIN lead USING (lead_id)
        LEFT JOIN assignment AS former ON former.lead_id = pooled.lead_id AND former.epoch = pooled.epoch - 1
        WHERE pooled.owner_kind = 'queue' AND pooled.owner = %(queue)s AND pooled.ended_at IS NULL
            AND lead.status = 'pooled'
        ORDER BY coalesce(former.owner = %(rep)s AND former.end_reason = 'non_response', false), pooled.started_at,
            lead.lead_id
        LIMIT 1 FOR UPDATE OF lead SKIP LOCKED
        """,
        queue=queue,
        rep=rep_id,
    )
    return None if found is None else int(found)


def load_outcome(tx: Transaction, lead_id: int) -> dict[str, Any]:
    """Return how a lead stands after an answer, and what its clock does next."""
    row = tx.row(
        """
        SELECT lead.lead_id, lead.status, holder.owner_kind, holder.owner, next.action AS next_action,
            next.fire_at AS next_due
        FROM lead LEFT JOIN assignment AS holder ON holder.lead_id = lead.lead_id AND holder.ended_at IS NULL
        LEFT JOIN LATERAL (
            SELECT action, fire_at FROM deadline WHERE deadline.lead_id = lead.lead_id
                AND fired_at IS NULL AND cancelled_at IS NULL ORDER BY fire_at LIMIT 1
        ) AS next ON true
        WHERE lead.lead_id = %(id)s
        """,
        id=lead_id,
    )
    return dict(row._mapping) if row else {}  # noqa: SLF001  SQLAlchemy's public name for it

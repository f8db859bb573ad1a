"""One batch of a plan: its leads under their locks, what became of them, and who is to be told."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.custody.move import Step
from shared.db.arrays import rows_as_json
from shared.db.transaction import Transaction
from shared.domain.lead import Status
from workers.reassignment.policy.giving import Settled, Standing
from workers.reassignment.policy.order import MoveState, Planned
from workers.reassignment.policy.taking_back import Moved


def claim_pending(tx: Transaction, plan_id: int, limit: int) -> list[Planned]:
    """Return the next leads of a plan, by id, with their rows locked."""
    rows = tx.rows(
        """
        SELECT next.* FROM (
            SELECT lead_id, epoch, from_status, from_kind, from_owner, to_kind, to_owner, pool, rule, ladder
            FROM reassignment_move WHERE plan_id = %(plan)s AND state = 'pending' ORDER BY lead_id LIMIT %(limit)s
        ) AS next JOIN lead USING (lead_id) ORDER BY lead_id FOR UPDATE OF lead
        """,
        plan=plan_id,
        limit=limit,
    )
    return [_planned(row) for row in rows]


def _planned(row: Any) -> Planned:
    return Planned(
        row.lead_id,
        row.epoch,
        row.from_status,
        row.from_kind,
        row.from_owner,
        MoveState.PENDING,
        None,
        row.to_kind,
        row.to_owner,
        row.pool,
        row.rule,
        row.ladder,
    )


def claim_moved(tx: Transaction, plan_id: int, limit: int) -> list[Moved]:
    """Return the next leads that are to come back, by id, with their rows locked and the clock they had."""
    rows = tx.rows(
        """
        SELECT next.* FROM (
            SELECT lead_id, epoch, from_status, from_kind, from_owner, to_kind, to_owner, pool, rule, ladder,
                new_epoch, settled_at, former
            FROM reassignment_move WHERE plan_id = %(plan)s AND state = 'moved' ORDER BY lead_id LIMIT %(limit)s
        ) AS next JOIN lead USING (lead_id) ORDER BY lead_id FOR UPDATE OF lead
        """,
        plan=plan_id,
        limit=limit,
    )
    steps = _load_cancelled(tx, [(row.lead_id, row.epoch, row.settled_at) for row in rows])
    return [
        Moved(_planned(row), row.new_epoch, row.settled_at, row.former or {}, steps.get(row.lead_id, ()))
        for row in rows
    ]


def _load_cancelled(tx: Transaction, moved: Sequence[tuple[int, int, datetime]]) -> dict[int, tuple[Step, ...]]:
    """Return the steps that the move itself has cancelled: those whose instant is the move's own."""
    rows = tx.rows(
        """
        SELECT deadline.lead_id, ladder, step, action, due_at, detail
        FROM json_to_recordset(%(rows)s) AS moved(lead_id bigint, epoch integer, at timestamptz)
        JOIN deadline ON deadline.lead_id = moved.lead_id AND deadline.epoch = moved.epoch AND cancelled_at = moved.at
        ORDER BY deadline.lead_id, ladder, step
        """,
        rows=rows_as_json({"lead_id": lead_id, "epoch": epoch, "at": at} for lead_id, epoch, at in moved),
    )
    return _steps_by_lead(rows)


def _steps_by_lead(rows: Iterable[Any]) -> dict[int, tuple[Step, ...]]:
    found: dict[int, tuple[Step, ...]] = {}
    for row in rows:
        step = Step(row.ladder, row.step, row.action, row.due_at, row.detail)
        found[row.lead_id] = (*found.get(row.lead_id, ()), step)
    return found


def load_standing(tx: Transaction, lead_ids: Sequence[int], *, with_steps: bool) -> dict[int, Standing]:
    """Return leads that are locked with the custody that runs; with the steps ahead, where a clock is to go on."""
    rows = tx.rows(
        """
        SELECT lead.lead_id, lead.status, lead.epoch, lead.test, lead.hold_reason, lead.next_attempt_at,
            holder.owner_kind, holder.owner, holder.pool, holder.policy_version, holder.overdue_at,
            coalesce(holder.seen_at, holder.touched_at) IS NOT NULL
                OR coalesce(lead.meeting_booked_at > holder.started_at, false) AS touched
        FROM lead LEFT JOIN assignment AS holder ON holder.lead_id = lead.lead_id AND holder.ended_at IS NULL
        WHERE lead.lead_id = ANY(%(ids)s::bigint[])
        """,
        ids=list(lead_ids),
    )
    steps = _load_open(tx, lead_ids) if with_steps else {}
    return {
        row.lead_id: Standing(
            status=Status(row.status),
            epoch=row.epoch,
            owner_kind=row.owner_kind,
            owner=row.owner,
            test=row.test,
            pool=row.pool,
            policy_version=row.policy_version or 0,
            hold_reason=row.hold_reason,
            next_attempt_at=row.next_attempt_at,
            overdue_at=row.overdue_at,
            touched=row.touched,
            steps=steps.get(row.lead_id, ()),
        )
        for row in rows
    }


def _load_open(tx: Transaction, lead_ids: Sequence[int]) -> dict[int, tuple[Step, ...]]:
    rows = tx.rows(
        """
        SELECT lead_id, ladder, step, action, due_at, detail FROM deadline
        WHERE lead_id = ANY(%(ids)s::bigint[]) AND fired_at IS NULL AND cancelled_at IS NULL
        ORDER BY lead_id, ladder, step
        """,
        ids=list(lead_ids),
    )
    return _steps_by_lead(rows)


def write_settled(tx: Transaction, plan_id: int, settled: Sequence[Settled], epochs: Mapping[int, int]) -> None:
    """Write what became of the leads of a batch; `epochs` are those of the custodies that it began.

    A lead that came back keeps the number of the custody that the plan had begun.
    """
    tx.run(
        """
        UPDATE reassignment_move AS move SET state = row.state, reason = row.reason,
            new_epoch = coalesce(move.new_epoch, row.new_epoch), former = coalesce(move.former, row.former),
            settled_at = now()
        FROM json_to_recordset(%(rows)s) AS row(
            lead_id bigint, state text, reason text, new_epoch integer, former jsonb)
        WHERE move.plan_id = %(plan)s AND move.lead_id = row.lead_id
        """,
        plan=plan_id,
        rows=rows_as_json(
            {
                "lead_id": one.lead_id,
                "state": one.state,
                "reason": one.reason,
                "new_epoch": epochs.get(one.lead_id),
                "former": one.former,
            }
            for one in settled
        ),
    )


def load_untold(
    tx: Transaction, plan_id: int, since: datetime | None
) -> dict[tuple[str, str | None, str | None], list[int]]:
    """Return which leads each rep got or lost since an instant, by who is told, from whom and to whom they went.

    Each rep is told once of all that came and once of all that went; test leads are never spoken of.
    """
    rows = tx.rows(
        """
        WITH settled AS (
            SELECT move.lead_id, CASE state WHEN 'moved' THEN from_kind ELSE to_kind END AS former_kind,
                CASE state WHEN 'moved' THEN from_owner ELSE to_owner END AS former,
                CASE state WHEN 'moved' THEN to_kind ELSE from_kind END AS holder_kind,
                CASE state WHEN 'moved' THEN to_owner ELSE from_owner END AS holder
            FROM reassignment_move AS move JOIN lead USING (lead_id)
            WHERE plan_id = %(plan)s AND state IN ('moved', 'undone') AND NOT lead.test
                AND settled_at > coalesce(%(since)s::timestamptz, '-infinity')
        )
        SELECT holder AS rep_id, NULL AS former, holder AS holder, array_agg(lead_id) AS lead_ids
        FROM settled WHERE holder_kind = 'rep' GROUP BY holder
        UNION ALL
        SELECT former, former, NULL, array_agg(lead_id) FROM settled WHERE former_kind = 'rep' GROUP BY former
        """,
        plan=plan_id,
        since=since,
    )
    return {(row.rep_id, row.former, row.holder): row.lead_ids for row in rows}

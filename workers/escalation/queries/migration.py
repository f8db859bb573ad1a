"""Running clocks of other policy versions, and their steps as another version wants them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from shared.db.arrays import rows_as_json
from shared.db.transaction import Transaction
from workers.escalation.policy.migration import Migrated, Running


def claim_running(tx: Transaction, to_version: int, from_version: int | None, after: int, limit: int) -> list[Running]:
    """Lock the next leads whose acceptance or first-touch clock runs under another version, and return the clocks."""
    locked = tx.rows(
        """
        SELECT lead.lead_id FROM lead JOIN assignment AS holder
            ON holder.lead_id = lead.lead_id AND holder.ended_at IS NULL AND holder.owner_kind = 'rep'
        WHERE lead.lead_id > %(after)s AND holder.policy_version <> %(to)s
            AND (%(from)s::integer IS NULL OR holder.policy_version = %(from)s)
            AND EXISTS (SELECT FROM deadline WHERE deadline.lead_id = lead.lead_id AND deadline.epoch = holder.epoch
                AND ladder IN ('accept', 'first_touch') AND fired_at IS NULL AND cancelled_at IS NULL)
        ORDER BY lead.lead_id LIMIT %(limit)s FOR UPDATE OF lead
        """,
        **{"after": after, "to": to_version, "from": from_version, "limit": limit},
    )
    rows = tx.rows(
        """
        SELECT holder.lead_id, holder.epoch, ladder, holder.owner, holder.pool, holder.policy_version,
            CASE WHEN ladder = 'accept' THEN holder.started_at ELSE greatest(holder.started_at, lead.accepted_at) END
                AS since,
            jsonb_object_agg(step, due_at) AS open_steps, asked.inputs
        FROM assignment AS holder JOIN lead USING (lead_id)
        JOIN deadline ON deadline.lead_id = holder.lead_id AND deadline.epoch = holder.epoch
            AND ladder IN ('accept', 'first_touch') AND fired_at IS NULL AND cancelled_at IS NULL
        LEFT JOIN LATERAL (
            SELECT detail -> 'inputs' AS inputs FROM decision
            WHERE decision.lead_id = holder.lead_id AND stage = 'assignment' AND detail ? 'inputs'
            ORDER BY sequence DESC LIMIT 1
        ) AS asked ON true
        WHERE holder.lead_id = ANY(%(ids)s::bigint[]) AND holder.ended_at IS NULL
        GROUP BY holder.lead_id, holder.epoch, ladder, holder.owner, holder.pool, holder.policy_version,
            holder.started_at, lead.accepted_at, asked.inputs
        ORDER BY holder.lead_id, ladder
        """,
        ids=[row.lead_id for row in locked],
    )
    return [_running(row) for row in rows]


def _running(row: Row[Any]) -> Running:
    steps = {int(number): datetime.fromisoformat(due_at) for number, due_at in row.open_steps.items()}
    return Running(
        row.lead_id,
        row.epoch,
        row.ladder,
        row.owner,
        row.pool,
        row.since,
        row.policy_version,
        steps,
        row.inputs or {},
    )


def write_migrated(tx: Transaction, migrated: Sequence[Migrated], version: int, made_by: str) -> None:
    """Give the clocks their steps under the version; what fired stays, what is no step there is cancelled."""
    if not migrated:
        return
    tx.run(
        """
        WITH clock AS (
            SELECT * FROM json_to_recordset(%(rows)s) AS clock(
                lead_id bigint, epoch integer, ladder text, former integer, numbers smallint[], steps json)
        ), gone AS (
            UPDATE deadline SET cancelled_at = now() FROM clock
            WHERE deadline.lead_id = clock.lead_id AND deadline.epoch = clock.epoch AND deadline.ladder = clock.ladder
                AND fired_at IS NULL AND cancelled_at IS NULL AND NOT deadline.step = ANY(clock.numbers)
        ), changed AS (
            INSERT INTO deadline (lead_id, epoch, ladder, step, action, due_at, policy_version, detail)
            SELECT lead_id, epoch, ladder, step.step, step.action, step.due_at, %(version)s, step.detail
            FROM clock, json_to_recordset(clock.steps) AS step(
                step smallint, action text, due_at timestamptz, detail jsonb)
            ON CONFLICT (lead_id, epoch, ladder, step) DO UPDATE SET action = excluded.action,
                due_at = excluded.due_at, policy_version = excluded.policy_version, detail = excluded.detail
                WHERE deadline.fired_at IS NULL AND deadline.cancelled_at IS NULL
        ), pinned AS (
            UPDATE assignment SET policy_version = %(version)s FROM clock
            WHERE assignment.lead_id = clock.lead_id AND assignment.epoch = clock.epoch
        ), counted AS (
            UPDATE lead SET decisions = decisions + 1, policy_version = %(version)s
            FROM (SELECT DISTINCT lead_id, former FROM clock) AS moved WHERE lead.lead_id = moved.lead_id
            RETURNING lead.lead_id, decisions, former
        )
        INSERT INTO decision (lead_id, sequence, stage, outcome, policy_version, detail, made_by)
        SELECT lead_id, decisions, 'ops', 'clock_migrated', %(version)s, jsonb_build_object('from', former), %(by)s
        FROM counted
        """,
        rows=rows_as_json(
            {
                "lead_id": one.running.lead_id,
                "epoch": one.running.epoch,
                "ladder": one.running.ladder,
                "former": one.running.policy_version,
                "numbers": [step.step for step in one.steps],
                "steps": one.steps,
            }
            for one in migrated
        ),
        version=version,
        by=made_by,
    )

"""Every statement that finds leads and shows what is known of them."""

from dataclasses import dataclass
from typing import Any

from shared.db.transaction import Transaction

Row = dict[str, Any]


def load_lead(tx: Transaction, lead_id: int) -> Row:
    """Return the lead's row with its sheet and the event that made it."""
    row = tx.row(
        """
        SELECT lead.*, fact_sheet.sheet, event.time AS event_time
        FROM lead LEFT JOIN fact_sheet USING (lead_id)
        LEFT JOIN event ON event.lead_id = lead.lead_id AND event.outcome = 'lead'
        WHERE lead.lead_id = %(id)s
        """,
        id=lead_id,
    )
    return {} if row is None else row._asdict()


def load_decisions(tx: Transaction, lead_id: int) -> list[Row]:
    """Return the decisions of a lead, in order."""
    return _rows(
        tx,
        """
        SELECT sequence, decided_at, stage, outcome, rule, policy_version, made_by, detail
        FROM decision WHERE lead_id = %(id)s ORDER BY sequence, decided_at
        """,
        lead_id,
    )


def load_custodies(tx: Transaction, lead_id: int) -> list[Row]:
    """Return who held a lead, in order; the running custody is the last one."""
    return _rows(
        tx,
        """
        SELECT epoch, owner_kind, owner, rep.name AS owner_name, assignment.reason, rule, policy_version, pool,
            started_at, ended_at, end_reason, overdue_at, seen_at
        FROM assignment LEFT JOIN rep ON owner_kind = 'rep' AND rep.rep_id = owner
        WHERE lead_id = %(id)s ORDER BY epoch
        """,
        lead_id,
    )


def load_deadlines(tx: Transaction, lead_id: int) -> list[Row]:
    """Return the steps of a lead's clocks, in the order in which they fall due."""
    return _rows(
        tx,
        """
        SELECT epoch, ladder, step, action, due_at, policy_version, detail, fired_at, fired_by, cancelled_at,
            deferred_until
        FROM deadline WHERE lead_id = %(id)s ORDER BY due_at, epoch, ladder, step
        """,
        lead_id,
    )


def load_joined(tx: Transaction, lead_id: int) -> list[Row]:
    """Return the later submissions of the person, which joined this lead."""
    return _rows(
        tx,
        """
        SELECT lead_id, event_source, event_id, received_at FROM lead WHERE merged_into = %(id)s ORDER BY lead_id
        """,
        lead_id,
    )


def load_notices(tx: Transaction, lead_id: int) -> list[Row]:
    """Return what was told to whom about a lead."""
    return _rows(
        tx,
        """
        SELECT notice_id, kind, recipient, channel, created_at, sent_at, attempts, outcome
        FROM notice WHERE lead_ids @> ARRAY[%(id)s::bigint] ORDER BY notice_id
        """,
        lead_id,
    )


def load_snapshot(tx: Transaction, snapshot_id: int) -> Row | None:
    """Return a pool as it stood when a batch was decided."""
    rows = _rows(
        tx, "SELECT pool, policy_version, taken_at, seats FROM pool_snapshot WHERE snapshot_id = %(id)s", snapshot_id
    )
    return rows[0] if rows else None


def _rows(tx: Transaction, sql: str, number: int) -> list[Row]:
    return [row._asdict() for row in tx.rows(sql, id=number)]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which leads a list shows; None asks nothing. A hold reason is whole, or its part before the colon."""

    status: str | None = None
    owner_kind: str | None = None
    owner: str | None = None
    rule: str | None = None
    hold_reason: str | None = None
    limit: int = 50


def list_leads(tx: Transaction, wanted: Wanted) -> list[Row]:
    """Return leads, the newest first."""
    rows = tx.rows(
        """
        SELECT lead_id, email, company, status, owner_kind, owner, rule, hold_reason, overdue, received_at, merged_into
        FROM report.lead
        WHERE (%(status)s::text IS NULL OR status = %(status)s)
            AND (%(owner)s::text IS NULL OR owner = %(owner)s)
            AND (%(owner_kind)s::text IS NULL OR owner_kind = %(owner_kind)s)
            AND (%(rule)s::text IS NULL OR rule = %(rule)s)
            AND (%(reason)s::text IS NULL OR hold_reason = %(reason)s OR starts_with(hold_reason, %(reason)s || ':'))
        ORDER BY lead_id DESC LIMIT %(limit)s
        """,
        status=wanted.status,
        owner=wanted.owner,
        owner_kind=wanted.owner_kind,
        rule=wanted.rule,
        reason=wanted.hold_reason,
        limit=wanted.limit,
    )
    return [row._asdict() for row in rows]

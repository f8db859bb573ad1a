"""What falls due: found through the deadline index, fired by compare-and-set under the lead's lock."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.db.arrays import rows_as_json
from shared.db.transaction import Transaction
from shared.domain.lead import OwnerKind, Status
from workers.escalation.policy.firing import Custody, Due


@dataclass(frozen=True, slots=True)
class Second:
    """A second at which deadlines of these leads are to fire."""

    fire_at: datetime
    lead_ids: list[int]


def load_seconds_of(tx: Transaction, lead_ids: Sequence[int], horizon_seconds: int) -> list[Second]:
    """Return, per second, which of the leads have a deadline that is to fire within the horizon."""
    rows = tx.rows(
        """
        SELECT fire_at, array_agg(DISTINCT lead_id) AS lead_ids FROM deadline
        WHERE lead_id = ANY(%(ids)s::bigint[]) AND fired_at IS NULL AND cancelled_at IS NULL
            AND fire_at <= now() + make_interval(secs => %(horizon)s)
        GROUP BY fire_at ORDER BY fire_at
        """,
        ids=list(lead_ids),
        horizon=horizon_seconds,
    )
    return [Second(row.fire_at, list(row.lead_ids)) for row in rows]


def load_seconds_between(tx: Transaction, after: datetime, until: datetime, limit: int) -> list[Second]:
    """Return, per second, the leads whose deadlines are to fire in (after, until]; the index alone answers."""
    rows = tx.rows(
        """
        SELECT fire_at, array_agg(DISTINCT lead_id) AS lead_ids FROM (
            SELECT fire_at, lead_id FROM deadline
            WHERE fire_at > %(after)s AND fire_at <= %(until)s
            ORDER BY fire_at LIMIT %(limit)s) AS soon
        GROUP BY fire_at ORDER BY fire_at
        """,
        after=after,
        until=until,
        limit=limit,
    )
    return [Second(row.fire_at, list(row.lead_ids)) for row in rows]


def load_late(tx: Transaction, late_by_seconds: float, limit: int) -> list[int]:
    """Return leads with a deadline that should have fired and has not, those that wait longest first.

    The buffer has no second of grace: nobody but the keeper releases it.
    """
    rows = tx.rows(
        """
        SELECT DISTINCT lead_id FROM (
            SELECT lead_id FROM deadline
            WHERE fire_at <= now()
                AND (ladder = 'buffer' OR fire_at <= now() - make_interval(secs => %(late)s))
            ORDER BY fire_at LIMIT %(limit)s) AS late
        ORDER BY lead_id
        """,
        late=late_by_seconds,
        limit=limit,
    )
    return [row.lead_id for row in rows]


def load_soon(tx: Transaction, lead_ids: Collection[int], horizon_seconds: int) -> list[int]:
    """Return those of the leads whose deadlines are still to come within the horizon: their hint came early."""
    rows = tx.rows(
        """
        SELECT DISTINCT lead_id FROM deadline
        WHERE lead_id = ANY(%(ids)s::bigint[]) AND fired_at IS NULL AND cancelled_at IS NULL
            AND fire_at > now() AND fire_at <= now() + make_interval(secs => %(horizon)s)
        ORDER BY lead_id
        """,
        ids=sorted(lead_ids),
        horizon=horizon_seconds,
    )
    return [row.lead_id for row in rows]


def claim(tx: Transaction, lead_ids: Collection[int], *, skip_locked: bool) -> dict[int, Custody]:
    """Lock the leads in order and return how their clocks find them; a sweep passes over what others work on."""
    locked = tx.rows(
        f"""
        SELECT lead_id FROM lead WHERE lead_id = ANY(%(ids)s::bigint[])
        ORDER BY lead_id FOR UPDATE {"SKIP LOCKED" if skip_locked else ""}
        """,  # noqa: S608  one of two constants
        ids=sorted(lead_ids),
    )
    # A statement of its own: it sees what the lock has waited for.
    rows = tx.rows(
        """
        SELECT lead.lead_id, lead.status, lead.epoch, lead.rule, lead.test, holder.touched_at IS NOT NULL AS touched,
            holder.owner_kind, holder.owner
        FROM lead LEFT JOIN assignment AS holder ON holder.lead_id = lead.lead_id AND holder.ended_at IS NULL
        WHERE lead.lead_id = ANY(%(ids)s::bigint[])
        """,
        ids=[row.lead_id for row in locked],
    )
    return {
        row.lead_id: Custody(
            lead_id=row.lead_id,
            status=Status(row.status),
            epoch=row.epoch,
            owner_kind=OwnerKind(row.owner_kind) if row.owner_kind else None,
            owner=row.owner,
            rule=row.rule,
            test=row.test,
            touched=row.touched,
        )
        for row in rows
    }


def load_due(tx: Transaction, lead_ids: Collection[int]) -> list[Due]:
    """Return the steps of locked leads that are due by the database's clock."""
    rows = tx.rows(
        """
        SELECT lead_id, epoch, ladder, step, action, due_at, policy_version, detail, deferred_until FROM deadline
        WHERE lead_id = ANY(%(ids)s::bigint[]) AND fired_at IS NULL AND cancelled_at IS NULL AND fire_at <= now()
        """,
        ids=sorted(lead_ids),
    )
    return [Due(**{**row._mapping, "detail": row.detail or {}}) for row in rows]  # noqa: SLF001  SQLAlchemy's public name


_KEYS = """
    FROM json_to_recordset(%(keys)s) AS key(lead_id bigint, epoch integer, ladder text, step smallint)
    WHERE deadline.lead_id = key.lead_id AND deadline.epoch = key.epoch AND deadline.ladder = key.ladder
        AND deadline.step = key.step AND fired_at IS NULL AND cancelled_at IS NULL
"""


def _keys(due: Sequence[Due]) -> str:
    return rows_as_json(
        {"lead_id": one.lead_id, "epoch": one.epoch, "ladder": one.ladder, "step": one.step} for one in due
    )


def mark_fired(tx: Transaction, due: Sequence[Due], fired_by: str) -> int:
    """Write that these steps have fired, each at most once and never before it is due."""
    if not due:
        return 0
    return tx.run(
        f"UPDATE deadline SET fired_at = now(), fired_by = %(fired_by)s {_KEYS} AND due_at <= now()",  # noqa: S608
        keys=_keys(due),
        fired_by=fired_by,
    )


def cancel(tx: Transaction, due: Sequence[Due]) -> None:
    """Cancel steps whose ladder has ended."""
    if due:
        tx.run(f"UPDATE deadline SET cancelled_at = now() {_KEYS}", keys=_keys(due))  # noqa: S608


def defer(tx: Transaction, due: Sequence[Due], until: datetime) -> None:
    """Let steps wait, on the record."""
    if due:
        tx.run(
            f"UPDATE deadline SET deferred_until = %(until)s {_KEYS}",  # noqa: S608
            keys=_keys(due),
            until=until,
        )


def mark_overdue(tx: Transaction, custodies: Sequence[Custody], missed: Sequence[str]) -> None:
    """Mark running offers as overdue, and write overdue and missed leads to the reps' records."""
    if not custodies and not missed:
        return
    tx.run(
        """
        WITH marked AS (
            UPDATE assignment SET overdue_at = now()
            WHERE lead_id = ANY(%(ids)s::bigint[]) AND ended_at IS NULL AND overdue_at IS NULL
            RETURNING owner_kind, owner
        ), counted AS (
            SELECT owner AS rep_id, count(*) AS overdue, 0 AS missed FROM marked WHERE owner_kind = 'rep' GROUP BY owner
            UNION ALL
            SELECT rep_id, 0, count(*) FROM unnest(%(missed)s::text[]) AS rep_id GROUP BY rep_id
        )
        UPDATE rep_load SET overdue_total = overdue_total + total.overdue, missed_total = missed_total + total.missed
        FROM (SELECT rep_id, sum(overdue) AS overdue, sum(missed) AS missed FROM counted GROUP BY rep_id) AS total
        WHERE rep_load.rep_id = total.rep_id
        """,
        ids=[one.lead_id for one in custodies],
        missed=list(missed),
    )


def record_marks(tx: Transaction, due: Sequence[Due], fired_by: str) -> None:
    """Write a decision for every fired step that moves nothing; steps of one lead follow one another."""
    if not due:
        return
    tx.run(
        """
        WITH mark AS (
            SELECT *, row_number() OVER (PARTITION BY lead_id ORDER BY due_at, step) AS place
            FROM json_to_recordset(%(rows)s) AS mark(lead_id bigint, epoch integer, action text, step smallint,
                ladder text, due_at timestamptz, policy_version integer)
        ), counted AS (
            UPDATE lead SET decisions = lead.decisions + total.marks
            FROM (SELECT lead_id, count(*) AS marks FROM mark GROUP BY lead_id) AS total
            WHERE lead.lead_id = total.lead_id
            RETURNING lead.lead_id, lead.decisions - total.marks AS before
        )
        INSERT INTO decision (lead_id, sequence, stage, outcome, policy_version, detail)
        SELECT lead_id, before + place, 'escalation', action, policy_version,
            jsonb_build_object('epoch', epoch, 'ladder', ladder, 'step', step, 'due_at', due_at,
                'fired_by', %(fired_by)s::text)
        FROM mark JOIN counted USING (lead_id)
        """,
        rows=rows_as_json(
            {
                "lead_id": one.lead_id,
                "epoch": one.epoch,
                "action": one.action,
                "step": one.step,
                "ladder": one.ladder,
                "due_at": one.due_at,
                "policy_version": one.policy_version,
            }
            for one in due
        ),
        fired_by=fired_by,
    )

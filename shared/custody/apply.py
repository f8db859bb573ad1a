"""Writes moves: ends the custody that runs, starts the next, with clock, load and decision, in two statements."""

from collections.abc import Iterable, Sequence
from typing import Any

from shared.custody.measure import count_owners
from shared.custody.move import Move, Notice
from shared.db.arrays import rows_as_json
from shared.db.transaction import Transaction


def apply_moves(tx: Transaction, moves: Sequence[Move]) -> dict[int, int]:
    """Apply the moves of leads that still stand where the move expects them; return lead id -> new epoch.

    The caller holds the lead rows, and the rep rows (`reps.lock`) of old and new owners.
    """
    if not moves:
        return {}
    ending = [move for move in moves if move.end_reason]
    if ending:
        _end(tx, ending)
    return _start(tx, moves)


def _end(tx: Transaction, moves: Sequence[Move]) -> None:
    """End the running custody first: a single statement may start the next before it has ended this one."""
    tx.run(
        """
        WITH leaving AS (
            SELECT lead_id, leaving.end_reason
            FROM json_to_recordset(%(moves)s) AS leaving(lead_id bigint, from_status text, end_reason text)
            JOIN lead USING (lead_id) WHERE lead.status = leaving.from_status
        ), ended AS (
            -- What we have waited for may have begun after us by the clock of the transactions: a custody, or a firing.
            UPDATE assignment SET end_reason = leaving.end_reason, ended_at = greatest(
                now(), assignment.started_at, (
                    SELECT max(fired_at) FROM deadline
                    WHERE deadline.lead_id = assignment.lead_id AND deadline.epoch = assignment.epoch))
            FROM leaving WHERE assignment.lead_id = leaving.lead_id AND assignment.ended_at IS NULL
            RETURNING assignment.owner_kind, assignment.owner
        ), cancelled AS (
            UPDATE deadline SET cancelled_at = now()
            FROM leaving WHERE deadline.lead_id = leaving.lead_id
                AND deadline.fired_at IS NULL AND deadline.cancelled_at IS NULL
        )
        UPDATE rep_load SET open_leads = open_leads - gone.leads
        FROM (SELECT owner, count(*) AS leads FROM ended WHERE owner_kind = 'rep' GROUP BY owner) AS gone
        WHERE rep_load.rep_id = gone.owner
        """,
        moves=rows_as_json(
            {"lead_id": move.lead_id, "from_status": move.from_status, "end_reason": move.end_reason} for move in moves
        ),
    )


def _start(tx: Transaction, moves: Sequence[Move]) -> dict[int, int]:
    rows = tx.rows(
        """
        WITH move AS (
            SELECT * FROM jsonb_to_recordset(%(moves)s) AS move(
                lead_id bigint, from_status text, status text, stage text, outcome text, policy_version integer,
                owner_kind text, owner text, reason text, rule text, pool text, hold_reason text, recycle_reason text,
                track text, merged_into bigint, next_attempt_at timestamptz, directive jsonb,
                segment text, product text, intent smallint,
                qualified boolean, plan_id bigint, opportunity_id text, amount numeric,
                overdue_at timestamptz, made_by text, steps jsonb, detail jsonb)
        ), moved AS (
            UPDATE lead SET
                status = move.status,
                epoch = lead.epoch + CASE WHEN move.owner IS NULL THEN 0 ELSE 1 END,
                decisions = lead.decisions + 1,
                policy_version = move.policy_version,
                rule = coalesce(move.rule, lead.rule),
                segment = coalesce(move.segment, lead.segment),
                product = coalesce(move.product, lead.product),
                intent = coalesce(move.intent, lead.intent),
                hold_reason = move.hold_reason,
                recycle_reason = coalesce(move.recycle_reason, lead.recycle_reason),
                track = move.track,
                opportunity_id = coalesce(move.opportunity_id, lead.opportunity_id),
                amount = coalesce(move.amount, lead.amount),
                converted_at = CASE WHEN move.status = 'converted' THEN now() ELSE lead.converted_at END,
                merged_into = move.merged_into,
                next_attempt_at = move.next_attempt_at,
                directive = move.directive,
                qualified_at = CASE WHEN move.qualified THEN coalesce(lead.qualified_at, now())
                    ELSE lead.qualified_at END,
                assigned_at = CASE WHEN move.owner_kind = 'rep' THEN coalesce(lead.assigned_at, now())
                    ELSE lead.assigned_at END,
                accepted_at = CASE WHEN move.status = 'accepted' THEN coalesce(lead.accepted_at, now())
                    ELSE lead.accepted_at END
            FROM move WHERE lead.lead_id = move.lead_id AND lead.status = move.from_status
            RETURNING lead.epoch, lead.decisions, move.*, lead.test, lead.segment AS known_segment,
                lead.assigned_at = now() AS is_first_rep,
                extract(epoch FROM clock_timestamp() - lead.received_at)::float8 AS since_received,
                extract(epoch FROM clock_timestamp() - coalesce(lead.release_at, lead.received_at))::float8
                    AS since_release
        ), started AS (
            INSERT INTO assignment (
                lead_id, epoch, owner_kind, owner, reason, rule, policy_version, pool, plan_id, overdue_at)
            SELECT lead_id, epoch, owner_kind, owner, reason, rule, policy_version, pool, plan_id, overdue_at
            FROM moved WHERE owner IS NOT NULL
        ), clocked AS (
            INSERT INTO deadline (lead_id, epoch, ladder, step, action, due_at, policy_version, detail)
            SELECT lead_id, epoch, ladder, step, action, due_at, policy_version, step.detail
            FROM moved, jsonb_to_recordset(steps) AS step(
                ladder text, step smallint, action text, due_at timestamptz, detail jsonb)
        ), loaded AS (
            UPDATE rep_load SET open_leads = open_leads + given.leads, assigned_total = assigned_total + given.leads
            FROM (SELECT owner, count(*) AS leads FROM moved WHERE owner_kind = 'rep' GROUP BY owner) AS given
            WHERE rep_load.rep_id = given.owner
        ), joined AS (
            -- Who comes again joins the lead that stands for the person from now on.
            UPDATE person_key SET lead_id = moved.merged_into FROM moved
            WHERE person_key.lead_id = moved.lead_id AND moved.status = 'merged'
        ), freed AS (
            -- The person may come again as a new lead; who is suppressed stays known for good.
            DELETE FROM person_key USING moved
            WHERE person_key.lead_id = moved.lead_id AND moved.status IN ('diverted', 'converted')
        ), decided AS (
            INSERT INTO decision (lead_id, sequence, stage, outcome, rule, policy_version, detail, made_by)
            SELECT lead_id, decisions, stage, outcome, rule, policy_version, detail, made_by FROM moved
        )
        SELECT lead_id, epoch, status, owner_kind, reason, test, known_segment, is_first_rep, since_received,
            since_release
        FROM moved
        """,
        moves=rows_as_json(_row(move) for move in moves),
    )
    count_owners(tx, rows)
    return {row.lead_id: row.epoch for row in rows}


#: What goes into the statement as it stands in the move.
_COLUMNS = (
    *(
        "lead_id",
        "from_status",
        "status",
        "stage",
        "outcome",
        "policy_version",
        "owner_kind",
        "owner",
        "reason",
        "rule",
    ),
    *("pool", "hold_reason", "recycle_reason", "track", "merged_into", "next_attempt_at", "directive", "segment"),
    *("product", "intent", "qualified", "plan_id", "opportunity_id", "amount", "overdue_at", "made_by", "steps"),
)


def _row(move: Move) -> dict[str, Any]:
    return {name: getattr(move, name) for name in _COLUMNS} | {"detail": _told(move) | dict(move.detail)}


def _told(move: Move) -> dict[str, Any]:
    """Return what a decision must tell for the record to give status and owner back (law 8)."""
    told = {"owner": move.owner} if move.owner else {}
    return told if move.outcome == move.status else {**told, "status": move.status}


def write_notices(tx: Transaction, notices: Iterable[Notice]) -> list[int]:
    """Put notices into the outbox, in the transaction of what they speak of; return their ids.

    Whoever can hands the ids on to `notification.send`; the keeper does it for what nobody handed on.
    """
    written = list(notices)
    if not written:
        return []
    rows = tx.rows(
        """
        INSERT INTO notice (kind, recipient, addressee, channel, lead_ids, body)
        SELECT kind, recipient, addressee, CASE addressee WHEN 'track' THEN 'webhook' ELSE 'slack' END, lead_ids, body
        FROM json_to_recordset(%(rows)s) AS row(
            kind text, recipient text, addressee text, lead_ids bigint[], body jsonb)
        RETURNING notice_id
        """,
        rows=rows_as_json(written),
    )
    return [row.notice_id for row in rows]

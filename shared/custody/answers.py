"""Writes answers that leave the lead with its owner: accepted, touched, seen, a meeting booked."""

from collections.abc import Sequence

from shared.custody.measure import count_answered
from shared.custody.move import Answered
from shared.db.arrays import rows_as_json
from shared.db.transaction import Transaction


def write_answers(tx: Transaction, answers: Sequence[Answered]) -> None:
    """Write one answer per lead, with the end of its ladder and the start of the next.

    A mark that was due and that nothing had fired is set now, by the answer: it was true. What moves the lead, and
    what is still to come, is cancelled: an answer that commits first wins.
    """
    if not answers:
        return
    rows = tx.rows(
        """
        WITH answer AS (
            -- A firing that we have waited for may have begun after us by the clock of the transactions.
            SELECT answer.*, greatest(now(), (
                SELECT max(fired_at) FROM deadline WHERE deadline.lead_id = answer.lead_id)) AS made_at
            FROM json_to_recordset(%(rows)s) AS answer(
                lead_id bigint, kind text, made_by text, ends text, steps json, detail jsonb)
        ), changed AS (
            UPDATE lead SET
                status = CASE WHEN kind = 'accepted' THEN 'accepted' ELSE lead.status END,
                accepted_at = CASE WHEN kind = 'accepted' THEN coalesce(accepted_at, made_at) ELSE accepted_at END,
                first_touch_at = CASE WHEN kind = 'touched' THEN coalesce(first_touch_at, made_at)
                    ELSE first_touch_at END,
                meeting_booked_at = CASE WHEN kind = 'meeting_booked' THEN coalesce(meeting_booked_at, made_at)
                    ELSE meeting_booked_at END,
                decisions = lead.decisions + 1
            FROM answer WHERE lead.lead_id = answer.lead_id
            RETURNING lead.epoch, lead.decisions, lead.policy_version, lead.rule, answer.*,
                CASE WHEN kind = 'touched' AND first_touch_at = now() AND NOT test
                    THEN extract(epoch FROM now() - received_at)::float8 END AS seconds
        ), settled AS (
            UPDATE deadline SET fired_at = now(), fired_by = 'answer'
            FROM changed WHERE deadline.lead_id = changed.lead_id AND deadline.epoch = changed.epoch
                AND ladder = ends AND fired_at IS NULL AND cancelled_at IS NULL
                AND due_at <= now() AND action <> 'move_to'
            RETURNING deadline.lead_id, action
        ), cancelled AS (
            UPDATE deadline SET cancelled_at = now()
            FROM changed WHERE deadline.lead_id = changed.lead_id AND deadline.epoch = changed.epoch
                AND ladder = ends AND fired_at IS NULL AND cancelled_at IS NULL
                AND NOT (due_at <= now() AND action <> 'move_to')
        ), marked AS (
            UPDATE assignment SET
                seen_at = CASE WHEN kind IN ('seen', 'accepted') THEN coalesce(seen_at, made_at) ELSE seen_at END,
                touched_at = CASE WHEN kind = 'touched' THEN coalesce(touched_at, made_at) ELSE touched_at END,
                overdue_at = CASE WHEN EXISTS (
                    SELECT FROM settled WHERE settled.lead_id = changed.lead_id AND action = 'flag_overdue')
                    THEN coalesce(overdue_at, now()) ELSE overdue_at END
            FROM changed WHERE assignment.lead_id = changed.lead_id AND ended_at IS NULL
            RETURNING owner_kind, owner, overdue_at = now() AS is_new
        ), counted AS (
            UPDATE rep_load SET overdue_total = overdue_total + total.overdue
            FROM (SELECT owner, count(*) AS overdue FROM marked WHERE owner_kind = 'rep' AND is_new GROUP BY owner)
                AS total
            WHERE rep_load.rep_id = total.owner
        ), clocked AS (
            INSERT INTO deadline (lead_id, epoch, ladder, step, action, due_at, policy_version, detail)
            SELECT lead_id, epoch, ladder, step, action, due_at, policy_version, step.detail
            FROM changed, json_to_recordset(steps) AS step(
                ladder text, step smallint, action text, due_at timestamptz, detail jsonb)
        ), decided AS (
            INSERT INTO decision (lead_id, sequence, stage, outcome, rule, policy_version, detail, made_by)
            SELECT lead_id, decisions, 'answer', kind, rule, policy_version, detail, made_by FROM changed
        )
        SELECT action, count(*) AS steps, NULL::float8 AS seconds FROM settled GROUP BY action
        UNION ALL SELECT NULL, 0, seconds FROM changed WHERE seconds IS NOT NULL
        """,
        rows=rows_as_json(answers),
    )
    count_answered(tx, rows)

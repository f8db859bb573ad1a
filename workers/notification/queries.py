"""Every statement of the outbox: what is due, whose turn a line is, what was claimed, and what became of it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.db.arrays import rows_as_json
from shared.db.transaction import Transaction
from shared.domain.notice import Addressee, Channel
from workers.notification.policy.letter import NAMED, LeadCard
from workers.notification.policy.outbox import Line, Pending
from workers.notification.policy.retrying import Settlement
from workers.notification.policy.rounds import Aside, Message


def load_due(tx: Transaction, limit: int) -> list[Pending]:
    """Return notices that are due, the notices of one message side by side, with the addresses the rep table knows."""
    rows = tx.rows(
        """
        SELECT notice_id, kind, recipient, addressee, lead_ids, body, notice.created_at, attempts, message_id,
            rep.name AS rep_name, rep.slack_id,
            CASE addressee
                WHEN 'rep' THEN CASE rep.status WHEN 'active' THEN coalesce(rep.slack_id, rep.email) END
                WHEN 'manager' THEN coalesce(rep.manager_channel, rep.manager_email)
                ELSE recipient END AS address
        FROM notice LEFT JOIN rep ON addressee IN ('rep', 'manager') AND rep.rep_id = recipient
        WHERE outcome IS NULL AND next_attempt_at <= now()
        ORDER BY next_attempt_at, coalesce(message_id, notice_id), notice_id LIMIT %(limit)s
        """,
        limit=limit,
    )
    return [Pending(**{**row._mapping, "addressee": Addressee(row.addressee)}) for row in rows]  # noqa: SLF001  public


def lock_lines(tx: Transaction, lines: Collection[Line]) -> dict[Line, datetime | None]:
    """Lock lines in order until the transaction ends; return None for one that is free, else until when it is not."""
    rows = tx.rows(
        """
        INSERT INTO notice_line (channel, address)
        SELECT channel, address FROM json_to_recordset(%(lines)s) AS line(channel text, address text)
        ORDER BY channel, address
        ON CONFLICT (channel, address) DO UPDATE SET free_at = notice_line.free_at
        RETURNING channel, address,
            CASE WHEN free_at > now() THEN free_at WHEN busy_until > now() THEN now() END AS closed_until
        """,
        lines=rows_as_json({"channel": line.channel, "address": line.address} for line in lines),
    )
    return {Line(Channel(row.channel), row.address): row.closed_until for row in rows}


def claim(tx: Transaction, messages: Sequence[Message], lease: timedelta) -> set[int]:
    """Claim the notices of the messages until the lease ends, count the attempt, and close their lines for others.

    Returns the ids of the notices that were still to be had.
    """
    rows = tx.rows(
        """
        WITH line AS (
            UPDATE notice_line SET busy_until = now() + %(lease)s
            FROM json_to_recordset(%(lines)s) AS line(channel text, address text)
            WHERE notice_line.channel = line.channel AND notice_line.address = line.address
        )
        UPDATE notice SET attempts = notice.attempts + 1, message_id = claimed.message_id, address = claimed.address,
            next_attempt_at = now() + %(lease)s
        FROM json_to_recordset(%(notices)s) AS claimed(
            notice_id bigint, attempts integer, message_id bigint, address text)
        WHERE notice.notice_id = claimed.notice_id AND notice.attempts = claimed.attempts AND outcome IS NULL
        RETURNING notice.notice_id
        """,
        lease=lease,
        lines=rows_as_json({"channel": one.line.channel, "address": one.line.address} for one in messages),
        notices=rows_as_json(
            {
                "notice_id": notice.notice_id,
                "attempts": notice.attempts,
                "message_id": message.message_id,
                "address": message.line.address,
            }
            for message in messages
            for notice in message.notices
        ),
    )
    return {row.notice_id for row in rows}


def set_aside(tx: Transaction, notices: Sequence[Aside]) -> None:
    """Let notices wait, or write the outcome of those that nothing can carry."""
    tx.run(
        """
        UPDATE notice SET next_attempt_at = aside.next_attempt_at, outcome = aside.outcome, reason = aside.reason,
            channel = coalesce(aside.channel, notice.channel)
        FROM json_to_recordset(%(notices)s) AS aside(
            notice_id bigint, attempts integer, next_attempt_at timestamptz, outcome text, reason text, channel text)
        WHERE notice.notice_id = aside.notice_id AND notice.attempts = aside.attempts AND notice.outcome IS NULL
        """,
        notices=rows_as_json(notices),
    )


def load_cards(tx: Transaction, messages: Sequence[Message]) -> dict[int, list[LeadCard]]:
    """Return the oldest leads of each message by its id; of a post to a webhook all leads."""
    rows = tx.rows(
        """
        SELECT message.message_id, listed.*
        FROM json_to_recordset(%(messages)s) AS message(message_id bigint, lead_ids bigint[], most integer)
        CROSS JOIN LATERAL (
            SELECT lead.lead_id, lead.received_at, coalesce(fact_sheet.sheet -> 'facts', '{}') AS facts, lead.product,
                lead.segment, lead.intent, lead.rule, lead.hold_reason, holder.owner,
                (SELECT min(due_at) FROM deadline WHERE deadline.lead_id = lead.lead_id
                    AND ladder IN ('accept', 'first_touch') AND fired_at IS NULL AND cancelled_at IS NULL) AS due_at,
                (SELECT detail -> 'first_action' FROM decision WHERE decision.lead_id = lead.lead_id
                    AND stage = 'assignment' ORDER BY sequence DESC LIMIT 1) AS first_action
            FROM lead LEFT JOIN fact_sheet USING (lead_id)
            LEFT JOIN assignment AS holder ON holder.lead_id = lead.lead_id AND holder.ended_at IS NULL
            WHERE lead.lead_id = ANY(message.lead_ids)
            ORDER BY lead.received_at, lead.lead_id LIMIT message.most
        ) AS listed
        ORDER BY message.message_id, listed.received_at, listed.lead_id
        """,
        messages=rows_as_json(
            {
                "message_id": one.message_id,
                "lead_ids": one.lead_ids,
                "most": NAMED if one.line.channel is Channel.SLACK else None,
            }
            for one in messages
        ),
    )
    found: dict[int, list[LeadCard]] = {one.message_id: [] for one in messages}
    for row in rows:
        columns: Mapping[str, Any] = {name: value for name, value in row._mapping.items() if name != "message_id"}  # noqa: SLF001
        found[row.message_id].append(LeadCard(**columns))
    return found


def settle(tx: Transaction, settlements: Sequence[Settlement]) -> dict[int, int]:
    """Write what became of the attempts, and open their lines again; return how many notices each message settled.

    An attempt whose lease has run out and that another sender has begun anew is not there any more.
    """
    rows = tx.rows(
        """
        WITH settlement AS (
            SELECT * FROM json_to_recordset(%(settlements)s) AS settlement(
                message_id bigint, attempts integer, next_attempt_at timestamptz, channel text, address text,
                free_at timestamptz, outcome text, reason text, receipt text)
        ), settled AS (
            UPDATE notice SET outcome = settlement.outcome, reason = settlement.reason, receipt = settlement.receipt,
                next_attempt_at = settlement.next_attempt_at,
                sent_at = CASE settlement.outcome WHEN 'sent' THEN now() END
            FROM settlement
            WHERE notice.message_id = settlement.message_id AND notice.attempts = settlement.attempts
                AND notice.outcome IS NULL
            RETURNING notice.message_id
        ), opened AS (
            UPDATE notice_line SET busy_until = to_timestamp(0), free_at = settlement.free_at
            FROM settlement
            WHERE notice_line.channel = settlement.channel AND notice_line.address = settlement.address
                AND EXISTS (SELECT FROM settled WHERE settled.message_id = settlement.message_id)
        )
        SELECT message_id, count(*) AS notices FROM settled GROUP BY message_id
        """,
        settlements=rows_as_json(settlements),
    )
    return {row.message_id: row.notices for row in rows}

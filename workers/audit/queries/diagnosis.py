"""The statements of the diagnosis: leads grouped by what is true of them, and two failures that have names."""

from dataclasses import fields
from datetime import timedelta
from typing import Any

from shared.db.transaction import Transaction
from workers.audit.policy.diagnosis import Group, Traits

#: What a diagnosis may be broken down by: the word of the command, and where it stands.
DIMENSIONS = {
    "source": "coalesce(sheet #>> '{facts,original_source}', 'unknown')",
    "channel": "coalesce(sheet #>> '{facts,channel}', 'unknown')",
    "country": "coalesce(sheet #>> '{facts,country}', 'unknown')",
    "form": "coalesce(sheet #>> '{facts,form}', 'unknown')",
    "path": "coalesce(lead.rule, 'no rule')",
}
#: Reasons with which sales says that a lead should not have come.
_UNFIT = ["not_icp", "wrong_role", "invalid_contact", "poor_fit"]
#: Employees of a company that somebody should look at before it is put away.
_LARGE = 1_000
_TRAITS = ", ".join(one.name for one in fields(Traits))


def load_groups(tx: Transaction, since: timedelta, by: str, stale: timedelta) -> list[Group]:
    """Return the leads of the window by dimension and traits; after `stale` without news a lead is abandoned."""
    rows = tx.rows(
        f"""
        WITH custody AS (
            SELECT lead_id, min(overdue_at) AS overdue_at, bool_or(end_reason = 'non_response') AS silent
            FROM assignment WHERE owner_kind = 'rep' GROUP BY lead_id
        ), answer AS (
            SELECT lead_id, count(*) FILTER (WHERE outcome = 'touched') AS touches,
                bool_or(outcome = 'recycled') AS disqualified,
                bool_or(outcome = 'recycled' AND detail ->> 'recycle_reason' = ANY(%(unfit)s::text[])) AS unfit
            FROM decision WHERE stage = 'answer' GROUP BY lead_id
        ), judged AS (
            SELECT lead.lead_id, {DIMENSIONS[by]} AS dimension,
                coalesce(sheet -> 'bad', '{{}}') <> '{{}}' OR coalesce(sheet -> 'conflicts', '[]') <> '[]'
                    OR sheet #>> '{{facts,original_source}}' IS NULL AS unclear,
                coalesce(split_part(hold_reason, ':', 1) IN ('unknown', 'not_understood', 'vocabulary'), false)
                    AS undecided,
                status IN ('held', 'pooled') OR coalesce(assigned_at - received_at > interval '5 minutes', false)
                    AS unrouted,
                assigned_at IS NOT NULL AS assigned,
                accepted_at IS NOT NULL AS accepted,
                first_touch_at IS NOT NULL AS touched,
                coalesce(overdue_at IS NOT NULL OR silent, false) AS missed,
                coalesce(first_touch_at > overdue_at, false) AS late,
                first_touch_at IS NOT NULL AND accepted_at IS NULL AND status = 'offered' AS unanswered,
                status = 'accepted' AND first_touch_at IS NOT NULL AND meeting_booked_at IS NULL
                    AND greatest(first_touch_at, status_at) < now() - %(stale)s::interval AS abandoned,
                coalesce(touches, 0) = 1 AS touched_once,
                coalesce(first_touch_at - assigned_at <= interval '1 hour', false) AS fast,
                coalesce(unfit, false) AS unfit,
                coalesce(disqualified, false) AS disqualified,
                converted_at IS NOT NULL AS converted
            FROM lead LEFT JOIN fact_sheet USING (lead_id) LEFT JOIN custody USING (lead_id)
            LEFT JOIN answer USING (lead_id)
            WHERE NOT test AND status <> 'merged' AND received_at > now() - %(since)s::interval
        )
        SELECT dimension, {_TRAITS}, count(*) AS leads, (array_agg(lead_id ORDER BY lead_id DESC))[1:5] AS examples
        FROM judged GROUP BY dimension, {_TRAITS} ORDER BY dimension, {_TRAITS}
        """,  # noqa: S608  constants of this module and the names of its own fields
        since=since,
        stale=stale,
        unfit=_UNFIT,
    )
    return [_group(row._asdict()) for row in rows]


def _group(row: dict[str, Any]) -> Group:
    traits = Traits(**{one.name: row[one.name] for one in fields(Traits)})
    return Group(row["dimension"], traits, row["leads"], tuple(row["examples"]))


def load_named_failures(tx: Transaction, since: timedelta) -> list[dict[str, Any]]:
    """Return failures that a single lead's layers do not show, with how many leads there are and some of them."""
    rows = tx.rows(
        """
        WITH recent AS (
            SELECT * FROM lead WHERE NOT test AND received_at > now() - %(since)s::interval
        ), failure AS (
            SELECT 'leads of large companies nurtured before anybody looked' AS failure, lead_id
            FROM recent JOIN fact_sheet USING (lead_id)
            WHERE status = 'nurturing' AND assigned_at IS NULL
                AND (sheet #>> '{facts,employees}')::numeric >= %(large)s
            UNION ALL
            SELECT 'duplicates of a lead that has no owner', recent.lead_id
            FROM recent JOIN lead AS survivor ON survivor.lead_id = recent.merged_into
            WHERE recent.status = 'merged' AND survivor.assigned_at IS NULL
                AND survivor.status IN ('received', 'buffering', 'matched', 'held', 'pooled')
        )
        SELECT failure, count(*) AS leads, (array_agg(lead_id ORDER BY lead_id DESC))[1:5] AS examples
        FROM failure GROUP BY failure ORDER BY failure
        """,
        since=since,
        large=_LARGE,
    )
    return [row._asdict() for row in rows]


def load_latency(tx: Transaction, since: timedelta, by: str) -> dict[str, tuple[float | None, float | None]]:
    """Return by group of the dimension the median minutes from arrival to an owner, and to the first touch."""
    rows = tx.rows(
        f"""
        SELECT {DIMENSIONS[by]} AS dimension,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM assigned_at - received_at)::float8 / 60)
                AS assign,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM first_touch_at - received_at)::float8 / 60)
                AS touch
        FROM lead LEFT JOIN fact_sheet USING (lead_id)
        WHERE NOT test AND status <> 'merged' AND received_at > now() - %(since)s::interval GROUP BY 1
        """,  # noqa: S608  a constant of this module
        since=since,
    )
    return {row.dimension: (row.assign, row.touch) for row in rows}

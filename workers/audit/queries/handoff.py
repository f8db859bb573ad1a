"""The statements of the hand-off report: leads, their stages, offers, and what stands apart."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.db.transaction import Transaction

Row = dict[str, Any]


def load_cells(
    tx: Transaction, since: timedelta, open_hours: Sequence[tuple[datetime, datetime]], promises: Mapping[str, float]
) -> list[Row]:
    """Return counts and medians of the leads received in the window, as a whole and by each dimension in turn.

    `kind` names the dimension, `name` the group; `open_hours` are the spans in which a lead arrives within hours, and
    `promises` the seconds of `accept` and `touch` that sales promised.
    """
    rows = tx.rows(
        """
        WITH spans AS (
            SELECT * FROM unnest(%(begins)s::timestamptz[], %(ends)s::timestamptz[]) AS span(begins, ends)
        ), cohort AS (
            SELECT lead.*, to_char(received_at AT TIME ZONE 'UTC', 'IYYY-"W"IW') AS week,
                coalesce(first.rule, lead.rule, 'no rule') AS path, coalesce(last.owner, 'no rep') AS rep,
                coalesce(sheet #>> '{facts,original_source}', event_source) AS source,
                coalesce(sheet #>> '{facts,lead_type}', 'unknown') AS lead_type,
                status || coalesce(': ' || coalesce(hold_reason, track), '') AS place,
                first_touch_at IS NOT NULL OR meeting_booked_at IS NOT NULL OR converted_at IS NOT NULL AS worked,
                jsonb_array_length(coalesce(sheet -> 'blanks', '[]')) = 0 AS complete,
                CASE WHEN EXISTS (SELECT FROM spans WHERE received_at >= begins AND received_at < ends)
                    THEN 'within hours' ELSE 'out of hours' END AS hours,
                extract(epoch FROM assigned_at - received_at)::float8 / 60 AS assign_minutes,
                extract(epoch FROM accepted_at - assigned_at)::float8 / 60 AS accept_minutes,
                extract(epoch FROM first_touch_at - received_at)::float8 / 60 AS touch_minutes,
                extract(epoch FROM converted_at - received_at)::float8 / 86400 AS convert_days
            FROM lead LEFT JOIN fact_sheet USING (lead_id)
            LEFT JOIN assignment AS first ON first.lead_id = lead.lead_id AND first.epoch = 1
            LEFT JOIN LATERAL (
                SELECT owner FROM assignment AS held WHERE held.lead_id = lead.lead_id AND held.owner_kind = 'rep'
                ORDER BY held.epoch DESC LIMIT 1) AS last ON true
            WHERE NOT test AND received_at > now() - %(since)s::interval
        ), banded AS (
            SELECT *, CASE WHEN touch_minutes IS NULL THEN 'never' WHEN touch_minutes <= 5 THEN '0 to 5 min'
                WHEN touch_minutes <= 30 THEN '5 to 30 min' WHEN touch_minutes <= 60 THEN '30 to 60 min'
                ELSE 'over 60 min' END AS band FROM cohort
        )
        SELECT CASE WHEN GROUPING(rep) = 0 AND GROUPING(lead_type) = 0 THEN 'rep and lead type'
                WHEN GROUPING(week) = 0 THEN 'week' WHEN GROUPING(path) = 0 THEN 'path'
                WHEN GROUPING(source) = 0 THEN 'source' WHEN GROUPING(rep) = 0 THEN 'rep'
                WHEN GROUPING(lead_type) = 0 THEN 'lead type' WHEN GROUPING(place) = 0 THEN 'place'
                WHEN GROUPING(band) = 0 THEN 'band' WHEN GROUPING(hours) = 0 THEN 'hours' ELSE 'all' END AS kind,
            coalesce(week, path, source, rep, place, band, hours, lead_type, 'all') AS name, lead_type,
            count(*) AS delivered, count(qualified_at) AS qualified, count(assigned_at) AS assigned,
            count(*) FILTER (WHERE assign_minutes <= 5) AS assigned_in_5,
            count(accepted_at) AS accepted, count(first_touch_at) AS touched,
            count(*) FILTER (WHERE worked) AS worked, count(meeting_booked_at) AS meetings,
            count(converted_at) AS converted, coalesce(sum(amount), 0)::float8 AS revenue,
            count(*) FILTER (WHERE complete) AS complete,
            count(*) FILTER (WHERE touch_minutes <= 10) AS touched_in_10,
            count(*) FILTER (WHERE touch_minutes <= 15) AS touched_in_15,
            count(*) FILTER (WHERE qualified_at IS NOT NULL AND worked) AS qualified_worked,
            count(*) FILTER (WHERE qualified_at IS NOT NULL AND accepted_at IS NOT NULL) AS qualified_accepted,
            count(*) FILTER (WHERE accepted_at IS NOT NULL AND first_touch_at IS NOT NULL) AS accepted_touched,
            count(*) FILTER (WHERE accepted_at IS NOT NULL AND converted_at IS NOT NULL) AS accepted_converted,
            count(*) FILTER (WHERE accept_minutes * 60 <= %(accept)s::float8) AS accepted_in_time,
            count(*) FILTER (WHERE touch_minutes * 60 <= %(touch)s::float8) AS touched_in_time,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY assign_minutes) AS assign_minutes,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY accept_minutes) AS accept_minutes,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY touch_minutes) AS touch_minutes,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY convert_days) AS convert_days
        FROM banded
        GROUP BY GROUPING SETS ((), (week), (path), (source), (rep), (rep, lead_type), (lead_type), (place), (band),
            (hours))
        ORDER BY kind, name, lead_type
        """,
        since=since,
        begins=[begin for begin, _ in open_hours],
        ends=[end for _, end in open_hours],
        accept=promises.get("accept"),
        touch=promises.get("touch"),
    )
    return [row._asdict() for row in rows]


def load_stages(tx: Transaction, since: timedelta) -> list[Row]:
    """Return per stage how many qualified leads came as far, and what became of those that went no further.

    `under_way` are those that somebody or the pipeline still has, `lost` the others.
    """
    rows = tx.rows(
        """
        WITH far AS (
            SELECT status IN ('received', 'buffering', 'matched', 'offered', 'pooled', 'accepted', 'held') AS lives,
                CASE WHEN converted_at IS NOT NULL THEN 5 WHEN meeting_booked_at IS NOT NULL THEN 4
                    WHEN first_touch_at IS NOT NULL THEN 3 WHEN accepted_at IS NOT NULL THEN 2
                    WHEN assigned_at IS NOT NULL THEN 1 ELSE 0 END AS stage
            FROM lead WHERE NOT test AND qualified_at IS NOT NULL AND received_at > now() - %(since)s::interval
        )
        SELECT number AS stage, count(*) FILTER (WHERE far.stage >= number) AS reached,
            count(*) FILTER (WHERE far.stage = number AND lives) AS under_way,
            count(*) FILTER (WHERE far.stage = number AND NOT lives AND number < 5) AS lost
        FROM generate_series(0, 5) AS number LEFT JOIN far ON far.stage >= number GROUP BY number ORDER BY number
        """,
        since=since,
    )
    return [row._asdict() for row in rows]


def load_offers(tx: Transaction, since: timedelta) -> list[Row]:
    """Return offers to reps, in all and by rule, pool and rep: marked overdue, lost to silence, and still in time."""
    rows = tx.rows(
        """
        SELECT CASE WHEN GROUPING(one.rule) = 0 THEN 'rule' WHEN GROUPING(one.pool) = 0 THEN 'pool'
                WHEN GROUPING(one.owner) = 0 THEN 'rep' ELSE 'all' END AS kind,
            coalesce(one.rule, one.pool, one.owner, 'none') AS name, count(*) AS offers,
            count(one.overdue_at) AS overdue, count(*) FILTER (WHERE end_reason = 'non_response') AS silent,
            count(*) FILTER (WHERE overdue_at IS NOT NULL OR end_reason = 'non_response') AS missed,
            count(*) FILTER (WHERE ended_at IS NULL AND overdue_at IS NULL AND lead.status = 'offered') AS waiting
        FROM assignment AS one JOIN lead USING (lead_id)
        WHERE owner_kind = 'rep' AND NOT test AND started_at > now() - %(since)s::interval
        GROUP BY GROUPING SETS ((), (one.rule), (one.pool), (one.owner)) ORDER BY kind, name
        """,
        since=since,
    )
    return [row._asdict() for row in rows]


def load_apart(tx: Transaction, since: timedelta) -> Row:
    """Return what stands apart, one count each: reassigned, moved by hand, recycled, without owner, deals lost."""
    row = tx.row(
        """
        WITH custody AS (
            SELECT lead_id, count(*) FILTER (WHERE owner_kind = 'rep') AS reps,
                bool_or(reason = 'manual' AND assignment.epoch > 1) AS moved_by_hand
            FROM assignment JOIN lead USING (lead_id)
            WHERE NOT test AND received_at > now() - %(since)s::interval GROUP BY lead_id
        )
        SELECT count(*) FILTER (WHERE reps > 0) AS assigned, count(*) FILTER (WHERE reps > 1) AS reassigned,
            count(*) FILTER (WHERE moved_by_hand) AS moved_by_hand,
            (SELECT count(*) FROM decision JOIN lead USING (lead_id) WHERE NOT test AND stage = 'answer'
                AND outcome = 'recycled' AND decided_at > now() - %(since)s::interval) AS recycled,
            (SELECT count(*) FROM decision JOIN lead USING (lead_id) WHERE NOT test AND stage = 'answer'
                AND outcome = 'recycled' AND decided_at > now() - %(since)s::interval
                AND detail ->> 'recycle_reason' <> '') AS with_reason,
            (SELECT count(*) FROM lead WHERE NOT test AND status IN ('offered', 'accepted', 'pooled', 'held')
                AND NOT EXISTS (SELECT FROM assignment WHERE assignment.lead_id = lead.lead_id AND ended_at IS NULL)
            ) AS no_owner,
            (SELECT count(*) FROM lead JOIN opportunity USING (opportunity_id) WHERE NOT test AND NOT is_open
                AND stage ILIKE '%%lost%%') AS closed_lost,
            (SELECT count(*) FROM lead JOIN opportunity USING (opportunity_id) WHERE NOT test) AS known_deals
        FROM custody
        """,
        since=since,
    )
    return row._asdict() if row else {}

"""Every statement about reps: what they were offered week by week, and how a team stands now."""

from typing import Any

from shared.db.transaction import Transaction
from workers.audit.policy.weights import Result

Row = dict[str, Any]


def load_coaching(tx: Transaction, weeks: int, rep: str | None) -> list[Row]:
    """Return offers by rep and ISO week (UTC), the newest week first; times are minutes since the offer."""
    rows = tx.rows(
        """
        WITH offer AS (
            SELECT one.owner AS rep, to_char(one.started_at AT TIME ZONE 'UTC', 'IYYY-"W"IW') AS week, one.started_at,
                one.end_reason, one.overdue_at, said.accepted_at, said.touched_at, said.recycle_reason
            FROM assignment AS one JOIN lead USING (lead_id)
            LEFT JOIN LATERAL (
                SELECT min(decided_at) FILTER (WHERE outcome IN ('accepted', 'claimed')) AS accepted_at,
                    min(decided_at) FILTER (WHERE outcome = 'touched') AS touched_at,
                    max(detail ->> 'recycle_reason') FILTER (
                        WHERE outcome = 'recycled' AND one.end_reason = 'recycled') AS recycle_reason
                FROM decision WHERE decision.lead_id = one.lead_id AND stage = 'answer'
                    AND decided_at >= one.started_at
                    AND (decided_at < coalesce(one.ended_at, 'infinity') OR outcome = 'recycled'
                        AND decided_at = one.ended_at)
            ) AS said ON true
            WHERE one.owner_kind = 'rep' AND NOT lead.test AND (%(rep)s::text IS NULL OR one.owner = %(rep)s::text)
                AND one.started_at >= date_trunc('week', now(), 'UTC') - make_interval(weeks => %(weeks)s - 1)
        ), recycled AS (
            SELECT rep, week, jsonb_object_agg(reason, leads ORDER BY reason) AS reasons FROM (
                SELECT rep, week, coalesce(recycle_reason, 'none given') AS reason, count(*) AS leads FROM offer
                WHERE end_reason = 'recycled' GROUP BY 1, 2, 3) AS counted
            GROUP BY rep, week
        )
        SELECT week, rep, count(*) AS offered, count(accepted_at) AS accepted,
            count(*) FILTER (WHERE end_reason = 'non_response') AS missed, count(overdue_at) AS overdue,
            percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
                ORDER BY extract(epoch FROM accepted_at - started_at)::float8 / 60) AS accept,
            percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
                ORDER BY extract(epoch FROM touched_at - started_at)::float8 / 60) AS touch,
            coalesce(max(reasons::text)::jsonb, '{}') AS recycled
        FROM offer LEFT JOIN recycled USING (rep, week) GROUP BY week, rep ORDER BY week DESC, rep
        """,
        weeks=weeks,
        rep=rep,
    )
    return [row._asdict() for row in rows]


def load_team(tx: Transaction, team: str | None) -> list[Row]:
    """Return each rep with open leads against capacity, overdue now, due within 24 hours, and whether away or gone."""
    rows = tx.rows(
        """
        SELECT rep.rep_id AS rep, rep.team, rep.status, away.until AS away_until,
            count(held.lead_id) AS open_leads, rep.capacity, count(held.overdue_at) AS overdue,
            count(held.lead_id) FILTER (WHERE held.overdue_at IS NULL AND clock.due_at < now() + interval '24 hours')
                AS due_today,
            CASE WHEN rep.status = 'departed' THEN count(held.lead_id) ELSE 0 END AS left_behind
        FROM rep
        LEFT JOIN (assignment AS held JOIN lead ON lead.lead_id = held.lead_id AND NOT lead.test)
            ON held.owner_kind = 'rep' AND held.owner = rep.rep_id AND held.ended_at IS NULL
        LEFT JOIN LATERAL (
            SELECT min(due_at) AS due_at FROM deadline
            WHERE deadline.lead_id = held.lead_id AND deadline.epoch = held.epoch AND action <> 'remind'
                AND fired_at IS NULL AND cancelled_at IS NULL) AS clock ON true
        LEFT JOIN LATERAL (
            SELECT max(ends_at) AS until FROM absence
            WHERE absence.rep_id = rep.rep_id AND starts_at <= now() AND ends_at > now()) AS away ON true
        WHERE %(team)s::text IS NULL OR rep.team = %(team)s::text
        GROUP BY rep.rep_id, away.until HAVING rep.status = 'active' OR count(held.lead_id) > 0
        ORDER BY overdue DESC, due_today DESC, rep.rep_id
        """,
        team=team,
    )
    return [row._asdict() for row in rows]


def load_queues(tx: Transaction) -> list[Row]:
    """Return every queue that holds leads: how many, and their ages in minutes."""
    rows = tx.rows(
        """
        SELECT owner AS queue, count(*) AS leads, min(started_at) AS oldest_at,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM now() - started_at)::float8 / 60)
                AS median_minutes,
            max(extract(epoch FROM now() - started_at)::float8 / 60) AS oldest_minutes
        FROM assignment JOIN lead USING (lead_id)
        WHERE owner_kind = 'queue' AND ended_at IS NULL AND NOT test GROUP BY owner ORDER BY leads DESC, owner
        """
    )
    return [row._asdict() for row in rows]


def load_results(tx: Transaction, days: int) -> list[Result]:
    """Return what became of the leads that each pool gave each rep in the last days; test leads do not count."""
    rows = tx.rows(
        """
        SELECT given.pool, given.owner AS rep_id, rep.weight::float8 AS weight, count(*) AS given,
            count(*) FILTER (WHERE EXISTS (SELECT FROM decision WHERE decision.lead_id = given.lead_id
                AND stage = 'answer' AND decision.outcome = 'accepted' AND decided_at >= given.started_at
                AND decided_at <= coalesce(given.ended_at, now()))) AS accepted,
            count(*) FILTER (WHERE given.end_reason = 'converted') AS converted
        FROM assignment AS given JOIN lead USING (lead_id) JOIN rep ON rep.rep_id = given.owner
        WHERE given.pool IS NOT NULL AND given.owner_kind = 'rep' AND NOT lead.test
            AND given.started_at > now() - make_interval(days => %(days)s)
        GROUP BY given.pool, given.owner, rep.weight
        """,
        days=days,
    )
    return [Result(row.pool, row.rep_id, row.weight, row.given, row.accepted, row.converted) for row in rows]

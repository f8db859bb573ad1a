"""Every other statement of the audit: run a check, ask what policies say, what is replayed, what is reported."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.db.transaction import Transaction
from workers.audit.laws import SHOWN, Check, Result
from workers.audit.policy.replaying import Recorded


def run_check(tx: Transaction, check: Check, parameters: Mapping[str, Any]) -> Result:
    """Return how many offenders there are, with the first of them."""
    row = tx.row(
        f"""
        SELECT count(*) AS breaches, (array_agg(id ORDER BY id))[1:{SHOWN}] AS ids
        FROM (SELECT DISTINCT id FROM ({check.sql}) AS found) AS offender
        """,  # noqa: S608  statements are constants of this room
        **parameters,
    )
    return Result(check.law, check.holds, row.breaches if row else 0, tuple(row.ids or ()) if row else ())


def load_policy_versions(tx: Transaction) -> set[int]:
    """Return the numbers of all policy versions."""
    return {row.version for row in tx.rows("SELECT version FROM policy_version")}


def load_holding_queues(tx: Transaction) -> list[tuple[int, str]]:
    """Return (policy version, queue) of every queue that holds a lead."""
    rows = tx.rows(
        "SELECT DISTINCT policy_version, owner FROM assignment WHERE ended_at IS NULL AND owner_kind = 'queue'"
    )
    return [(row.policy_version, row.owner) for row in rows]


def load_recycle_reasons(tx: Transaction) -> list[tuple[int, str | None]]:
    """Return (policy version, reason) of every reason with which a lead was recycled."""
    rows = tx.rows(
        """
        SELECT DISTINCT policy_version, detail ->> 'recycle_reason' AS reason FROM decision
        WHERE stage = 'answer' AND outcome = 'recycled'
        """
    )
    return [(row.policy_version, row.reason) for row in rows]


def load_recorded(tx: Transaction, limit: int) -> list[Recorded]:
    """Return the latest decisions that the assignment made by the rules; a directive asks no rule."""
    rows = tx.rows(
        """
        SELECT lead_id, sequence, policy_version, rule, detail #> '{inputs,facts}' AS facts,
            detail #> '{inputs,bad}' AS bad, (detail #>> '{qualification,passed}')::boolean AS qualified
        FROM decision WHERE stage = 'assignment' AND detail ? 'inputs' AND NOT detail ? 'directive'
        ORDER BY decided_at DESC, lead_id DESC LIMIT %(limit)s
        """,
        limit=limit,
    )
    return [Recorded(**row._mapping) for row in rows]  # noqa: SLF001  SQLAlchemy's public name for it


def load_clocks(tx: Transaction, lead_ids: Sequence[int]) -> dict[tuple[int, int], int]:
    """Return how many steps of acceptance the reps' running custodies have, by lead and its last decision."""
    rows = tx.rows(
        """
        SELECT lead_id, decisions, (
            SELECT count(*) FROM deadline
            WHERE deadline.lead_id = lead.lead_id AND deadline.epoch = lead.epoch AND ladder = 'accept') AS steps
        FROM lead WHERE lead_id = ANY(%(ids)s::bigint[]) AND status = 'offered'
        """,
        ids=list(lead_ids),
    )
    return {(row.lead_id, row.decisions): row.steps for row in rows}


def load_leads_of_source(tx: Transaction, source: str, limit: int) -> list[Mapping[str, Any]]:
    """Return the last leads of a source, by the event's source or by what the lead calls its original source."""
    rows = tx.rows(
        """
        SELECT lead_id, email, company, status, rule, owner_kind, owner, received_at, assigned_at, accepted_at,
            first_touch_at, coalesce(hold_reason, recycle_reason) AS reason, overdue
        FROM report.lead WHERE event_source = %(source)s OR original_source = %(source)s
        ORDER BY lead_id DESC LIMIT %(limit)s
        """,
        source=source,
        limit=limit,
    )
    return [dict(row._mapping) for row in rows]  # noqa: SLF001  as above


def load_conditions(tx: Transaction, days: int) -> list[dict[str, Any]]:
    """Return what stood in the way of routing, by week and how often: holds by reason, fields blank, bad or unknown."""
    rows = tx.rows(
        """
        WITH recent AS (
            SELECT lead_id, date_trunc('week', received_at)::date AS week, sheet
            FROM lead JOIN fact_sheet USING (lead_id)
            WHERE received_at > now() - make_interval(days => %(days)s) AND NOT test
        ), found AS (
            SELECT date_trunc('week', decided_at)::date AS week, 'held' AS kind, detail ->> 'hold_reason' AS what
            FROM decision
            WHERE decided_at > now() - make_interval(days => %(days)s) AND stage = 'assignment' AND outcome = 'held'
            UNION ALL
            SELECT week, 'blank field', jsonb_array_elements_text(sheet -> 'blanks') FROM recent
            UNION ALL
            SELECT week, 'field not understood', jsonb_object_keys(sheet -> 'bad') FROM recent
            UNION ALL
            SELECT week, 'contradiction', jsonb_array_elements(sheet -> 'conflicts') ->> 'field' FROM recent
            UNION ALL
            SELECT week, 'unknown field', jsonb_object_keys(sheet -> 'extra') FROM recent
        )
        SELECT week, kind, what, count(*) AS leads FROM found WHERE what IS NOT NULL
        GROUP BY week, kind, what ORDER BY week DESC, kind, leads DESC, what
        """,
        days=days,
    )
    return [dict(row._mapping) for row in rows]  # noqa: SLF001  SQLAlchemy's public name for it

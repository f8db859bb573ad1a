"""Statements that read decisions of the past, and the people they were made about; they write nothing."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from shared.custody.reps import rep_of
from shared.custody.states import Absence
from shared.db.transaction import Transaction
from shared.domain.rep import Rep
from shared.routing.policy.record import CoverageRecord

#: Decisions that are fetched at once, each with a kilobyte or two.
_AT_ONCE = 2_000


def take_time(tx: Transaction) -> None:
    """Let the statements of this transaction take minutes: a long period is sorted before its first row comes."""
    tx.run("SET LOCAL statement_timeout = '10min'")


def load_versions(tx: Transaction, since: datetime, until: datetime) -> list[tuple[int, int]]:
    """Return the policy versions by which leads were assigned in the period, with how many decisions each made."""
    rows = tx.rows(
        """
        SELECT policy_version, count(*) AS decisions FROM decision
        WHERE stage = 'assignment' AND decided_at >= %(since)s AND decided_at < %(until)s AND detail ? 'tried'
        GROUP BY policy_version ORDER BY policy_version
        """,
        since=since,
        until=until,
    )
    return [(row.policy_version, row.decisions) for row in rows]


def decisions_whole_since(tx: Transaction) -> datetime | None:
    """Return the instant from which on every decision is there; None where none was ever dropped."""
    since: datetime | None = tx.value("SELECT nullif(decisions_whole_since(), '-infinity')")
    return since


def stream_decisions(
    tx: Transaction, since: datetime, until: datetime, *, with_sheet: bool
) -> Iterator[Sequence[Row[Any]]]:
    """Yield the assignments of the period in their order, with their leads and what became of the custody.

    `counts` marks each lead's last decision by the rules; where a clock or an answer has sent the lead, no rule was
    asked. The facts of today come along only where they are asked for: they are most of what there is to carry.
    """
    return tx.stream(
        """
        SELECT one.lead_id, one.outcome, one.rule, one.policy_version, one.decided_at, one.detail,
            lead.received_at, lead.test, lead.event_source, lead.event_id, lead.accepted_at,
            fact_sheet.email, CASE WHEN %(with_sheet)s THEN fact_sheet.sheet -> 'facts' END AS facts,
            held.ended_at, held.end_reason, held.overdue_at IS NOT NULL AS overdue,
            NOT one.detail ? 'directive' AND NOT EXISTS (
                SELECT FROM decision AS later
                WHERE later.lead_id = one.lead_id AND later.sequence > one.sequence AND later.stage = 'assignment'
                    AND later.decided_at < %(until)s AND later.detail ? 'tried' AND NOT later.detail ? 'directive'
            ) AS counts
        FROM decision AS one
        JOIN lead ON lead.lead_id = one.lead_id
        LEFT JOIN fact_sheet ON fact_sheet.lead_id = one.lead_id
        LEFT JOIN assignment AS held ON held.lead_id = one.lead_id AND held.started_at = one.decided_at
        WHERE one.stage = 'assignment' AND one.decided_at >= %(since)s AND one.decided_at < %(until)s
            AND one.detail ? 'tried'
        ORDER BY one.decided_at, (one.detail ->> 'coverage')::bigint, one.lead_id
        """,
        at_once=_AT_ONCE,
        since=since,
        until=until,
        with_sheet=with_sheet,
    )


def load_records(tx: Transaction, coverage_ids: Collection[int]) -> dict[int, CoverageRecord]:
    """Return who could take the batches, by the id that their decisions name."""
    if not coverage_ids:
        return {}
    rows = tx.rows(
        "SELECT coverage_id, roster, reps, pools FROM coverage_snapshot WHERE coverage_id = ANY(%(ids)s::bigint[])",
        ids=sorted(coverage_ids),
    )
    return {row.coverage_id: CoverageRecord.read(row.roster, row.reps, row.pools) for row in rows}


def load_rep_history(tx: Transaction) -> list[tuple[int, Rep]]:
    """Return every rep as pools and rules saw it, with the revision of the roster from which that was true."""
    rows = tx.rows(
        """
        SELECT rep_history.*, rep_id AS name, NULL AS email, NULL AS manager_email, NULL AS manager_channel,
            NULL AS timezone, NULL AS slack_id
        FROM rep_history ORDER BY roster, rep_id
        """
    )
    return [(row.roster, rep_of(row)) for row in rows]


def load_loads_at(tx: Transaction, at: datetime) -> dict[str, int]:
    """Return how many leads each rep held at an instant."""
    rows = tx.rows(
        """
        SELECT owner, count(*) AS leads FROM assignment
        WHERE owner_kind = 'rep' AND started_at < %(at)s AND (ended_at IS NULL OR ended_at >= %(at)s)
        GROUP BY owner
        """,
        at=at,
    )
    return {row.owner: row.leads for row in rows}


def load_usual_hold(tx: Transaction, since: datetime, until: datetime) -> timedelta | None:
    """Return for how long half of the leads of the period were held by a rep; None when nobody let one go."""
    found: timedelta | None = tx.value(
        """
        SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ended_at - started_at) FROM assignment
        WHERE owner_kind = 'rep' AND started_at >= %(since)s AND started_at < %(until)s AND ended_at IS NOT NULL
        """,
        since=since,
        until=until,
    )
    return found


def load_absences_since(tx: Transaction, since: datetime) -> Mapping[str, Sequence[Absence]]:
    """Return the absences that have not ended by an instant, by rep."""
    rows = tx.rows(
        """
        SELECT rep_id, starts_at, ends_at, stop_before, cover_rep_id FROM absence
        WHERE ends_at > %(since)s ORDER BY rep_id, starts_at
        """,
        since=since,
    )
    found: dict[str, list[Absence]] = {}
    for row in rows:
        absence = Absence(row.starts_at, row.ends_at, row.stop_before, row.cover_rep_id)
        found.setdefault(row.rep_id, []).append(absence)
    return found

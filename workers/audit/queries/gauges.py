"""The statements behind the exporter's gauges: they read tallies and short ends of indexes, and never count tables."""

from collections.abc import Iterable
from typing import NamedTuple

from shared.db.arrays import rows_as_json
from shared.db.transaction import Transaction
from shared.tallied import Entry
from workers.audit.laws import Result


class Standing(NamedTuple):
    """How the leads stand, and what came in: `read` and `other` are events, of which `other` became no lead."""

    leads: dict[str, int]
    read: int
    other: int


class Finding(NamedTuple):
    """What the checks of a law found when they were last made; `oldest` is the least recent of them, in seconds."""

    law: str
    breaches: int
    oldest: float


def load_standing(tx: Transaction) -> Standing:
    """Return leads by status and the events read, of one snapshot."""
    rows = tx.rows(
        """
        SELECT 'lead' AS kind, status AS name, sum(leads)::bigint AS number FROM status_tally GROUP BY status
        UNION ALL
        SELECT 'event', CASE WHEN metric = 'events_read' THEN 'read' ELSE labels[2] END, sum(amount)::bigint
        FROM metric_tally WHERE metric IN ('events_read', 'baton_events_received') GROUP BY 1, 2
        """
    )
    events = {row.name: row.number for row in rows if row.kind == "event"}
    other = sum(number for name, number in events.items() if name not in {"read", "leads"})
    return Standing({row.name: row.number for row in rows if row.kind == "lead"}, events.get("read", 0), other)


def load_tallies(tx: Transaction) -> dict[Entry, float]:
    """Return every counter and histogram of the tally; sums of histograms are microseconds."""
    rows = tx.rows(
        "SELECT metric, labels, edge, sum(amount)::bigint AS amount FROM metric_tally GROUP BY metric, labels, edge"
    )
    return {Entry(row.metric, tuple(row.labels), row.edge): row.amount for row in rows}


def load_ages(tx: Transaction) -> dict[str, float]:
    """Return the seconds for which the oldest lead of each status has stood in it."""
    rows = tx.rows(
        """
        SELECT status, extract(epoch FROM now() - min(since))::float8 AS seconds FROM (
            SELECT status, age_step(since) AS since FROM status_age GROUP BY 1, 2 HAVING sum(leads) > 0) AS standing
        GROUP BY status
        """
    )
    return {row.status: max(0.0, row.seconds) for row in rows}


def count_overdue(tx: Transaction) -> int:
    """Return how many running custodies are marked overdue: an index holds just those."""
    return int(tx.value("SELECT count(*) FROM assignment WHERE ended_at IS NULL AND overdue_at IS NOT NULL"))


def load_oldest_due(tx: Transaction) -> float:
    """Return for how many seconds a step has been due that has not fired; 0 for none."""
    seconds = tx.value(
        "SELECT extract(epoch FROM now() - min(fire_at))::float8 FROM deadline WHERE fire_at IS NOT NULL"
    )
    return max(0.0, seconds or 0.0)


def load_plans(tx: Transaction) -> tuple[dict[str, int], float]:
    """Return the leads of bulk plans that run or ended within the hour, and how long a next batch has been due."""
    row = tx.row(
        """
        SELECT coalesce(sum(pending), 0) AS pending, coalesce(sum(moved), 0) AS moved,
            coalesce(sum(skipped), 0) AS skipped, coalesce(sum(undone), 0) AS undone, coalesce(sum(kept), 0) AS kept,
            coalesce(extract(epoch FROM now() - min(next_at) FILTER (WHERE state IN ('applying', 'undoing')))::float8,
                0) AS waits
        FROM reassignment_plan
        WHERE state IN ('planned', 'applying', 'paused', 'undoing') AND expires_at > now() - interval '1 day'
            OR finished_at > now() - interval '1 hour'
        """
    )
    states = ("pending", "moved", "skipped", "undone", "kept")
    return {name: int(getattr(row, name)) for name in states}, max(0.0, row.waits if row else 0.0)


def load_findings(tx: Transaction) -> list[Finding]:
    """Return what is known of each law."""
    rows = tx.rows(
        """
        SELECT law, sum(breaches)::bigint AS breaches, min(extract(epoch FROM checked_at))::float8 AS oldest
        FROM law_finding GROUP BY law
        """
    )
    return [Finding(row.law, row.breaches, row.oldest) for row in rows]


def record_findings(tx: Transaction, results: Iterable[Result], *, complete: bool = False) -> None:
    """Keep what checks found; a complete audit also forgets checks that are not made any more."""
    rows = [{"holds": one.holds, "law": one.law.name, "breaches": one.breaches} for one in results]
    tx.run(
        """
        INSERT INTO law_finding (holds, law, breaches)
        SELECT * FROM json_to_recordset(%(rows)s) AS row(holds text, law text, breaches bigint)
        ON CONFLICT (holds) DO UPDATE SET law = excluded.law, breaches = excluded.breaches, checked_at = now()
        """,
        rows=rows_as_json(rows),
    )
    if complete:
        tx.run("DELETE FROM law_finding WHERE holds <> ALL(%(kept)s::text[])", kept=[row["holds"] for row in rows])

"""What stands too long, what waits for somebody, and the keeper's housekeeping."""

from collections.abc import Sequence

from shared.db.transaction import Transaction
from shared.domain.lead import Status
from workers.escalation.policy.sweeping import Standing

#: A share of fewer leads than these says nothing.
FEWEST = 20


def sweep(tx: Transaction, patience_seconds: float, limit: int) -> list[Standing]:
    """Count one more attempt for leads that stand too long, and return them to be handed on.

    The attempt is committed before the hand-on: whatever a lead does to its worker, it is counted. Each attempt waits
    longer for the next; a lead beyond the last attempt is returned as well, to be held.
    """
    rows = tx.rows(
        """
        WITH standing AS (
            SELECT lead_id FROM lead
            WHERE moving
                AND greatest(status_at, coalesce(release_at, status_at)) < now() - make_interval(secs => %(patience)s)
                AND (next_attempt_at IS NULL OR next_attempt_at <= now())
            ORDER BY received_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        )
        UPDATE lead SET attempts = attempts + 1,
            next_attempt_at = now() + make_interval(secs => %(patience)s * (attempts + 1))
        FROM standing WHERE lead.lead_id = standing.lead_id
        RETURNING lead.lead_id, lead.status, lead.attempts, lead.test
        """,
        patience=patience_seconds,
        limit=limit,
    )
    return [
        Standing(row.lead_id, Status(row.status), row.attempts, row.test)
        for row in sorted(rows, key=lambda row: int(row.lead_id))
    ]


def take_retries(tx: Transaction, again_seconds: float, limit: int) -> list[int]:
    """Return held leads whose next try has come, and put it off in case this one finds nobody either."""
    rows = tx.rows(
        """
        WITH due AS (
            SELECT lead_id FROM lead WHERE status = 'held' AND next_attempt_at <= now()
            ORDER BY next_attempt_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        )
        UPDATE lead SET next_attempt_at = now() + make_interval(secs => %(again)s)
        FROM due WHERE lead.lead_id = due.lead_id RETURNING lead.lead_id
        """,
        again=again_seconds,
        limit=limit,
    )
    return sorted(row.lead_id for row in rows)


def take_waiting_plans(tx: Transaction, patience_seconds: float) -> list[int]:
    """Return bulk moves whose next batch nobody took in time, and give whoever takes it now as long again."""
    rows = tx.rows(
        """
        UPDATE reassignment_plan SET next_at = now()
        WHERE plan_id IN (
            SELECT plan_id FROM reassignment_plan
            WHERE state IN ('applying', 'undoing') AND next_at < now() - make_interval(secs => %(patience)s)
            FOR UPDATE SKIP LOCKED)
        RETURNING plan_id
        """,
        patience=patience_seconds,
    )
    return sorted(row.plan_id for row in rows)


def give_blank_sheets(tx: Transaction, lead_ids: Sequence[int]) -> None:
    """Give leads that enrichment never finished an empty sheet, so that a person can see and correct them."""
    tx.run(
        """
        INSERT INTO fact_sheet (lead_id, sheet)
        SELECT unnest(%(ids)s::bigint[]), '{"facts": {}, "origins": {}, "bad": {}}'
        ON CONFLICT DO NOTHING
        """,
        ids=list(lead_ids),
    )


def ensure_partitions(tx: Transaction) -> int:
    """Make the partitions of this month and the two that follow; return how many were missing."""
    return int(tx.value("SELECT ensure_partitions(current_date, 3)"))


def add_up_tally(tx: Transaction) -> None:
    """Replace the differences that are visible by their sums; what other batches add meanwhile stays as it is."""
    tx.run(
        """
        WITH gone AS (DELETE FROM status_tally RETURNING status, leads)
        INSERT INTO status_tally SELECT status, sum(leads) FROM gone GROUP BY status
        """
    )


def add_up_metrics(tx: Transaction) -> None:
    """Do the same for the tallies of metrics, and for how long leads have stood where they stand."""
    tx.run(
        """
        WITH gone AS (DELETE FROM metric_tally RETURNING metric, labels, edge, amount)
        INSERT INTO metric_tally SELECT metric, labels, edge, sum(amount) FROM gone GROUP BY metric, labels, edge
        """
    )
    tx.run(
        """
        WITH gone AS (DELETE FROM status_age RETURNING status, since, leads)
        INSERT INTO status_age
        SELECT status, age_step(since), sum(leads) FROM gone GROUP BY 1, 2 HAVING sum(leads) <> 0
        """
    )


def load_shares(tx: Transaction) -> dict[str, float]:
    """Return the share of each queue in all leads that somebody or something holds, where twenty or more are held."""
    rows = tx.rows(
        """
        WITH held AS (
            SELECT owner_kind, owner, count(*) AS leads FROM assignment WHERE ended_at IS NULL
            GROUP BY owner_kind, owner
        )
        SELECT owner, leads / sum(leads) OVER () AS share, sum(leads) OVER () AS total, owner_kind FROM held
        """
    )
    return {row.owner: float(row.share) for row in rows if row.owner_kind == "queue" and row.total >= FEWEST}


def load_recent_alarms(tx: Transaction, hours: int) -> set[str]:
    """Return the queues whose share somebody was told of within the last hours."""
    rows = tx.rows(
        """
        SELECT DISTINCT body ->> 'queue' AS queue FROM notice
        WHERE kind = 'exception' AND body ? 'share' AND created_at > now() - make_interval(hours => %(hours)s)
        """,
        hours=hours,
    )
    return {row.queue for row in rows}

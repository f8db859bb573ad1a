"""Months of decisions: what each holds, and a month with those of living leads alone."""

from dataclasses import dataclass
from datetime import date

from shared.db.transaction import Transaction
from shared.domain.lead import LIVING
from workers.retention.months import partition
from workers.retention.queries.months import take_time

#: Snapshots that decisions refer to: the table, its key, and where a decision names it.
_SNAPSHOTS = (
    ("coverage_snapshot", "coverage_id", "detail ->> 'coverage'"),
    ("pool_snapshot", "snapshot_id", "detail -> 'pool' ->> 'snapshot'"),
)


@dataclass(frozen=True, slots=True)
class Month:
    """A monthly part of `decision`: those of leads that have ended, those of leads that live, and its size in bytes."""

    month: date
    decisions: int
    living: int
    size: int


def look_at(tx: Transaction, month: date) -> Month:
    """Count what a month holds."""
    take_time(tx)
    (row,) = tx.rows(
        f"""
        SELECT count(*) FILTER (WHERE lead.status <> ALL(%(living)s::text[])) AS decisions,
            count(*) FILTER (WHERE lead.status = ANY(%(living)s::text[])) AS living,
            pg_total_relation_size('{_part(month)}') AS size
        FROM {_part(month)} AS decision JOIN lead USING (lead_id)
        """,  # noqa: S608  the name is made from a date
        living=sorted(LIVING),
    )
    return Month(month, row.decisions, row.living, row.size)


def keep_the_living(tx: Transaction, month: date) -> None:
    """Write what stays of a month beside it, where nobody waits for it: a table that can take its place at once."""
    part, rest = _part(month), _rest(month)
    tx.run(f"CREATE TABLE {rest} (LIKE {part} INCLUDING DEFAULTS INCLUDING INDEXES INCLUDING STORAGE)")
    # Told beforehand that every row is of the month, the database need not look when the table takes its place.
    within = tx.value("SELECT pg_get_partition_constraintdef(%(part)s::regclass)", part=part)
    tx.run(f"ALTER TABLE {rest} ADD CONSTRAINT {rest}_month CHECK ({within.replace('%', '%%')})")
    tx.run(
        f"""
        INSERT INTO {rest}
        SELECT decision.* FROM {part} AS decision JOIN lead USING (lead_id)
        WHERE lead.status = ANY(%(living)s::text[])
        """,  # noqa: S608  as above
        living=sorted(LIVING),
    )


def exchange(tx: Transaction, one: Month, made_by: str) -> None:
    """Put what stays of a month in its place, or nothing where all goes, with the count of what went carried."""
    part, rest = _part(one.month), _rest(one.month)
    bound = tx.value("SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = %(part)s::regclass", part=part)
    tx.run(f"DROP TABLE {part}")
    if one.living:
        tx.run(f"ALTER TABLE {rest} RENAME TO {part}")
        tx.run(f"ALTER TABLE decision ATTACH PARTITION {part} {bound}")
        tx.run(f"ALTER TABLE {part} DROP CONSTRAINT {rest}_month")
    else:
        tx.run(f"DROP TABLE {rest}")
    _carry(tx, one, made_by)


def look_at_strays(tx: Transaction, before: date) -> list[Month]:
    """Count, by month, what lies in no month's part: of months for which the keeper, away for long, has made none."""
    take_time(tx)
    rows = tx.rows(
        """
        SELECT date_trunc('month', decided_at AT TIME ZONE 'UTC')::date AS month,
            count(*) FILTER (WHERE lead.status <> ALL(%(living)s::text[])) AS decisions,
            count(*) FILTER (WHERE lead.status = ANY(%(living)s::text[])) AS living
        FROM decision_other JOIN lead USING (lead_id)
        WHERE decided_at < %(before)s::timestamp AT TIME ZONE 'UTC' GROUP BY 1 ORDER BY 1
        """,
        living=sorted(LIVING),
        before=before,
    )
    return [Month(row.month, row.decisions, row.living, 0) for row in rows]


def drop_strays(tx: Transaction, one: Month, made_by: str) -> None:
    """Drop what goes of a month that has no part; these are few, and nobody waits for them."""
    tx.run(
        """
        DELETE FROM decision_other USING lead
        WHERE lead.lead_id = decision_other.lead_id AND lead.status <> ALL(%(living)s::text[])
            AND date_trunc('month', decided_at AT TIME ZONE 'UTC') = %(month)s
        """,
        living=sorted(LIVING),
        month=one.month,
    )
    _carry(tx, one, made_by)


def _carry(tx: Transaction, one: Month, made_by: str) -> None:
    tx.run(
        """
        INSERT INTO dropped_decisions (month, decisions, dropped_by) VALUES (%(month)s, %(decisions)s, %(made_by)s)
        ON CONFLICT (month) DO UPDATE
        SET decisions = dropped_decisions.decisions + excluded.decisions, dropped_at = now(), dropped_by = %(made_by)s
        """,
        month=one.month,
        decisions=one.decisions,
        made_by=made_by,
    )


def drop_snapshots(tx: Transaction) -> int:
    """Drop the pools and reps of old batches that no decision refers to any more; return how many."""
    take_time(tx)
    return sum(
        tx.run(
            f"""
            DELETE FROM {table} WHERE taken_at < decisions_whole_since() AND {key} NOT IN (
                SELECT ({named})::bigint FROM decision
                WHERE decided_at < decisions_whole_since() AND {named} IS NOT NULL
            )
            """  # noqa: S608  constants of this module
        )
        for table, key, named in _SNAPSHOTS
    )


def _part(month: date) -> str:
    return partition("decision", month)


def _rest(month: date) -> str:
    return partition("decision_rest", month)

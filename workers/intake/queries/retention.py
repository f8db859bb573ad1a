"""Months of events: which lie in the database, what each holds, and the end of one."""

from dataclasses import dataclass
from datetime import date, datetime

from shared.db.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Month:
    """A monthly partition of `event`: what it holds by outcome, its size in bytes, and why it must stay, if it must."""

    month: date
    leads: int
    applied: int
    refused: int
    size: int
    waiting: int

    @property
    def obstacle(self) -> str | None:
        """Say why it cannot be dropped, None when it can."""
        return f"events that are still to be worked: {self.waiting:,}" if self.waiting else None


def load_months(tx: Transaction, before: date) -> list[date]:
    """Return the months that ended by an instant and whose events are here, the oldest first."""
    rows = tx.rows(
        """
        SELECT to_date(right(relname, 6), 'YYYYMM') AS month
        FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'event'::regclass AND relname ~ '^event_[0-9]{6}$'
            AND to_date(right(relname, 6), 'YYYYMM') + interval '1 month' <= %(before)s
        ORDER BY month
        """,
        before=before,
    )
    return [row.month for row in rows]


def look_at(tx: Transaction, month: date) -> Month:
    """Count what a month holds; open events and leads that still need their event keep it here."""
    # A month of a large house is more than a statement may usually take; nobody waits for this one.
    tx.run("SET LOCAL statement_timeout = 0")
    (row,) = tx.rows(
        f"""
        SELECT count(*) FILTER (WHERE outcome = 'lead') AS leads,
            count(*) FILTER (WHERE outcome = 'applied') AS applied,
            count(*) FILTER (WHERE outcome = 'refused') AS refused,
            pg_total_relation_size('{_partition(month)}') AS size,
            count(*) FILTER (WHERE outcome = 'open' OR lead.status IN ('received', 'buffering')) AS waiting
        FROM {_partition(month)} AS event
        LEFT JOIN lead ON lead.lead_id = event.lead_id AND event.outcome = 'lead'
        """  # noqa: S608  the name is made from a date
    )
    return Month(month, row.leads, row.applied, row.refused, row.size, row.waiting)


def drop(tx: Transaction, one: Month, made_by: str) -> datetime:
    """Drop a month, with its counts carried; return the instant from which on every event is there."""
    tx.run(f"DROP TABLE {_partition(one.month)}")
    tx.run(
        """
        INSERT INTO dropped_month (month, leads, applied, refused, dropped_by)
        VALUES (%(month)s, %(leads)s, %(applied)s, %(refused)s, %(made_by)s)
        """,
        month=one.month,
        leads=one.leads,
        applied=one.applied,
        refused=one.refused,
        made_by=made_by,
    )
    since: datetime = tx.value("SELECT events_kept_since()")
    return since


def _partition(month: date) -> str:
    return f"event_{month:%Y%m}"

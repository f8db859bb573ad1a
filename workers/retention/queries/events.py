"""Months of events: what each holds, and the end of one."""

from dataclasses import dataclass
from datetime import date

from shared.db.transaction import Transaction
from workers.retention.months import partition
from workers.retention.queries.months import take_time


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


def look_at(tx: Transaction, month: date) -> Month:
    """Count what a month holds; open events and leads that still need their event keep it here."""
    take_time(tx)
    (row,) = tx.rows(
        f"""
        SELECT count(*) FILTER (WHERE outcome = 'lead') AS leads,
            count(*) FILTER (WHERE outcome = 'applied') AS applied,
            count(*) FILTER (WHERE outcome = 'refused') AS refused,
            pg_total_relation_size('{_part(month)}') AS size,
            count(*) FILTER (WHERE outcome = 'open' OR lead.status IN ('received', 'buffering')) AS waiting
        FROM {_part(month)} AS event
        LEFT JOIN lead ON lead.lead_id = event.lead_id AND event.outcome = 'lead'
        """  # noqa: S608  the name is made from a date
    )
    return Month(month, row.leads, row.applied, row.refused, row.size, row.waiting)


def drop(tx: Transaction, one: Month, made_by: str) -> None:
    """Drop a month, with its counts carried."""
    tx.run(f"DROP TABLE {_part(one.month)}")
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


def _part(month: date) -> str:
    return partition("event", month)

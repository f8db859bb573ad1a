"""Drops the events of old months, the oldest first, with their counts carried into the books."""

from collections.abc import Iterator
from datetime import date

from shared.bus.context import Context
from shared.db.transaction import transaction
from workers.intake.queries import retention as queries
from workers.intake.queries.retention import Month


def months_before(today: date, months: int) -> date:
    """Return the first day of the oldest month that is kept, when so many whole months before this one are."""
    past = today.year * 12 + today.month - 1 - months
    return date(past // 12, past % 12 + 1, 1)


def look(context: Context, before: date) -> Iterator[Month]:
    """Yield what each month that could go holds, up to and with the first that must stay."""
    with transaction(context.engine) as tx:
        months = queries.load_months(tx, before)
    for month in months:
        with transaction(context.engine) as tx:
            found = queries.look_at(tx, month)
        yield found
        if found.obstacle:
            return


def drop(context: Context, before: date, made_by: str) -> Iterator[Month]:
    """Drop what can go, each month in a transaction of its own, and yield it; the first that must stay ends it."""
    for found in look(context, before):
        if not found.obstacle:
            with transaction(context.engine) as tx:
                queries.drop(tx, found, made_by)
        yield found

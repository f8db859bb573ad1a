"""Drops the events of old months, the oldest first, with their counts carried into the books."""

from collections.abc import Iterator
from datetime import date

from shared.bus.context import Context
from shared.db.transaction import transaction
from workers.retention.queries import events as queries
from workers.retention.queries.events import Month
from workers.retention.queries.months import load_months


def look(context: Context, before: date) -> Iterator[Month]:
    """Yield what each month that could go holds, up to and with the first that must stay."""
    with transaction(context.engine) as tx:
        months = load_months(tx, "event", before)
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

"""Drops the decisions of old months whose leads have ended; a lead that lives keeps its whole record.

A lead that has ended never lives again, so its first decisions go and the last ones stay: never one from the middle.
For that, all months are seen in one picture of the database, which a transaction per month would not give.
"""

from collections.abc import Sequence
from datetime import date

from shared.bus.context import Context
from shared.db.transaction import Transaction, transaction
from workers.retention.queries import decisions as queries
from workers.retention.queries.decisions import Month
from workers.retention.queries.months import load_months


def look(context: Context, before: date) -> Sequence[Month]:
    """Return what each month that has decisions to drop holds."""
    with transaction(context.engine) as tx:
        return [*_whole_months(tx, before), *_strays(tx, before)]


def drop(context: Context, before: date, made_by: str) -> Sequence[Month]:
    """Drop what can go and return it; the table is locked at the end only, while months change places."""
    with transaction(context.engine.execution_options(isolation_level="REPEATABLE READ")) as tx:
        going, strays = _whole_months(tx, before), _strays(tx, before)
        for one in going:
            queries.keep_the_living(tx, one.month)
        for one in strays:
            queries.drop_strays(tx, one, made_by)
        for one in going:
            queries.exchange(tx, one, made_by)
    with transaction(context.engine) as tx:
        queries.drop_snapshots(tx)
    return [*going, *strays]


def _whole_months(tx: Transaction, before: date) -> list[Month]:
    return [one for month in load_months(tx, "decision", before) if (one := queries.look_at(tx, month)).decisions]


def _strays(tx: Transaction, before: date) -> list[Month]:
    return [one for one in queries.look_at_strays(tx, before) if one.decisions]

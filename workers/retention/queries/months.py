"""Which months of a table lie in the database."""

from datetime import date

from shared.db.transaction import Transaction


def load_months(tx: Transaction, table: str, before: date) -> list[date]:
    """Return the months that ended by an instant and of which the table has a part, the oldest first."""
    rows = tx.rows(
        """
        SELECT to_date(right(relname, 6), 'YYYYMM') AS month
        FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = %(table)s::regclass AND relname ~ ('^' || %(table)s || '_[0-9]{6}$')
            AND to_date(right(relname, 6), 'YYYYMM') + interval '1 month' <= %(before)s
        ORDER BY month
        """,
        table=table,
        before=before,
    )
    return [row.month for row in rows]


def take_time(tx: Transaction) -> None:
    """Let the statements of this transaction take longer than one may usually: nobody waits for them."""
    tx.run("SET LOCAL statement_timeout = 0")

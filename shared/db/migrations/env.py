"""Alembic runs each migration in its own transaction, one migrating process at a time."""

from alembic import context
from sqlalchemy import Connection

#: One migration at a time, whoever starts it: the key of the advisory lock is "baton" in ASCII, read as a number.
MIGRATION_LOCK = 0x6261746F6E


def run(connection: Connection) -> None:
    """Apply what is missing."""
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        # A migration that waits for a lock blocks everybody behind it: better to fail and be run again.
        connection.exec_driver_sql("SET LOCAL lock_timeout = '4s'")
        context.run_migrations()


run(context.config.attributes["connection"])

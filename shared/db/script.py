"""Runs a file of SQL as it is written."""

from pathlib import Path

from sqlalchemy import Connection


def run_script(connection: Connection, path: Path) -> None:
    """Run every statement of the file in the connection's transaction; `%` needs no doubling there."""
    raw = connection.connection.dbapi_connection
    if raw is None:
        raise RuntimeError(path)
    cursor = raw.cursor()
    try:
        cursor.execute(path.read_text(encoding="utf-8"))
    finally:
        cursor.close()

"""One way to open PostgreSQL: a pool per process, UTC, bounded waits, JSON by orjson."""

from typing import Any

import orjson
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url

#: Longer than any statement of ours needs, far shorter than a stream entry may stay unacknowledged.
STATEMENT_TIMEOUT = "30s"
#: A batch that waits longer for another's locks gives up and is handed on again by the sweep.
LOCK_TIMEOUT = "5s"


def open_engine(
    database_url: str, *, pool_size: int = 2, prepare_threshold: int | None = None, application: str = "baton"
) -> Engine:
    """Return an engine; nothing connects before the first statement.

    Statements are not prepared by default: a plan cached on an empty table is a sequential scan for ever, and a
    connection pooler between us and the server stays possible.
    """
    settings = {
        "timezone": "UTC",
        "statement_timeout": STATEMENT_TIMEOUT,
        "lock_timeout": LOCK_TIMEOUT,
        "idle_in_transaction_session_timeout": STATEMENT_TIMEOUT,
    }
    connect_args: dict[str, Any] = {
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        "application_name": application,
        "prepare_threshold": prepare_threshold,
        "connect_timeout": 5,
        # A server that vanished is noticed in about 20 s and not after the two hours of the system's default.
        "keepalives_idle": 5,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
    return create_engine(
        make_url(database_url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=2,
        pool_pre_ping=True,
        connect_args=connect_args,
        json_deserializer=orjson.loads,
    )

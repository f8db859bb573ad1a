"""Where the demonstration runs: in a home and a database of its own, empty at the start, apart from all other data."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import redis

from shared.errors import RefusedError
from shared.local.place import make_home
from shared.local.stack import LocalStack
from shared.settings import FOREIGN_NAMES, PREFIX, Settings, mask_url

#: The folder inside BATON_HOME; what `baton up` keeps lies beside it and is never touched.
_FOLDER = "demo"


@contextmanager
def demo_place(settings: Settings) -> Iterator[Settings]:
    """Give the settings of an empty place, and make them the environment of this process while the block runs.

    Local servers are started for it and their database emptied; a server that the settings name must be empty.
    """
    home = settings.home.expanduser().resolve() / _FOLDER
    make_home(home.parent)
    make_home(home)
    with ExitStack() as stack:
        stack.enter_context(_only_one(home))
        local = _local_servers(settings)
        servers = stack.enter_context(LocalStack(home, servers=local)) if local else None
        found = settings.model_copy(
            update={
                "home": home,
                "database_url": servers.database_url if servers and "postgres" in local else settings.database_url,
                "redis_url": servers.redis_url if servers and "redis" in local else settings.redis_url,
            }
        )
        _make_empty(found, local)
        stack.enter_context(_environment(found))
        yield found


def _local_servers(settings: Settings) -> tuple[str, ...]:
    wanted = {"postgres": settings.database_url, "redis": settings.redis_url}
    return tuple(name for name, url in wanted.items() if url is None)


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    with (home / "demo.lock").open("a") as file, (home / "system.lock").open("a") as system:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Held by whoever ran `baton up` on this home, to look at the last demonstration.
            fcntl.flock(system, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"A system runs in {home}: end it with Ctrl-C, or with `BATON_HOME={home} baton down`."
            raise RefusedError(message) from None
        fcntl.flock(system, fcntl.LOCK_UN)
        yield


def _make_empty(settings: Settings, local: tuple[str, ...]) -> None:
    url = settings.database_url or ""
    with psycopg.connect(url) as connection:
        if "postgres" in local:
            connection.execute("DROP SCHEMA IF EXISTS report CASCADE")
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        elif _has_rows(connection):
            message = (
                f"The database {mask_url(url)} is in use already: give BATON_DATABASE_URL an empty one, "
                "or unset it and the demonstration brings its own."
            )
            raise RefusedError(message)
    with redis.Redis.from_url(settings.redis_url or "") as client:
        if "redis" in local:
            client.flushdb()
        elif client.exists(settings.stream_key):
            message = (
                f"The stream {settings.stream_key} exists already: give BATON_REDIS_URL an empty database, "
                "or unset it and the demonstration brings its own."
            )
            raise RefusedError(message)


def _has_rows(connection: psycopg.Connection) -> bool:
    """Say whether the database holds anything but, at most, our empty schema."""
    names = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    if not names:
        return False
    if "lead" not in names or "policy_version" not in names:
        return True
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM lead) OR EXISTS (SELECT FROM rep) OR EXISTS (SELECT FROM policy_version)"
    ).fetchone()
    return bool(row and row[0])


#: Settings with which something would be sent, or a vendor asked, by how they begin.
_WAYS_OUT = tuple(
    f"{PREFIX}{name}" for name in ("SLACK_", "WEBHOOK_", "PROVIDERS", "CLEARBIT_", "APOLLO_", "ZOOMINFO_")
)


@contextmanager
def _environment(settings: Settings) -> Iterator[None]:
    """Let every command of this process find the place; afterwards the environment is what it was.

    What could carry anything out of the house is left behind: invented leads are told to nobody.
    """
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(_WAYS_OUT)]:
        del os.environ[name]
    for field, others in FOREIGN_NAMES.items():
        for name in (f"{PREFIX}{field.upper()}_FILE", *others):
            os.environ.pop(name, None)
    os.environ |= {
        f"{PREFIX}HOME": str(settings.home),
        f"{PREFIX}DATABASE_URL": settings.database_url or "",
        f"{PREFIX}REDIS_URL": settings.redis_url or "",
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)

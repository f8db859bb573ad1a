"""Where the benchmark runs: servers and a home of its own, on the disk of BATON_HOME, deleted at the end."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from shared.errors import RefusedError
from shared.local.leftovers import stop_leftovers
from shared.local.place import make_home, remove
from shared.local.stack import LocalStack
from shared.local.state import read_state
from shared.settings import Settings

#: Numbered databases of Redis: Baton's own is 0.
NAIVE_REDIS, NOOP_REDIS, STATEMENTS_REDIS, TIMERS_REDIS, BULK_REDIS = 1, 2, 3, 4, 5


@dataclass(frozen=True, slots=True)
class Place:
    """The servers of the benchmark, as `baton up` configures them."""

    home: Path
    database_url: str
    redis_url: str

    def settings(self, database: str = "") -> Settings:
        """Return the settings of a system here; ports of metrics are any that are free."""
        url = self.database(database) if database else self.database_url
        return Settings(home=self.home, database_url=url, redis_url=self.redis_url, metrics_port=0)

    def redis(self, number: int) -> str:
        """Return where a numbered database of Redis is."""
        return urlunsplit(urlsplit(self.redis_url)._replace(path=f"/{number}"))

    def database(self, name: str) -> str:
        """Return where a database of PostgreSQL is."""
        return urlunsplit(urlsplit(self.database_url)._replace(path=f"/{name}"))

    def new_database(self, name: str) -> str:
        """Make an empty database and return where it is."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name}")
        return self.database(name)

    def server_pids(self) -> dict[str, int]:
        """Return the process numbers of the servers."""
        return {name: running.mark.pid for name, running in read_state(self.home).servers.items()}


@contextmanager
def own_place(home: Path) -> Iterator[Place]:
    """Start servers that keep what they commit, in a folder of `home`; stop and delete them when the block ends."""
    own = home / "bench"
    make_home(home)
    with (home / "bench.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"A benchmark runs in {own}: wait for its end, or set BATON_HOME to another folder."
            raise RefusedError(message) from None
        _clear(own)
        make_home(own)
        try:
            with LocalStack(own) as stack:
                yield Place(own, stack.database_url, stack.redis_url)
        finally:
            _clear(own)


def _clear(own: Path) -> None:
    """Stop and delete what is there, also data that had to live outside the folder."""
    stop_leftovers(own)
    data = read_state(own).place
    remove([own] if data is None else [data, own])

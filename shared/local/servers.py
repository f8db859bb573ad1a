"""The servers that a command uses: those that the environment names, else the local ones."""

from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import psycopg
import redis

from shared.errors import UnavailableError
from shared.local.stack import LocalStack
from shared.redis_client import open_redis
from shared.settings import Settings

#: A server on the other side of the world answers within one.
_ANSWER_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the servers listen; leaving the block stops those that were started for it."""

    database_url: str
    redis_url: str
    stack: LocalStack | None = None

    @property
    def owned(self) -> bool:
        """Whether any server was started for us and ends with us."""
        return self.stack is not None and self.stack.owned

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stop what was started for us."""
        if self.stack is not None:
            self.stack.stop()


def ensure_servers(settings: Settings, *, with_redis: bool = True) -> Servers:
    """Return servers that answer; a local one that does not run is started, and lasts as long as the result.

    Without Redis its URL may be empty.
    """
    missing = [
        *([] if settings.database_url else ["postgres"]),
        *([] if settings.redis_url or not with_redis else ["redis"]),
    ]
    if settings.database_url:
        check_postgres(settings.database_url)
    if settings.redis_url and with_redis:
        check_redis(settings.redis_url)
    if not missing:
        return Servers(settings.database_url or "", settings.redis_url or "")
    stack = LocalStack(settings.home, servers=tuple(missing)).start()
    return Servers(
        settings.database_url or stack.database_url,
        stack.redis_url if "redis" in missing else settings.redis_url or "",
        stack,
    )


def check_postgres(url: str) -> str:
    """Return the version of a PostgreSQL server, or say in a sentence why it cannot be used."""
    try:
        with psycopg.connect(url, connect_timeout=_ANSWER_SECONDS) as connection:
            return str(connection.info.parameter_status("server_version"))
    except psycopg.Error as error:
        reason = str(error).strip().partition("\n")[0]
        message = f"PostgreSQL at {_where(url)} cannot be used: {reason}; see that it runs and that the URL is right"
        raise UnavailableError(message) from error


def check_redis(url: str) -> str:
    """Return the version of a Redis or Valkey server, or say in a sentence why it cannot be used."""
    client = open_redis(url, socket_connect_timeout=_ANSWER_SECONDS, socket_timeout=_ANSWER_SECONDS)
    try:
        about = client.info("server")
        return str(about.get("valkey_version", about["redis_version"]))
    except redis.RedisError as error:
        message = f"Redis at {_where(url)} cannot be used: {error}; see that it runs and that the URL is right"
        raise UnavailableError(message) from error
    finally:
        client.close()


def _where(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2] or "the default place"

"""A Redis or Valkey server on loopback: how it is started, asked and stopped."""

from dataclasses import dataclass
from pathlib import Path
from signal import Signals

import redis

from shared.local.marks import Mark
from shared.local.place import Account, make_private
from shared.local.programs import find_redis, within_reach

NAME = "redis"

#: A SIGTERM writes what is left to the log of commands; that takes well below a second.
STOP_LADDER = ((Signals.SIGTERM, 10.0), (Signals.SIGKILL, 5.0))
WHEN_STARTER_DIES = Signals.SIGTERM

#: A queue must never lose a message to make room for another, so memory that runs out is an error to its writer.
_COMMON = """\
bind 127.0.0.1
maxmemory-policy noeviction
save ""
databases 64
"""
#: At most the last second is lost when the machine stops; with the process alone nothing is.
_LASTING = "appendonly yes\nappendfsync everysec\n"
_FLEETING = "appendonly no\n"


@dataclass(frozen=True, slots=True)
class Redis:
    """One server: its folders, its account and its password."""

    place: Path
    account: Account | None
    password: str
    lasting: bool

    name = NAME
    stop_ladder = STOP_LADDER
    when_starter_dies = WHEN_STARTER_DIES

    @property
    def data(self) -> Path:
        """The folder of the server's data."""
        return self.place / NAME

    @property
    def stdin(self) -> str:
        """The part of the configuration that no list of processes may show."""
        return f'requirepass "{self.password}"\n{_COMMON}{_LASTING if self.lasting else _FLEETING}'

    def url(self, port: int) -> str:
        """Return where clients reach it."""
        return f"redis://:{self.password}@127.0.0.1:{port}/0"

    def command(self, port: int) -> list[str | Path]:
        """Return the command that runs it; it reads the rest of its configuration from stdin."""
        found = find_redis()
        program = within_reach((found,), found, self.account, self.place / "programs")
        if not self.data.exists():
            make_private(self.data, self.account)
        return [program, "-", "--port", str(port), "--dir", self.data]

    def is_ready(self, port: int) -> bool:
        """Tell whether it answers; a server that is still loading does not."""
        client = redis.Redis.from_url(self.url(port), socket_connect_timeout=2, socket_timeout=2)
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        finally:
            client.close()

    def orphan(self) -> Mark | None:
        """Redis keeps no lock file; what was started is recorded before it is waited for."""
        return None

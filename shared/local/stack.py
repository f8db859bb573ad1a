"""The local servers as one thing: started once, shared by all commands of a home, stopped by who started them."""

import contextlib
import secrets
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from signal import Signals
from typing import Protocol, Self

from shared.errors import InternalError, UnavailableError
from shared.local import launch
from shared.local.leftovers import delete_abandoned
from shared.local.marks import Mark, is_alive, mark_of, own_mark, stop_all
from shared.local.place import choose_place, make_home, remove, server_account
from shared.local.postgres import Postgres
from shared.local.redis import Redis
from shared.local.state import Running, State, locked, read_state, write_state

#: A crashed PostgreSQL with 2 GB of WAL to replay needs about half of this on a laptop.
_READY_SECONDS = 60.0
_LOOK_AGAIN_SECONDS = 0.01
#: Between choosing a free port and listening on it another program may take it; twice in a row is no accident.
_PORT_ATTEMPTS = 3

ALL_SERVERS = (Postgres, Redis)


class _Server(Protocol):
    """What a server must tell about itself."""

    @property
    def name(self) -> str: ...
    @property
    def stop_ladder(self) -> tuple[tuple[Signals, float], ...]: ...
    @property
    def when_starter_dies(self) -> Signals: ...
    @property
    def stdin(self) -> str: ...
    def url(self, port: int) -> str: ...
    def command(self, port: int) -> list[str | Path]: ...
    def is_ready(self, port: int) -> bool: ...
    def orphan(self) -> Mark | None: ...


class LocalStack:
    """PostgreSQL and Redis of a home folder.

    Start it in the main thread of a process that outlives its use: on Linux the servers end with that thread. With
    `fsync=False` data are fleeting: fast, and deleted with the stop.
    """

    def __init__(self, home: Path, *, fsync: bool = True, servers: tuple[str, ...] = ("postgres", "redis")) -> None:
        self.home = home.expanduser().resolve()
        self._lasting = fsync
        self._wanted = servers
        self._state = State()
        self._mine: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def database_url(self) -> str:
        """Where PostgreSQL listens, with the password."""
        return self._running("postgres").url

    @property
    def redis_url(self) -> str:
        """Where Redis listens, with the password."""
        return self._running("redis").url

    @property
    def owned(self) -> bool:
        """Whether this object started any server, and so will stop it."""
        return bool(self._mine)

    def start(self) -> Self:
        """Start what does not run yet; servers of a living owner are shared, those of a dead one are replaced."""
        make_home(self.home)
        try:
            with locked(self.home):
                self._state = self._with_place(read_state(self.home))
                for name in self._wanted:
                    self._ensure(self._server(name))
        except OSError as error:
            self.stop()
            message = f"the local servers could not be started in {self.home}: {launch.why(str(error), self.home)}"
            raise UnavailableError(message) from error
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop what this object started; returns when it has ended."""
        if not self._mine:
            return
        with locked(self.home):
            self._state = read_state(self.home)
            for name in list(self._mine):
                self._stop_one(self._server(name))
            if not self._lasting and not self._state.servers:
                self._forget_data()

    def revive(self) -> list[str]:
        """Start those of our servers again that have died, on the same port, and return their names."""
        died = [name for name, process in self._mine.items() if process.poll() is not None]
        if died:
            with locked(self.home):
                self._state = read_state(self.home)
                for name in died:
                    self._ensure(self._server(name))
        return died

    def _running(self, name: str) -> Running:
        if name not in self._state.servers:
            message = f"the local {name} is asked for before it was started"
            raise InternalError(message)
        return self._state.servers[name]

    def _with_place(self, state: State) -> State:
        if state.place is not None and state.place.is_dir():
            return state
        if not self._lasting:
            delete_abandoned()
        place = choose_place(self.home, server_account(), lasting=self._lasting)
        state = replace(state, place=place)
        write_state(self.home, state)
        return state

    def _server(self, name: str) -> _Server:
        if self._state.place is None:
            message = "the local servers have no place yet"
            raise InternalError(message)
        kind = next(kind for kind in ALL_SERVERS if kind.name == name)
        return kind(self._state.place, server_account(), _password(self.home), self._lasting)

    def _ensure(self, server: _Server) -> None:
        running = self._state.servers.get(server.name)
        if running and is_alive(running.mark) and is_alive(running.owner):
            self._wait(server, running, None)
            return
        leftovers = [mark for mark in (running.mark if running else None, server.orphan()) if mark and is_alive(mark)]
        if stop_all(leftovers, server.stop_ladder):
            message = (
                f"a {server.name} of an earlier run (pid {leftovers[0].pid}) does not stop: end it and start again"
            )
            raise UnavailableError(message)
        self._launch(server)

    def _launch(self, server: _Server) -> None:
        log = self.home / "logs" / f"{server.name}.log"
        log.parent.mkdir(exist_ok=True, mode=0o700)
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            port = launch.free_port(self._state.ports.get(server.name))
            command = server.command(port)
            since = log.stat().st_size if log.exists() else 0
            process = launch.spawn(
                command, server_account(), when_we_die=server.when_starter_dies, log=log, stdin=server.stdin
            )
            self._mine[server.name] = process
            mark = mark_of(process.pid)
            if mark is not None:
                running = Running(server.name, mark, own_mark(), port, server.url(port))
                self._state = self._state.with_server(running)
                write_state(self.home, self._state)
                if self._wait(server, running, process):
                    return
            last_words = launch.tail(log, since)
            if "Address already in use" not in last_words or attempt == _PORT_ATTEMPTS:
                message = f"the local {server.name} did not start: {launch.why(last_words, self._folder)} (log: {log})"
                raise UnavailableError(message)

    def _wait(self, server: _Server, running: Running, process: subprocess.Popen[bytes] | None) -> bool:
        """Wait until the server answers; False if its process ended instead."""
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if server.is_ready(running.port):
                return True
            if process.poll() is not None if process else not is_alive(running.mark):
                return False
            time.sleep(_LOOK_AGAIN_SECONDS)
        message = f"the local {server.name} (pid {running.mark.pid}) runs but does not answer: see {self.home / 'logs'}"
        raise UnavailableError(message)

    def _stop_one(self, server: _Server) -> None:
        process = self._mine.pop(server.name)
        mark = mark_of(process.pid)
        if mark is not None:
            stop_all([mark], server.stop_ladder)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        self._state = self._state.without_server(server.name)
        write_state(self.home, self._state)

    @property
    def _folder(self) -> Path:
        return self._state.place or self.home

    def _forget_data(self) -> None:
        """Delete what was fleeting, also outside the home."""
        folder = self._folder
        remove([folder / "postgres", folder / "redis", folder / "programs"])
        if folder != self.home:
            remove([folder])


def _password(home: Path) -> str:
    """Return the servers' password; made once, in a file that is ours alone."""
    path = home / "secret"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16), encoding="ascii")
    return path.read_text(encoding="ascii").strip()

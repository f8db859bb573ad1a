"""What the home folder remembers of its servers: where their data are, who runs them, on which port."""

import contextlib
import fcntl
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from shared.errors import UnavailableError
from shared.local.marks import Mark

_FILE = "stack.json"


@dataclass(frozen=True, slots=True)
class Running:
    """A server that was started: its process, who answers for it, and where it listens."""

    name: str
    mark: Mark
    owner: Mark
    port: int
    url: str


@dataclass(frozen=True, slots=True)
class State:
    """All that is remembered; ports stay known after a stop, so that addresses do not change needlessly."""

    place: Path | None = None
    servers: dict[str, Running] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    def with_server(self, running: Running) -> "State":
        """Return the state with one server more."""
        return replace(
            self,
            servers={**self.servers, running.name: running},
            ports={**self.ports, running.name: running.port},
        )

    def without_server(self, name: str) -> "State":
        """Return the state with one server less."""
        return replace(self, servers={other: running for other, running in self.servers.items() if other != name})


def read_state(home: Path) -> State:
    """Return what the home folder remembers; nothing if it is new."""
    path = home / _FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return _decode(document)
    except FileNotFoundError:
        return State()
    except PermissionError as error:
        message = f"{home} belongs to another user: set BATON_HOME to a folder of your own"
        raise UnavailableError(message) from error
    except (ValueError, KeyError, TypeError) as error:
        message = f"{path} is damaged: stop servers that still run and delete this one file; the data stay as they are"
        raise UnavailableError(message) from error


def write_state(home: Path, state: State) -> None:
    """Remember the state; a crash in the midst leaves the former one. It holds passwords, so it is ours alone."""
    path = home / _FILE
    unfinished = path.with_suffix(".new")
    document = {**asdict(state), "place": None if state.place is None else str(state.place)}
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(document, indent=2), encoding="utf-8")
    unfinished.replace(path)


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold the only right to start or stop servers of this home; it ends with the process that holds it."""
    with (home / "stack.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _decode(document: dict[str, Any]) -> State:
    return State(
        place=None if document["place"] is None else Path(document["place"]),
        servers={name: _decode_server(server) for name, server in document["servers"].items()},
        ports=document["ports"],
    )


def _decode_server(server: dict[str, Any]) -> Running:
    return Running(**{**server, "mark": Mark(**server["mark"]), "owner": Mark(**server["owner"])})

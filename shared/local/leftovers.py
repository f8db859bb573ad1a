"""What a crash left behind: servers without an owner, and data of tests that nobody will ask for again."""

import fcntl
import os
from pathlib import Path

from shared.errors import UnavailableError
from shared.local.marks import is_alive, stop_all
from shared.local.place import FLEETING_MARK, PREFIX, fleeting_parents, remove
from shared.local.postgres import Postgres
from shared.local.redis import Redis
from shared.local.state import locked, read_state, write_state


def stop_leftovers(home: Path) -> list[str]:
    """Stop every server that the home remembers, whoever started it, and return the names of those that ran."""
    if not (home / "stack.json").exists():
        return []
    ladders = {kind.name: kind.stop_ladder for kind in (Postgres, Redis)}
    with locked(home):
        state = read_state(home)
        found = [name for name, running in state.servers.items() if is_alive(running.mark)]
        for name, running in list(state.servers.items()):
            if stop_all([running.mark], ladders[name]):
                message = f"the local {name} (pid {running.mark.pid}) does not stop: end it, then try again"
                raise UnavailableError(message)
            state = state.without_server(name)
        write_state(home, state)
    return found


def delete_abandoned() -> list[Path]:
    """Delete fleeting data outside a home whose servers are gone, and return the folders."""
    found = [
        mark.parent
        for parent in fleeting_parents()
        for mark in parent.glob(f"{PREFIX}*/{FLEETING_MARK}")
        if mark.stat().st_uid == os.getuid() and _is_abandoned(mark)
    ]
    remove(found)
    return found


def _is_abandoned(mark: Path) -> bool:
    home = Path(mark.read_text(encoding="utf-8"))
    try:
        with (home / "stack.lock").open() as file:
            # Whoever holds it is starting or stopping servers there right now.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return not any(is_alive(running.mark) for running in read_state(home).servers.values())
    except FileNotFoundError:
        return True
    except (BlockingIOError, UnavailableError):
        return False

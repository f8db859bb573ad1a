"""The whole system on one machine, as a block of code: servers, schema, processes; all gone when the block ends."""

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.db.migrate import upgrade
from shared.errors import RefusedError
from shared.local.place import make_home
from shared.local.servers import Servers, ensure_servers
from shared.settings import Settings
from workers.processes.report import Report
from workers.processes.supervisor import Supervisor
from workers.processes.table import ProcessSpec, process_table


@dataclass(frozen=True, slots=True)
class System:
    """A system that runs; `settings` carry the addresses of its servers."""

    settings: Settings
    home: Path
    servers: Servers
    supervisor: Supervisor

    def report(self) -> Report:
        """Return what is known of every process."""
        return self.supervisor.report()

    def revive_servers(self) -> list[str]:
        """Start local servers again that have died, and return their names; call it now and then."""
        return [] if self.servers.stack is None else self.servers.stack.revive()


@contextmanager
def running_system(
    settings: Settings,
    specs: Sequence[ProcessSpec] | None = None,
    *,
    before: Callable[[Settings], None] = lambda _settings: None,
    tell: Callable[[str], None] = lambda _text: None,
) -> Iterator[System]:
    """Start everything and give it when all is ready; stop everything when the block ends.

    `before` runs when the schema stands and no process does yet; `tell` hears what is being done. Use the main thread.
    """
    home = settings.home.expanduser().resolve()
    make_home(home)
    with ExitStack() as stack:
        stack.enter_context(_only_one(home))
        tell("starting PostgreSQL and Redis")
        servers = stack.enter_context(ensure_servers(settings))
        update = {"home": home, "database_url": servers.database_url, "redis_url": servers.redis_url}
        complete = settings.model_copy(update=update)
        tell("bringing the schema up to date")
        upgrade(servers.database_url)
        before(complete)
        supervisor = Supervisor(process_table(complete) if specs is None else specs, complete, home)
        stack.callback(supervisor.stop)
        tell("starting the workers")
        supervisor.start()
        supervisor.wait_until_ready()
        yield System(complete, home, servers, supervisor)
        tell("stopping")


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    with (home / "system.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"the system of {home} runs already: look at it with `baton status`, end it with `baton down`"
            raise RefusedError(message) from None
        yield

"""A PostgreSQL server on loopback: how its data are made, how it is started, asked and stopped."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

import psycopg

from shared.errors import UnavailableError
from shared.local.launch import run_once, why
from shared.local.marks import Mark, command_of, mark_of
from shared.local.place import Account, give, make_private, remove
from shared.local.programs import find_postgres, within_reach

NAME = "postgres"
USER = DATABASE = "baton"

#: Fast shutdown, then immediate (recovers at the next start), then force.
STOP_LADDER = ((Signals.SIGINT, 20.0), (Signals.SIGQUIT, 5.0), (Signals.SIGKILL, 5.0))
#: Fast shutdown as well when the process that started it is gone.
WHEN_STARTER_DIES = Signals.SIGINT

#: For two cores and a few GB. Segments of WAL are recycled instead of checkpointed often, which would write full pages
#: again; compiling a plan costs more than our statements take; SSDs make a random page nearly as cheap as the next one.
_TUNING = {
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "max_wal_size": "2GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
_LASTING = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
#: Fit for data that nobody misses after a crash.
_FLEETING = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Postgres:
    """One server: its folders, its account and its password."""

    place: Path
    account: Account | None
    password: str
    lasting: bool

    name = NAME
    stop_ladder = STOP_LADDER
    when_starter_dies = WHEN_STARTER_DIES
    stdin = ""

    @property
    def data(self) -> Path:
        """The folder of the server's data."""
        return self.place / NAME

    def url(self, port: int) -> str:
        """Return where clients reach it."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{port}/{DATABASE}"

    def command(self, port: int) -> list[str | Path]:
        """Return the command that runs it; makes the data first if there are none."""
        programs = find_postgres()
        folder = within_reach(programs.needs, programs.folder, self.account, self.place / "programs")
        if not self.data.exists():
            self._make_data(folder, programs.version)
        self._check_version(programs.version)
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "",
            **_TUNING,
            **(_LASTING if self.lasting else _FLEETING),
        }
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [folder / "postgres", "-D", self.data, *flags]

    def is_ready(self, port: int) -> bool:
        """Tell whether it answers; a server that is still recovering does not."""
        try:
            with psycopg.connect(self._maintenance_url(port), connect_timeout=2, autocommit=True) as connection:
                found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
                if found is None:
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                message = f"the password in the home folder is not that of the data in {self.data}: restore it"
                raise UnavailableError(message) from error
            return False
        return True

    def orphan(self) -> Mark | None:
        """Return a server that runs on our data although nobody recorded it.

        A lock file whose number now belongs to another program is removed, for the server would refuse to start; one
        whose number is free is left, for the server then looks whether processes of before still use its memory.
        """
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        mark = mark_of(pid)
        if mark is None or str(self.data) in command_of(pid):
            return mark
        with contextlib.suppress(FileNotFoundError):
            lock.unlink()
        return None

    def _maintenance_url(self, port: int) -> str:
        return self.url(port).rpartition("/")[0] + "/postgres"

    def _make_data(self, folder: Path, version: tuple[int, int]) -> None:
        """Make the data beside their place and move them there, so that an interrupted start leaves nothing half."""
        unfinished = self.place / f"{NAME}.new"
        password_file = self.place / f"{NAME}.password"
        remove([unfinished])
        make_private(unfinished, self.account)
        password_file.unlink(missing_ok=True)
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        give(password_file, self.account)
        try:
            self._initdb(folder, version, unfinished, password_file)
        finally:
            password_file.unlink()
        unfinished.rename(self.data)

    def _initdb(self, folder: Path, version: tuple[int, int], data: Path, password_file: Path) -> None:
        # The built-in locale sorts the same on every machine; before 17 only C does.
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if version >= (17, 0) else []
        flags = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", *builtin, "--no-instructions"]
        files = [f"--pgdata={data}", f"--pwfile={password_file}", f"--username={USER}"]
        sync = [] if self.lasting else ["--no-sync"]
        done = run_once([folder / "initdb", *files, *flags, *sync], self.account)
        if done.returncode != 0:
            message = f"PostgreSQL's data could not be made in {data}: {why(done.stdout + done.stderr, self.place)}"
            raise UnavailableError(message)

    def _check_version(self, version: tuple[int, int]) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != str(version[0]):
            message = (
                f"the data in {self.data} were made by PostgreSQL {made_by}, and the one found here is {version[0]}: "
                f"bring {made_by} back, or move the folder away to start anew"
            )
            raise UnavailableError(message)

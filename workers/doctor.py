"""`baton doctor`: looks at everything that Baton needs, and says what is wrong with the mend.

A check is a function from `Patient` to `Finding`; add it to `CHECKS`. One that raises a `BatonError` has found that
sentence. When the first check of a group finds something wrong, the rest of the group is not asked.
"""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Literal

import click
import psycopg

from shared.bus.queues import TaskQueue
from shared.console import json_option, print_json, print_table, say
from shared.db.engine import open_engine
from shared.db.migrate import current, head, is_newer
from shared.db.standing import look_at_policy
from shared.errors import BatonError, SettingsError, UnavailableError
from shared.local.marks import is_alive
from shared.local.programs import find_postgres, find_redis
from shared.local.servers import check_postgres, check_redis
from shared.local.state import State, read_state
from shared.redis_client import open_redis
from shared.settings import Settings, describe, load_settings

#: What our SQL and Celery's transport need.
_OLDEST_POSTGRES = 16
_OLDEST_REDIS = (6, 2)
#: Deadlines are kept by the database's clock; a screen that is further off than this shows wrong times left.
_SKEW_SECONDS = 2.0
#: PostgreSQL recycles 2 GB of WAL; below this a busy day fills the disk.
_FREE_BYTES = 4_000_000_000

Severity = Literal["well", "hint", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: `hint` is something to know, `wrong` something to mend."""

    severity: Severity
    text: str
    mend: str = ""


class Patient:
    """What is examined; servers are found, never started."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.home = settings.home.expanduser().resolve()

    @cached_property
    def database_url(self) -> str:
        """Where PostgreSQL listens."""
        return self.settings.database_url or self._local("postgres")

    @cached_property
    def redis_url(self) -> str:
        """Where Redis listens."""
        return self.settings.redis_url or self._local("redis")

    def ask_database(self, sql: str) -> object:
        """Return the first column of the first row, None without one."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            row = connection.execute(sql.encode()).fetchone()
            return None if row is None else row[0]

    def _local(self, name: str) -> str:
        state = State() if not self.home.exists() else read_state(self.home)
        running = state.servers.get(name)
        if running is None or not is_alive(running.mark):
            message = f"the local {name} does not run: start it with `baton up`"
            raise UnavailableError(message)
        return running.url


Check = Callable[[Patient], Finding]


def home_has_room(patient: Patient) -> Finding:
    """The disk of the home folder has room for a busy day; without local servers the home is not used."""
    if patient.settings.database_url and patient.settings.redis_url:
        return Finding("well", "not used: both servers are given")
    nearest = next(folder for folder in (patient.home, *patient.home.parents) if folder.exists())
    free = shutil.disk_usage(nearest).free
    text = f"{patient.home}, {free / 1e9:.0f} GB free"
    if free < _FREE_BYTES:
        return Finding("hint", text, f"make room: {_FREE_BYTES / 1e9:.0f} GB are wanted, or set BATON_HOME elsewhere")
    return Finding("well", text)


def programs_are_there(patient: Patient) -> Finding:
    """The programs of local servers can be found, as far as they are needed."""
    found = []
    if not patient.settings.database_url:
        programs = find_postgres()
        found.append(f"PostgreSQL {programs.version[0]}.{programs.version[1]} in {programs.folder}")
    if not patient.settings.redis_url:
        found.append(f"Redis in {find_redis()}")
    return Finding("well", "; ".join(found) or "not needed: both servers are given")


def postgres_answers(patient: Patient) -> Finding:
    """PostgreSQL answers and is new enough."""
    version = check_postgres(patient.database_url)
    if int(version.partition(".")[0]) < _OLDEST_POSTGRES:
        return Finding("wrong", f"version {version}", f"upgrade the server to {_OLDEST_POSTGRES} or newer")
    return Finding("well", f"version {version}")


def clocks_agree(patient: Patient) -> Finding:
    """The clocks of this machine and of the database tell the same time."""
    there = patient.ask_database("SELECT clock_timestamp()")
    skew = abs((datetime.now(UTC) - there).total_seconds()) if isinstance(there, datetime) else 0.0
    if skew > _SKEW_SECONDS:
        return Finding("hint", f"{skew:.0f} s between here and the database", "let NTP set the clocks of both machines")
    return Finding("well", f"{skew:.1f} s between here and the database")


def schema_is_current(patient: Patient) -> Finding:
    """The schema is the one of this release."""
    engine = open_engine(patient.database_url)
    try:
        found, wanted = current(engine), head()
    finally:
        engine.dispose()
    if is_newer(found):
        mend = "upgrade this process too; until then it works"
        return Finding("hint", f"at {found}, of a newer release than this one ({wanted})", mend)
    if found != wanted:
        return Finding("wrong", f"at {found or 'nothing'}, this release needs {wanted}", "run `baton migrate`")
    return Finding("well", f"at {found}")


def policy_is_active(patient: Patient) -> Finding:
    """A routing policy is in force; what is planned is told as well."""
    if patient.ask_database("SELECT to_regclass('policy_activation')") is None:
        return Finding("wrong", "there is no table for it yet", "run `baton migrate`")
    standing = look_at_policy(patient.database_url)
    if standing is None:
        raise UnavailableError("the database does not say: run `baton doctor` again")
    if standing.version is None:
        return Finding("hint", standing.words, "run `baton policy activate FILE`")
    if standing.review_is_due:
        return Finding("hint", standing.words, "look it through, then run `baton policy review`")
    return Finding("well", standing.words)


def redis_answers(patient: Patient) -> Finding:
    """Redis answers, is new enough, and never throws a message away."""
    version = check_redis(patient.redis_url)
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST_REDIS:
        return Finding("wrong", f"version {version}", "upgrade the server to 6.2 or newer")
    with open_redis(patient.redis_url) as client:
        policy = client.info("memory").get("maxmemory_policy", "noeviction")
        keeps = client.info("persistence").get("aof_enabled", 1)
    if policy != "noeviction":
        mend = "set maxmemory-policy to noeviction: under any other Redis drops queues when memory runs out"
        return Finding("wrong", f"version {version}, maxmemory-policy {policy}", mend)
    if not keeps:
        mend = "set appendonly to yes: events that nobody has captured yet are lost when it restarts"
        return Finding("hint", f"version {version}, nothing is kept on disk", mend)
    return Finding("well", f"version {version}")


def queues_move(patient: Patient) -> Finding:
    """How much waits in the queues and in the stream."""
    with open_redis(patient.redis_url) as client:
        waiting = {queue.value: client.llen(queue.value) for queue in TaskQueue}
        stream = client.xlen(patient.settings.stream_key)
    full = [f"{name} {length}" for name, length in waiting.items() if length]
    return Finding("well", f"messages waiting: {', '.join(full) or 'none'}; events in the stream: {stream}")


CHECKS: tuple[dict[str, Check], ...] = (
    {"home": home_has_room},
    {"programs": programs_are_there},
    {"postgresql": postgres_answers, "clocks": clocks_agree, "schema": schema_is_current, "policy": policy_is_active},
    {"redis": redis_answers, "queues": queues_move},
)


def examine(settings: Settings, groups: Iterable[dict[str, Check]] = CHECKS) -> dict[str, Finding]:
    """Run the checks and return what each has found, by its name."""
    patient = Patient(settings)
    findings: dict[str, Finding] = {}
    for group in groups:
        for name, check in group.items():
            findings[name] = _run(check, patient)
            if name == next(iter(group)) and findings[name].severity == "wrong":
                break
    return findings


def _run(check: Check, patient: Patient) -> Finding:
    try:
        return check(patient)
    except BatonError as error:
        text, _, mend = str(error).partition(": ") if "; " not in str(error) else str(error).partition("; ")
        return Finding("wrong", text, mend)


@click.command()
@json_option
def doctor(*, as_json: bool) -> int:
    """Check settings, servers, schema, queues and policy; say what is wrong, and the mend."""
    try:
        settings = load_settings()
        findings = {"settings": Finding("well", "understood"), **examine(settings)}
    except SettingsError as error:
        settings, findings = None, {"settings": Finding("wrong", str(error), ".env.example lists what there is")}
    is_well = all(finding.severity != "wrong" for finding in findings.values())
    if as_json:
        print_json({"well": is_well, "findings": findings, "settings": describe(settings)})
    else:
        _show(settings, findings)
    return 0 if is_well else 1


def _show(settings: Settings | None, findings: dict[str, Finding]) -> None:
    rows = [(name, finding.severity, finding.text, finding.mend) for name, finding in findings.items()]
    print_table(["check", "state", "found", "mend"], rows)
    changed = [] if settings is None else [one for one in describe(settings) if one not in describe(Settings())]
    if changed:
        print_table(["setting", "value", "default"], [(one.name, one.value, one.default) for one in changed])
    wrong = [name for name, finding in findings.items() if finding.severity == "wrong"]
    say(f"Wrong: {', '.join(wrong)}." if wrong else "All is well.")


commands: list[click.Command] = [doctor]

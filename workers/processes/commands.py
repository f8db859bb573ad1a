"""Commands that start, stop and show the processes of the system."""

import importlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import click
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from shared import log, tracing
from shared.bus.assembly import open_context
from shared.bus.queues import ROOMS
from shared.console import json_option, note, print_json, print_table, say, with_settings
from shared.db.migrate import upgrade
from shared.db.standing import look_at_policy
from shared.errors import UnavailableError
from shared.health import serve
from shared.local.leftovers import stop_leftovers
from shared.local.marks import is_alive, mark_of, stop_all
from shared.local.place import make_home
from shared.local.servers import ensure_servers
from shared.settings import Settings, load_settings, mask_url
from workers.processes.build import show_build
from workers.processes.report import Report, answers_ready, forget_report, read_report
from workers.processes.supervisor import STOP_LADDER, stop_processes
from workers.processes.system import running_system
from workers.processes.table import baton_command, celery_command

#: Processes other than Celery workers: their command, and the module whose `run(context)` is their life.
ENTRIES = {
    "intake": "workers.intake.stream_loop",
    "keeper": "workers.escalation.keeper",
    "exporter": "workers.audit.exporter",
}
#: How often a foreground system looks after its servers.
_LOOK_SECONDS = 0.5


@click.command()
@click.option("--detach", is_flag=True, help="Return when everything is ready, and leave it running.")
@with_settings
def up(settings: Settings, *, detach: bool) -> None:
    """Start servers, migrations, workers, intake, keeper and exporter."""
    home = settings.home.expanduser().resolve()
    running = read_report(home)
    if running is not None and is_alive(running.watcher):
        note("It runs already.")
        _show(running)
    elif detach:
        _show(_start_detached(home))
    else:
        _run_until_signal(settings)


@click.command()
@with_settings
def down(settings: Settings) -> None:
    """Stop the local system, also what a crash of it left behind."""
    home = settings.home.expanduser().resolve()
    report = read_report(home)
    stopped: list[str] = []
    if report is not None:
        # Its watcher stops all the rest; what remains is only there if the watcher was killed.
        if is_alive(report.watcher):
            stop_all([report.watcher], ((signal.Signals.SIGTERM, STOP_LADDER[0][1] + 30.0), STOP_LADDER[1]))
            stopped.append("the system")
        left = [process for process in report.processes if is_alive(process.mark)]
        stop_processes(process.mark for process in left)
        stopped += [process.name for process in left]
        forget_report(home)
    stopped += stop_leftovers(home)
    say(f"Stopped {', '.join(stopped)}." if stopped else "Nothing was running.")


@click.command()
@json_option
@with_settings
def status(settings: Settings, *, as_json: bool) -> int:
    """Show the local system; exit 1 unless every process is ready."""
    report = read_report(settings.home.expanduser().resolve())
    is_ready = report is not None and is_alive(report.watcher) and _all_answer(report)
    policy = None if report is None else look_at_policy(report.database_url)
    if as_json:
        print_json({**_as_document(report, is_ready=is_ready), "policy": policy})
    elif report is None:
        say("Nothing is running: start it with `baton up`.")
    else:
        _show(report)
        say(f"Policy      {policy.words if policy else 'unknown: the database does not answer'}")
    return 0 if is_ready else 1


@click.command()
@with_settings
def migrate(settings: Settings) -> None:
    """Bring the database to the schema of this release."""
    with ensure_servers(settings, with_redis=False) as servers:
        say(f"The schema is at {upgrade(servers.database_url)}.")


@click.command()
@click.argument("room", type=click.Choice(sorted(ROOMS)))
@click.option("--concurrency", type=click.IntRange(1), help="Child processes; default BATON_WORKER_CONCURRENCY.")
def worker(room: str, concurrency: int | None) -> None:
    """Run the Celery worker of a room."""
    settings = load_settings()
    command = celery_command(room, concurrency or settings.worker_concurrency)
    # A new program, because the folder of the metrics must be known before the first import of prometheus_client.
    env = {"PROMETHEUS_MULTIPROC_DIR": tempfile.mkdtemp(prefix="baton-metrics-"), **os.environ}
    os.execve(command[0], [*command, "--loglevel", settings.log_level], env)  # noqa: S606  no shell


def _entry_command(name: str, module: str) -> click.Command:
    help_texts = {
        "intake": "Read the stream of events until it is told to stop.",
        "keeper": "Keep the clocks: fire what is due, hand on what stands too long.",
        "exporter": "Serve the gauges of queues, leads and laws.",
    }

    def run() -> None:
        settings = load_settings()
        log.configure(settings, name)
        show_build(name)
        tracing.begin(name)
        with ExitStack() as stack:
            stack.callback(tracing.end)
            context = stack.enter_context(open_context(settings, needs_redis=name != "keeper"))
            if settings.metrics_port:
                ready = partial(_database_trouble, context.engine)
                stack.enter_context(serve(settings.metrics_port, host=settings.metrics_host, ready=ready))
            importlib.import_module(module).run(context)

    return click.Command(name, callback=run, help=help_texts[name])


def _database_trouble(engine: Engine) -> str | None:
    """Say why the database does not answer, None when it does."""
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    except SQLAlchemyError as error:
        return type(error).__name__
    return None


def _run_until_signal(settings: Settings) -> None:
    # As Ctrl-C does: leave the block from wherever we are, which stops everything in order.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    log.configure(settings, "supervisor")
    with running_system(settings, tell=note) as system:
        _show(system.report())
        note("Ctrl-C stops it.")
        while True:
            system.revive_servers()
            time.sleep(_LOOK_SECONDS)


def _start_detached(home: Path) -> Report:
    """Start a watcher that outlives us, and return its report when it is ready."""
    make_home(home)
    output = home / "logs" / "supervisor.log"
    output.parent.mkdir(exist_ok=True, mode=0o700)
    with output.open("wb") as file:
        process = subprocess.Popen(
            baton_command("up"),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    mark = mark_of(process.pid)
    while process.poll() is None:
        report = read_report(home)
        if report is not None and report.watcher == mark and report.is_ready:
            process.returncode = 0  # it lives on without us, and nobody will wait for it
            return report
        time.sleep(_LOOK_SECONDS / 5)
    lines = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    message = lines[-1].removeprefix("Error: ") if lines else f"the system did not start (log: {output})"
    raise UnavailableError(message)


def _all_answer(report: Report) -> bool:
    return all(is_alive(process.mark) and answers_ready(process.mark, process.port) for process in report.processes)


def _as_document(report: Report | None, *, is_ready: bool) -> dict[str, object]:
    if report is None:
        return {"ready": False, "database_url": None, "redis_url": None, "metrics_urls": {}, "processes": []}
    processes = [
        {
            "name": process.name,
            "pid": process.mark.pid if process.mark else None,
            "state": process.state,
            "restarts": process.restarts,
        }
        for process in report.processes
    ]
    return {
        "ready": is_ready,
        "database_url": report.database_url,
        "redis_url": report.redis_url,
        "metrics_urls": {process.name: process.url for process in report.processes},
        "processes": processes,
    }


def _show(report: Report) -> None:
    rows = [
        (process.name, process.mark.pid if process.mark else None, process.state, process.restarts, process.url)
        for process in report.processes
    ]
    print_table(["process", "pid", "state", "restarts", "metrics"], rows)
    say(f"PostgreSQL  {_for_eyes(report.database_url)}")
    say(f"Redis       {_for_eyes(report.redis_url)}")


def _for_eyes(url: str) -> str:
    """The password of a local server is of use to who reads it; any other must not stand on a screen."""
    return url if urlsplit(url).hostname == "127.0.0.1" else mask_url(url)


commands: list[click.Command] = [
    up,
    down,
    status,
    migrate,
    worker,
    *[_entry_command(name, module) for name, module in ENTRIES.items()],
]

"""Watches the processes of one machine: starts them, asks whether they are ready, starts again what has died."""

import contextlib
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

import structlog

from shared.errors import UnavailableError
from shared.local.launch import free_port, spawn_child, tail
from shared.local.marks import Mark, is_alive, mark_of, own_mark, stop_all
from shared.settings import Settings
from workers.processes.report import ProcessReport, Report, State, answers_ready, forget_report, write_report
from workers.processes.table import ProcessSpec, child_environment

logger = structlog.get_logger()

#: How often the watcher looks: a death is noticed before a person would notice it.
_TICK_SECONDS = 0.2
#: The pause before a restart doubles from the first to the last; whoever ran longer than the last starts afresh.
_FIRST_PAUSE_SECONDS = 0.5
_LAST_PAUSE_SECONDS = 30.0
#: A process that dies so often before it was ever ready will not come up by trying again.
_HOPELESS_DEATHS = 3
#: A dozen Pythons on two cores, each importing what it needs, take about a quarter of this.
_READY_SECONDS = 90.0
#: Ports that are tried from the one that is set on, before any other will do.
_PORT_RANGE = 100
#: A worker ends its batch first; a batch takes a second, and a stop has been seen to stall for 32.
STOP_LADDER = ((Signals.SIGTERM, 45.0), (Signals.SIGKILL, 5.0))


@dataclass(slots=True)
class _Child:
    """A process and its history."""

    spec: ProcessSpec
    port: int
    log: Path
    process: subprocess.Popen[bytes]
    mark: Mark | None
    started_at: float
    log_start: int
    restarts: int = 0
    pause: float = _FIRST_PAUSE_SECONDS
    start_again_at: float = 0.0
    was_ready: bool = False
    state: State = "starting"


class Supervisor:
    """The processes of one home; start and stop it in the main thread."""

    def __init__(self, specs: Sequence[ProcessSpec], settings: Settings, home: Path) -> None:
        self._specs = specs
        self._settings = settings
        self._home = home
        self._children: dict[str, _Child] = {}
        self._stopping = threading.Event()
        self._resting = threading.Event()
        self._gone = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start all processes and watch them from a thread; returns at once."""
        (self._home / "logs").mkdir(exist_ok=True, mode=0o700)
        port = self._settings.metrics_port
        for spec in self._specs:
            port = free_port(port, range_of=_PORT_RANGE)
            self._children[spec.name] = self._spawn(spec, port)
            port = port + 1 if self._settings.metrics_port else 0
        self._tell()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()

    def wait_until_ready(self) -> None:
        """Return when every process is ready; raise UnavailableError with its last words for one that cannot be."""
        deadline = time.monotonic() + _READY_SECONDS
        while not self.report().is_ready:
            late = time.monotonic() > deadline
            for child in self._children.values():
                if not child.was_ready and (child.restarts >= _HOPELESS_DEATHS or late):
                    raise UnavailableError(_last_words(child))
            time.sleep(_TICK_SECONDS / 4)

    def report(self) -> Report:
        """Return what is known of every process."""
        processes = tuple(
            ProcessReport(child.spec.name, child.state, child.restarts, child.port, str(child.log), child.mark)
            for child in self._children.values()
        )
        return Report(own_mark(), self._settings.database_url or "", self._settings.redis_url or "", processes)

    def stop(self) -> None:
        """Let every process end its work, then end it; returns when all are gone."""
        self._stopping.set()
        if self._thread is not None:
            self._resting.wait()
        stop_processes(child.mark for child in self._children.values())
        for child in self._children.values():
            child.process.wait()
        if self._thread is not None:
            self._gone.set()
            self._thread.join()
        forget_report(self._home)

    def _watch(self) -> None:
        """Look after the processes until the stop; those that it started end with this thread, so it waits for them."""
        while not self._stopping.wait(_TICK_SECONDS):
            changed = [self._look_after(child) for child in self._children.values()]
            if any(changed):
                self._tell()
        self._resting.set()
        self._gone.wait()

    def _look_after(self, child: _Child) -> bool:
        """Bring one process a step on, and tell whether anything changed."""
        now = time.monotonic()
        before = child.state
        if child.state == "waiting":
            if now >= child.start_again_at:
                self._restart(child)
        elif child.process.poll() is not None:
            self._bury(child, now)
        elif child.state == "starting" and answers_ready(child.mark, child.port):
            child.state, child.was_ready = "ready", True
        return child.state != before

    def _bury(self, child: _Child, now: float) -> None:
        if now - child.started_at > _LAST_PAUSE_SECONDS:
            child.pause = _FIRST_PAUSE_SECONDS
        logger.warning("process_died", name=child.spec.name, code=child.process.returncode, pause=child.pause)
        with contextlib.suppress(ProcessLookupError):
            # A worker that was killed leaves its pool behind.
            os.killpg(child.process.pid, Signals.SIGKILL)
        child.state, child.mark, child.start_again_at = "waiting", None, now + child.pause
        child.pause = min(child.pause * 2, _LAST_PAUSE_SECONDS)
        child.restarts += 1

    def _restart(self, child: _Child) -> None:
        fresh = self._spawn(child.spec, free_port(child.port))
        child.process, child.mark, child.port = fresh.process, fresh.mark, fresh.port
        child.started_at, child.log_start, child.state = fresh.started_at, fresh.log_start, "starting"

    def _spawn(self, spec: ProcessSpec, port: int) -> _Child:
        log = self._home / "logs" / f"{spec.name}.log"
        since = log.stat().st_size if log.exists() else 0
        env = child_environment(self._settings, port, self._metrics_folder(spec))
        process = spawn_child(spec.command, env, when_we_die=Signals.SIGTERM, log=log)
        return _Child(spec, port, log, process, mark_of(process.pid), time.monotonic(), since)

    def _metrics_folder(self, spec: ProcessSpec) -> Path | None:
        """Make an empty folder for the metrics of a process with children."""
        if not spec.has_children:
            return None
        folder = self._home / "run" / spec.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def _tell(self) -> None:
        write_report(self._home, self.report())


def stop_processes(marks: Iterable[Mark | None]) -> None:
    """Stop processes with all their children: each leads a group of its own."""
    alive = [mark for mark in marks if mark is not None and is_alive(mark)]
    for mark in stop_all(alive, STOP_LADDER[:1]):
        os.killpg(mark.pid, Signals.SIGKILL)
    stop_all(alive, STOP_LADDER[1:])


def _last_words(child: _Child) -> str:
    if child.restarts < _HOPELESS_DEATHS:
        return f"{child.spec.name} is not ready after {_READY_SECONDS:.0f} s (log: {child.log})"
    lines = [line for line in tail(child.log, child.log_start).splitlines() if line.strip()]
    reason = f": {lines[-1].strip()}" if lines else ""
    return f"{child.spec.name} ends as soon as it is started{reason} (log: {child.log})"

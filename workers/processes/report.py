"""What the watcher of the processes tells others, in a file of the home folder."""

import json
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal

from shared.health import PROCESS_HEADER
from shared.local.marks import Mark, is_alive

_FILE = "processes.json"
#: A process on this machine answers a probe within milliseconds unless it is starved.
_PROBE_SECONDS = 1.0

State = Literal["starting", "ready", "waiting", "stopped"]


@dataclass(frozen=True, slots=True)
class ProcessReport:
    """One process: `waiting` is between a death and the next start, `stopped` has nobody who would start it."""

    name: str
    state: State
    restarts: int
    port: int
    log: str
    mark: Mark | None

    @property
    def url(self) -> str:
        """Where it serves its metrics."""
        return f"http://127.0.0.1:{self.port}/metrics"


@dataclass(frozen=True, slots=True)
class Report:
    """The whole system, as its watcher saw it last."""

    watcher: Mark
    database_url: str
    redis_url: str
    processes: tuple[ProcessReport, ...]

    @property
    def is_ready(self) -> bool:
        """Whether every process has said that it is ready."""
        return all(process.state == "ready" for process in self.processes)


def write_report(home: Path, report: Report) -> None:
    """Write the report so that a reader sees the former or the new one; it holds passwords, so it is ours alone."""
    unfinished = home / f"{_FILE}.new"
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(asdict(report), indent=2), encoding="utf-8")
    unfinished.replace(home / _FILE)


def read_report(home: Path) -> Report | None:
    """Return the last report with what is true of it now, or None if there never was a watcher."""
    try:
        document = json.loads((home / _FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    watcher = Mark(**document["watcher"])
    is_watched = is_alive(watcher)
    processes = tuple(_decode(process, is_watched=is_watched) for process in document["processes"])
    return Report(watcher, document["database_url"], document["redis_url"], processes)


def forget_report(home: Path) -> None:
    """Delete the report of a system that was stopped."""
    (home / _FILE).unlink(missing_ok=True)


def answers_ready(mark: Mark | None, port: int) -> bool:
    """Ask a process whether it is ready; the answer of any other on that port does not count."""
    if mark is None:
        return False
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=_PROBE_SECONDS) as answer:
            return bool(answer.status == HTTPStatus.OK) and answer.headers.get(PROCESS_HEADER) == str(mark.pid)
    except (urllib.error.URLError, OSError):
        return False


def _decode(process: dict[str, Any], *, is_watched: bool) -> ProcessReport:
    mark = Mark(**process["mark"]) if process["mark"] else None
    state = process["state"]
    if not is_alive(mark):
        state = "waiting" if is_watched else "stopped"
    return ProcessReport(**{**process, "mark": mark, "state": state})

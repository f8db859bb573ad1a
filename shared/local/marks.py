"""Processes that cannot be mistaken: a number is reused by the system, a number with its birth is not."""

import os
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from signal import Signals

_PROC = Path("/proc")
_HAS_PROC = (_PROC / "self/stat").exists()
#: How often a waiting loop looks again: far below what a person notices, far above what looking costs.
_LOOK_AGAIN_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Mark:
    """A process by its number and its birth; after a reboot no mark of before is alive."""

    pid: int
    born: str


def mark_of(pid: int) -> Mark | None:
    """Return the mark of a running process; None when there is none, or only its unburied entry."""
    born = _born_linux(pid) if _HAS_PROC else _born_elsewhere(pid)
    return None if born is None else Mark(pid, born)


def own_mark() -> Mark:
    """Return the mark of this process."""
    mark = mark_of(os.getpid())
    if mark is None:
        message = "this process cannot see itself: /proc is not mounted"
        raise RuntimeError(message)
    return mark


def is_alive(mark: Mark | None) -> bool:
    """Tell whether exactly this process still runs."""
    return mark is not None and mark_of(mark.pid) == mark


def command_of(pid: int) -> str:
    """Return the command line of a process, empty when it cannot be seen."""
    if _HAS_PROC:
        try:
            return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    return _ps("args", pid)


def stop_all(marks: Iterable[Mark], ladder: Sequence[tuple[Signals, float]]) -> list[Mark]:
    """Send the signals of the ladder one after the other, each with its patience in seconds; return who survived."""
    alive = [mark for mark in marks if is_alive(mark)]
    for signal, patience in ladder:
        for mark in alive:
            _send(mark, signal)
        alive = wait_for_end(alive, patience)
        if not alive:
            break
    return alive


def wait_for_end(marks: Iterable[Mark], patience: float) -> list[Mark]:
    """Wait until all have ended or the patience (seconds) has run out; return who still runs."""
    deadline = time.monotonic() + patience
    alive = list(marks)
    while (alive := [mark for mark in alive if is_alive(mark)]) and time.monotonic() < deadline:
        time.sleep(_LOOK_AGAIN_SECONDS)
    return alive


def _send(mark: Mark, signal: Signals) -> None:
    try:
        os.kill(mark.pid, signal)
    except ProcessLookupError:
        return


def _born_linux(pid: int) -> str | None:
    try:
        stat = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    # The name in brackets may hold anything, so count from its end: state is field 3, the start field 22.
    fields = stat[stat.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else f"{_boot()}:{fields[19]}"


@cache
def _boot() -> str:
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def _born_elsewhere(pid: int) -> str | None:
    return None if _ps("stat", pid).startswith("Z") else _ps("lstart", pid) or None


def _ps(column: str, pid: int) -> str:
    """Ask `ps`, where there is no /proc (macOS)."""
    done = subprocess.run(["ps", "-o", f"{column}=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip()

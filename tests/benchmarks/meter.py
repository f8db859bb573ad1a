"""CPU by process as Linux counts it: what a run cost, whatever else the machine was doing."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
#: Fields of /proc/PID/stat behind the name: parent, own user and system ticks, those of children that have ended.
_PARENT, _USER, _LAST = 1, 11, 15
#: user, nice, system, idle, iowait, irq, softirq, steal.
_IDLE, _IOWAIT, _STEAL = 3, 4, 7


@dataclass(frozen=True, slots=True)
class Usage:
    """What a span took: seconds on the clock, CPU seconds by process, and the cores that others used meanwhile."""

    wall: float
    cpu: Mapping[str, float]
    foreign_cores: float | None

    def per_lead(self, leads: int) -> dict[str, float]:
        """Return microseconds of CPU per lead by process, and their sum."""
        each = {name: round(seconds * 1e6 / leads, 1) for name, seconds in self.cpu.items()}
        return {**each, "total": round(sum(each.values()), 1)} if each else {}


class Meter:
    """Counts the CPU of named processes with all their children; without /proc it counts the clock only."""

    def __init__(self, roots: Mapping[str, int]) -> None:
        self._roots = {**roots, "benchmark": os.getpid()}
        self._is_able = (_PROC / "self" / "stat").exists()
        self._started = time.monotonic()
        self._before, self._busy_before = self._read()

    def stop(self) -> Usage:
        """Return what was used since this object was made."""
        wall = time.monotonic() - self._started
        after, busy = self._read()
        cpu = {name: after[name] - self._before.get(name, 0.0) for name in after}
        foreign = max(0.0, busy - self._busy_before - sum(cpu.values())) / wall if self._is_able else None
        return Usage(wall, cpu, None if foreign is None else round(foreign, 2))

    def _read(self) -> tuple[dict[str, float], float]:
        if not self._is_able:
            return {}, 0.0
        own, parents = _table()
        taken: set[int] = set()
        sums: dict[str, float] = {}
        # The benchmark comes last: what belongs to another name is not counted again as its child.
        for name, root in self._roots.items():
            family = _family(root, parents) - taken
            taken |= family
            sums[name] = sum(own.get(pid, 0.0) for pid in family)
        return sums, _busy()


def resident_mb(pid: int) -> float | None:
    """Return the memory of a process and its children in MB; pages that they share count once."""
    _, parents = _table()
    try:
        shares = [_proportional_kb(one) for one in _family(pid, parents)]
    except OSError:
        return None
    return round(sum(shares) / 1024, 1)


def _proportional_kb(pid: int) -> int:
    lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _table() -> tuple[dict[int, float], dict[int, list[int]]]:
    """Return CPU seconds by process, and the children of each."""
    ticks = os.sysconf("SC_CLK_TCK")
    own: dict[int, float] = {}
    children: dict[int, list[int]] = {}
    for folder in _PROC.glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(folder.name)
        own[pid] = sum(int(field) for field in fields[_USER:_LAST]) / ticks
        children.setdefault(int(fields[_PARENT]), []).append(pid)
    return own, children


def _family(root: int, children: Mapping[int, list[int]]) -> set[int]:
    family, waiting = {root}, [root]
    while waiting:
        more = children.get(waiting.pop(), [])
        family.update(more)
        waiting.extend(more)
    return family


def _busy() -> float:
    """Return the CPU seconds that the machine has been busy for us or for others."""
    fields = [int(field) for field in (_PROC / "stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[_IDLE] - fields[_IOWAIT] - fields[_STEAL]) / os.sysconf("SC_CLK_TCK")

"""What a stranger sees: the demonstration as a program of its own, twice in a row, and nothing is left behind."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


def _demo(home: Path, leads: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workers", "demo", "--leads", str(leads)],
        env={**os.environ, "BATON_HOME": str(home), "BATON_METRICS_PORT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )


def _processes_of(home: Path) -> list[str]:
    """Return the commands of processes that were started for the home, as Linux tells them."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if str(home).encode() in told:
            found.append(folder.name)
    return found


# Two runs of some 15 s on an idle machine, more beside other tests.
@pytest.mark.timeout(400)
def test_the_demonstration_explains_itself_and_leaves_nothing_behind(home: Path) -> None:
    """It ends well with a report and a clean audit; a second run starts with nothing of the first."""
    first = _demo(home, 300)
    second = _demo(home, 40)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr[-2000:] + second.stderr[-2000:]
    for words in (
        "== Where the leads went",
        "open-opportunity",
        "held for a person to look at, because",
        "== Who got them",
        "Ivan Dorsey",
        "departed",
        "from the event to its owner",
        "in quarantine because",
        "$ baton lead show",
        "== What the reps answer",
        "meeting booked",
        "unexplained difference",
        "All laws are kept",
        "All leads rest, and all laws are kept.",
        "== What to try next",
    ):
        assert words in first.stdout
    assert "starting the workers" in first.stderr
    for run, leads in ((first, 300), (second, 40)):
        line = re.search(r"^(\d+) published, (\d+) read = (\d+) leads .*\(difference 0\)$", run.stdout, re.MULTILINE)
        assert line is not None
        assert (line[1], int(line[3])) == (line[2], leads)
    assert _processes_of(home) == []

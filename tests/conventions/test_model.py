"""The model of the clock: what must hold does hold in every interleaving, and every mutant of it is caught."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

#: Two moves: an offer, a queue, and a claim or a hand-over out of it. Some two million states, three seconds.
_MOVES = "-DNA=2"
_SECONDS = 100.0


@pytest.fixture
def spin() -> str:
    """The model checker and a C compiler; a laptop may lack them, CI may not."""
    found = shutil.which("spin")
    if found is None or shutil.which("cc") is None:
        assert os.environ.get("CI", "") in {"", "false", "0"}, "CI needs spin and a C compiler: see .ci/run"
        pytest.skip("spin or a C compiler is not on the PATH: the model is checked in CI")
    return found


def _errors(spin: str, model: Path, folder: Path, claim: str, *defines: str) -> int:
    """Explore every state and return how many violations of the claim there are (the first one ends the search)."""
    for command in (
        [spin, _MOVES, *defines, "-a", str(model)],
        ["cc", "-O2", "-w", "-DCOLLAPSE", "-DVECTORSZ=2048", "-DNFAIR=4", "-o", "pan", "pan.c"],
    ):
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=_SECONDS)
    fair = ["-f"] if claim == "live" else []
    search = [str(folder / "pan"), "-m400000", "-a", *fair, "-N", claim]
    said = subprocess.run(search, cwd=folder, check=False, capture_output=True, text=True, timeout=_SECONDS).stdout
    errors = re.search(r"errors: (\d+)", said)
    assert errors, said
    assert "max search depth too small" not in said
    assert "out of memory" not in said
    return int(errors.group(1))


@pytest.mark.parametrize("claim", ["once", "safe", "one_custody", "live"])
def test_the_clock_holds_in_every_interleaving(spin: str, root: Path, tmp_path: Path, claim: str) -> None:
    """Hints lost, doubled, late and early, two keepers, acceptance, claim and hand-over: no state breaks a claim."""
    assert _errors(spin, root / "docs/models/clock.pml", tmp_path, claim) == 0


@pytest.mark.parametrize(
    ("mutant", "claim"),
    [
        ("CHECK_THEN_ACT", "once"),
        ("NO_FENCE", "safe"),
        ("NO_DUE", "safe"),
        ("SPLIT_MOVE", "one_custody"),
        ("NO_KEEPER", "live"),
    ],
)
def test_every_mutant_is_caught(spin: str, root: Path, tmp_path: Path, mutant: str, claim: str) -> None:
    """A model that finds nothing wrong with a wrong clock would prove nothing."""
    assert _errors(spin, root / "docs/models/clock.pml", tmp_path, claim, f"-D{mutant}") == 1

"""The house around the code: what is installed, what is documented, what runs where."""

import io
import re
import subprocess
import tomllib
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shared.bus.queues import ROOMS, ROUTES, TaskName, TaskQueue
from shared.settings import describe


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_every_task_is_named_by_its_room_and_has_a_queue() -> None:
    """`<room>.<verb>`, and exactly one queue that a worker listens to."""
    rooms = {path.name for path in (Path(__file__).parents[2] / "workers").iterdir() if (path / "__init__.py").exists()}
    listened = [queue for queues in ROOMS.values() for queue in queues]

    assert all(re.fullmatch(r"[a-z]+\.[a-z_]+", task.value) for task in TaskName)
    assert {task.value.partition(".")[0] for task in TaskName} <= rooms
    assert set(ROUTES) == set(TaskName)
    assert sorted(listened) == sorted(TaskQueue)


def test_every_setting_is_explained() -> None:
    """Its help starts like a sentence that goes on after the name, and says more than the name does."""
    silent = [setting.name for setting in describe() if len(setting.help.split()) < 3]

    assert silent == []


def test_pip_and_uv_install_the_same_versions(root: Path) -> None:
    """`.ci/constraints.txt` is uv.lock in pip's words; write both again with `make lock`."""
    lock = tomllib.loads(_text(root / "uv.lock"))
    locked = {package["name"]: package["version"] for package in lock["package"] if package["name"] != "baton-routing"}
    pinned = dict(
        line.partition(";")[0].strip().split("==") for line in _text(root / ".ci/constraints.txt").splitlines()
    )

    assert pinned.items() <= locked.items()
    assert {name for name in locked if name not in pinned} == set()


def test_packages_come_from_the_public_index(root: Path) -> None:
    """No address of a machine or a mirror stands in the lock file."""
    hosts = {urlsplit(address).hostname for address in re.findall(r'"(https?://[^"]+)"', _text(root / "uv.lock"))}

    assert hosts == {"pypi.org", "files.pythonhosted.org"}
    assert "file://" not in _text(root / "uv.lock")


def test_the_previous_release_is_what_git_says(root: Path) -> None:
    """The archive names its commit, and where the history has that commit, it holds what was committed."""
    with zipfile.ZipFile(root / "tests/fixtures/previous_release.zip") as archive:
        commit = archive.comment.decode()
        kept = {one.filename: archive.read(one) for one in archive.infolist() if not one.is_dir()}
    known = subprocess.run(["git", "cat-file", "-e", commit], cwd=root, capture_output=True, check=False)
    if known.returncode == 0:
        again = ["git", "archive", "--format=zip", commit, "shared", "workers", "pyproject.toml"]
        done = subprocess.run(again, cwd=root, capture_output=True, check=True)
        with zipfile.ZipFile(io.BytesIO(done.stdout)) as archive:
            assert kept == {one.filename: archive.read(one) for one in archive.infolist() if not one.is_dir()}

    assert re.fullmatch(r"[0-9a-f]{40}", commit)
    assert "workers/app.py" in kept


def test_what_make_promises_is_there(root: Path) -> None:
    """Every target of the contract has a line of help."""
    explained = set(re.findall(r"^([a-z]+):.*## \S", _text(root / "Makefile"), re.MULTILINE))

    assert explained >= {"help", "install", "run", "up", "down", "test", "check", "bench"}


def test_ci_runs_what_the_makefile_says(root: Path) -> None:
    """There is one definition of what a change must pass."""
    assert "make check" in _text(root / ".ci/run")


def test_no_log_line_is_put_together_by_hand(product: list[Any]) -> None:
    """An event has a constant name and its facts as fields, so that logs can be searched and counted."""
    by_hand = re.compile(r"\blog(ger)?\.(debug|info|warning|error|exception)\(\s*(f[\"']|[^\"'\s)])")

    assert [source.path for source in product if by_hand.search(source.text)] == []

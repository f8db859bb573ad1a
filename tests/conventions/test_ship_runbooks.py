"""The runbooks: every command that they tell people to copy names what exists."""

import re
import shutil
from pathlib import Path

import pytest

from shared.local.programs import find_postgres
from tests.fixtures.kustomize import build
from tests.fixtures.shipped import read_compose

_FENCE = re.compile(r"^\s*```sh\n(.*?)^\s*```", re.MULTILINE | re.DOTALL)
#: Programs that come with what an operator runs: an engine, a cluster, and the shell's own.
_ELSEWHERE = {"docker", "kubectl", "for"}


@pytest.fixture(scope="module")
def commands(root: Path) -> list[str]:
    """Every line that stands in a block of commands under deploy/."""
    pages = sorted((root / "deploy").rglob("*.md"))
    blocks = [block for page in pages for block in _FENCE.findall(page.read_text(encoding="utf-8"))]
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def test_every_program_is_one_that_is_there(commands: list[str]) -> None:
    """Ours, PostgreSQL's, Celery's, and what operators have."""
    programs = {line.split()[0] for line in commands}
    postgres = find_postgres().folder
    known = {"baton", "celery"} | _ELSEWHERE

    assert {"baton", "docker", "pg_restore", "psql"} <= programs
    assert [name for name in programs - known if not (postgres / name).exists() and not shutil.which(name)] == []


def test_every_service_that_is_named_is_in_the_compose_file(commands: list[str]) -> None:
    """`docker compose` is told to stop, start, follow and scale what exists."""
    services = set(read_compose()["services"])
    named = set()
    for line in commands:
        words = line.split()
        match words:
            case ["docker", "compose", "stop" | "start" | "restart", *names]:
                named |= {name for name in names if not name.startswith("-")}
            case ["docker", "compose", "up", *rest]:
                named |= {word.partition("=")[0] for word in rest if not word.startswith("-")}
            case ["docker", "compose", "exec" | "run", *rest]:
                named |= {next(word for word in rest if not word.startswith("-"))}

    assert {"keeper", "worker-notification", "cli", "redis"} <= named
    assert named - services == set()


def test_every_deployment_that_is_named_is_in_the_manifests(commands: list[str], root: Path) -> None:
    """`deploy/NAME` and `deployment/NAME` of kubectl, and the folders that it applies."""
    manifests = build(root / "deploy/kubernetes/overlays/production")
    deployments = {one["metadata"]["name"] for one in manifests if one["kind"] == "Deployment"}
    lines = [line for line in commands if line.startswith("kubectl")]
    named = {name for line in lines for name in re.findall(r"\bdeploy(?:ment)?/([a-z-]+)(?=\s|$)", line)}
    folders = {folder for line in lines for folder in re.findall(r"apply -k (\S+)", line)}

    assert named - deployments - {"kubernetes"} == set()
    assert folders
    assert all((root / folder / "kustomization.yaml").exists() for folder in folders)


def test_every_runbook_is_linked_and_short_enough_to_follow(root: Path) -> None:
    """Whoever is paged finds it from one page, and reads it in minutes."""
    index = (root / "deploy/runbook.md").read_text(encoding="utf-8")

    for page in sorted((root / "deploy/runbooks").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        assert f"runbooks/{page.name}" in index, page.name
        assert len(text.splitlines()) <= 110, page.name
        assert re.search(r"^1\. ", text, re.MULTILINE), page.name

"""The image: linted, small, not root, and its commands exist."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import click

from shared.settings import load_settings
from tests.fixtures.shipped import DOCKERFILE, exec_form, image_environment, instruction, instructions
from workers.cli import baton


def test_the_linter_of_dockerfiles_has_nothing_to_say() -> None:
    """All rules of hadolint; its wheel is there on Linux with x86-64, which CI has."""
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    assert hadolint, "hadolint comes with `make install`"

    found = subprocess.run([hadolint, "--no-color", str(DOCKERFILE)], capture_output=True, text=True, check=False)

    assert (found.stdout, found.returncode) == ("", 0)


def test_what_builds_does_not_run() -> None:
    """The last stage starts from a plain image, installs nothing, and takes one folder from the stage that built it."""
    last = instructions()
    copies = [rest for word, rest in last if word == "COPY"]
    runs = " ".join(rest for word, rest in last if word == "RUN")

    assert copies == ["--from=build /opt/baton /opt/baton"]
    assert "uninstall" in runs
    assert not re.search(r"apt-get|gcc|uv sync|pip install|curl", runs)


def test_nobody_is_root_and_the_process_hears_signals() -> None:
    """A number above the system's users; an entry point without a shell, which would keep SIGTERM to itself."""
    user, group = instruction("USER").split(":")

    assert int(user) >= 10_000
    assert int(group) >= 10_000
    assert exec_form(instruction("ENTRYPOINT")) == ["baton"]
    assert instruction("STOPSIGNAL") == "SIGTERM"


def test_the_image_builds_from_what_the_build_may_see(root: Path) -> None:
    """Every file that the Dockerfile copies is let through by .dockerignore, and the wheel needs no other."""
    ignored = (root / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_through = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {
        word
        for name, rest in instructions(stage=-2)
        if name == "COPY" and not rest.startswith("--from")
        for word in rest.split()[:-1]
    }
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert ignored[1] == "*"
    assert copied == let_through
    assert {*wheel, project["project"]["readme"], *project["project"]["license-files"]} <= copied
    assert all((root / name).exists() for name in copied)


def test_the_settings_of_the_image_are_settings() -> None:
    """A name that Baton does not know would end every process at once."""
    env = {name: value for name, value in image_environment().items() if name.startswith("BATON_")}

    settings = load_settings(env)

    assert (settings.metrics_host, settings.log_format) == ("0.0.0.0", "json")  # noqa: S104  inside a container


def test_the_check_of_health_is_a_program_of_the_wheel(root: Path) -> None:
    """It asks whether the process is alive and not whether it is ready: nothing is killed for a server that is away."""
    words = exec_form(instruction("HEALTHCHECK"))

    assert words == ["python", "-m", "shared.probe", "healthz"]
    assert (root / "shared/probe.py").exists()


def test_the_default_command_explains_what_there_is() -> None:
    """`docker run IMAGE` prints the help."""
    context = click.Context(baton)

    assert exec_form(instruction("CMD")) == ["--help"]
    assert "worker" in baton.list_commands(context)

"""The pages point at what exists: links, commands, settings, metrics, make targets, files and functions."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from prometheus_client.metrics import MetricWrapperBase

import shared.metrics
from shared.settings import Settings, describe
from shared.tallied import Observed
from workers.assignment.policy.handbook.promises import COMMANDS
from workers.cli import baton
from workers.processes.table import process_table

#: Names that look like metrics and are a role of the database and a key of the policy.
_NO_METRICS = {"baton_reader", "baton_policy"}

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")


@pytest.fixture(scope="module")
def pages(root: Path) -> dict[str, str]:
    """Every page by its path from the root of the repository."""
    paths = [root / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
    paths += [path for folder in ("docs", "deploy") for path in sorted((root / folder).rglob("*.md"))]
    return {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in paths}


def _prose(text: str) -> str:
    return _FENCE.sub("", text)


def _code(text: str) -> Iterator[str]:
    """Yield every piece of code: spans of the prose, and the lines of blocks that are neither pictures nor data."""
    yield from _CODE.findall(_prose(text))
    for language, block in _FENCE.findall(text):
        if language in {"", "sh", "console"}:
            yield from (line.removeprefix("$ ").strip() for line in block.splitlines())


def _anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.casefold()).replace(" ", "-") for heading in headings}


def test_every_link_leads_somewhere(root: Path, pages: dict[str, str]) -> None:
    """A link names a file of the repository, and its anchor a heading there."""
    broken = []
    for name, text in pages.items():
        for target in re.findall(r"\]\(([^)\s]+)\)", _prose(text)):
            if target.startswith(("https://", "http://")):
                continue
            file, _, anchor = target.partition("#")
            page = (root / name).parent / file if file else root / name
            if not page.exists() or (anchor and anchor not in _anchors(page.read_text(encoding="utf-8"))):
                broken.append(f"{name}: {target}")

    assert broken == []


def test_every_page_is_reached_from_the_readme(root: Path, pages: dict[str, str]) -> None:
    """Whoever follows links from the README finds every page but the template of decisions."""
    found, waiting = set(), ["README.md"]
    while waiting:
        name = waiting.pop()
        found.add(name)
        targets = re.findall(r"\]\(([^)#\s]+\.md)", _prose(pages[name]))
        near = [(root / name).parent.joinpath(one).resolve() for one in targets if "://" not in one]
        waiting += [str(one.relative_to(root)) for one in near if str(one.relative_to(root)) not in found]

    assert set(pages) - found == set()


def test_every_command_exists(pages: dict[str, str]) -> None:
    """A line or span that starts with `baton` names a command that there is, with options that it has."""
    unknown = []
    for name, text in pages.items():
        for code in _code(text):
            line = re.split(r"\s{2,}|\s#\s", code.removeprefix(".venv/bin/"))[0]
            problem = _problem(line.split()[1:]) if line.startswith("baton ") else None
            if problem:
                unknown.append(f"{name}: {line}: {problem}")

    assert unknown == []


def test_the_commands_of_the_handbook_exist() -> None:
    """What `baton policy document` tells a newcomer to run can be run."""
    commands = [command for _, command in COMMANDS]

    assert commands
    assert {command: _problem(command.split()[1:]) for command in commands} == dict.fromkeys(commands)


def _problem(words: list[str]) -> str | None:
    """Say what is wrong with the words after `baton`, None when nothing is."""
    command: click.Command = baton
    context = click.Context(baton)
    while words and isinstance(command, click.Group) and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        if found is None:
            return f"{command.name} has no {words[0]}"
        command, words = found, words[1:]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help", "--version"}
    strange = [word for word in words if word.startswith("--") and word.partition("=")[0] not in known]
    return f"{command.name} has no {', '.join(strange)}" if strange else None


def test_every_setting_is_documented(root: Path) -> None:
    """The table of settings is what the code says of them; `python -m shared.settings` writes the rest."""
    page = (root / "docs/operations.md").read_text(encoding="utf-8")

    for one in describe():
        default = f"`{one.default}`" if one.default else ""
        secret = f"; a secret, may stand in a file that `{one.name}_FILE` names" if one.secret else ""
        row = f"| `{one.name}` | {default} | {one.help}{secret} |"

        assert row in page.splitlines()


def test_every_setting_that_is_named_exists(pages: dict[str, str]) -> None:
    """No page speaks of a variable that would be refused."""
    known = {one.name for one in describe()} | {f"{one.name}_FILE" for one in describe() if one.secret}
    named = {(page, name) for page, text in pages.items() for name in re.findall(r"\bBATON_[A-Z_]*[A-Z]", text)}

    assert {(page, name) for page, name in named if name not in known} == set()


def test_every_metric_that_is_named_exists(pages: dict[str, str]) -> None:
    """No page tells people to watch what is not measured."""
    declared = [one for one in vars(shared.metrics).values() if isinstance(one, (MetricWrapperBase, Observed))]
    families = [
        family for one in declared for family in (one.describe() if isinstance(one, MetricWrapperBase) else [one])
    ]
    known = {one.name for one in families} | {f"{one.name}_total" for one in families if one.type == "counter"}
    named = {
        (page, name)
        for page, text in pages.items()
        for code in _code(text)
        for name in re.findall(r"^baton_[a-z_]+", code)
    }

    assert {(page, name) for page, name in named if name not in known | _NO_METRICS} == set()


def test_every_make_target_that_is_named_exists(root: Path, pages: dict[str, str]) -> None:
    """What a page tells people to make can be made."""
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {(page, name) for page, text in pages.items() for code in _code(text) for name in _targets(code)}

    assert {(page, name) for page, name in named if name not in targets} == set()


def _targets(code: str) -> list[str]:
    return re.findall(r"^make ([a-z]+)", code)


def test_every_file_and_function_that_is_named_exists(root: Path, pages: dict[str, str]) -> None:
    """A path in the prose is there, and so are the functions that stand in brackets behind it."""
    wrong = []
    for page, text in pages.items():
        paths = re.findall(r"`((?:workers|shared|tests|docs|deploy|\.ci)/[\w./-]*)`", _prose(text))
        wrong += [f"{page}: {path}" for path in paths if not (root / path).exists()]
        for path, names in re.findall(r"`([\w/.]+\.py)`\s*\((`\w+`(?:,\s*`\w+`)*)\)", _prose(text)):
            code = (root / path).read_text(encoding="utf-8") if (root / path).exists() else ""
            wrong += [f"{page}: {path}: {name}" for name in _CODE.findall(names) if f"def {name}(" not in code]

    assert wrong == []


def test_every_process_is_documented(root: Path) -> None:
    """The table of processes names what `baton up` starts, and nothing else."""
    page = (root / "docs/operations.md").read_text(encoding="utf-8")

    named = re.findall(r"^\| `([\w-]+)` \| `baton ", page, re.MULTILINE)

    assert sorted(spec.name for spec in process_table(Settings())) == sorted(named)


def test_every_table_is_documented(root: Path) -> None:
    """The page on architecture names the tables of the schema, each once."""
    page = (root / "docs/architecture.md").read_text(encoding="utf-8")
    section = page.partition("## Tables")[2].partition("\n## ")[0]
    scripts = (root / "shared/db/migrations/versions").glob("*.sql")
    statements = "".join(path.read_text(encoding="utf-8") for path in scripts)

    made = re.findall(r"^CREATE TABLE (\w+) \(", statements, re.MULTILINE)
    named = [name for row in re.findall(r"^\|.*\|$", section, re.MULTILINE) for name in _CODE.findall(row)]

    assert sorted(made) == sorted(named)

"""The code as its readers see it: every Python file of the repository, parsed once."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file: its path from the root of the repository, its text, and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    def functions(self) -> Iterator[ast.FunctionDef]:
        """Return every function and method."""
        yield from (node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef))


def read_sources(*folders: str) -> list[Source]:
    """Parse every Python file below the folders."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}
    return [Source(name, text, ast.parse(text)) for name, text in texts.items()]


@pytest.fixture(scope="session")
def product() -> list[Source]:
    """What is shipped."""
    return read_sources("workers", "shared")


@pytest.fixture(scope="session")
def tests() -> list[Source]:
    """What tests it."""
    return read_sources("tests")


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the repository."""
    return ROOT

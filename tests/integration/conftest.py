"""What the tests of the pipeline share."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.fixtures.commands import Answer, Baton
from tests.fixtures.pipeline import Pipeline, open_pipeline
from workers import cli


@pytest.fixture
def pipeline(database_url: str, redis_url: str) -> Iterator[Pipeline]:
    """A pipeline over a database and a stream of this test alone, without a policy."""
    with open_pipeline(database_url, redis_url) as opened:
        yield opened


@pytest.fixture
def environment(database_url: str, redis_url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings by which commands find this test's servers."""
    for name, value in {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "HOME": str(home)}.items():
        monkeypatch.setenv(f"BATON_{name}", value)


@pytest.fixture
def baton(environment: None, capsys: pytest.CaptureFixture[str]) -> Baton:
    """Run a command against this test's servers."""
    del environment

    def run(*arguments: object, group: click.Group = cli.baton) -> Answer:
        capsys.readouterr()
        code = cli.main([str(argument) for argument in arguments], group)
        return Answer(code, *capsys.readouterr())

    return run

"""What is hurt by these tests: servers of their own, and a whole system over them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from shared.local.stack import LocalStack
from shared.settings import Settings, load_settings
from tests.fixtures.pipeline import Pipeline, open_pipeline, rep
from tests.fixtures.policy_texts import OPEN_POLICY
from workers.processes.system import System


class Configure(Protocol):
    """Sets the environment of the processes of a system."""

    def __call__(self, database_url: str, redis_url: str, **more: object) -> Settings:
        """Set it, with more settings by their names without `BATON_`, and read it."""


@pytest.fixture
def postgres(home: Path) -> Iterator[LocalStack]:
    """A PostgreSQL of this test alone, which keeps what it has committed whoever kills it."""
    with LocalStack(home / "postgres", servers=("postgres",)) as running:
        yield running


@pytest.fixture
def redis(home: Path) -> Iterator[LocalStack]:
    """A Redis of this test alone, which keeps nothing on disk, so that it comes back empty."""
    with LocalStack(home / "redis", fsync=False, servers=("redis",)) as running:
        yield running


@pytest.fixture
def configure(home: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Set the environment: processes at home in this test's folder, on free ports."""

    def apply(database_url: str, redis_url: str, **more: object) -> Settings:
        fixed = {"HOME": home, "METRICS_PORT": 0, "LOG_LEVEL": "warning"}
        for name, value in ({"DATABASE_URL": database_url, "REDIS_URL": redis_url} | fixed | more).items():
            monkeypatch.setenv(f"BATON_{name}", str(value))
        return load_settings()

    return apply


@pytest.fixture
def pipeline(system: System) -> Iterator[Pipeline]:
    """The test's own view of the servers of its system, with eight reps who take everything."""
    with open_pipeline(system.servers.database_url, system.servers.redis_url) as opened:
        opened.activate(OPEN_POLICY)
        opened.sync("reps", [rep(f"rep-{number}") for number in range(8)])
        yield opened

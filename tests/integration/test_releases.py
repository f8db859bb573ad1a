"""Releases side by side: what an older one does on the schema of a newer one."""

import psycopg
import pytest

from shared.bus.assembly import open_context
from shared.db.migrate import head, upgrade
from shared.errors import UnavailableError
from shared.settings import Settings
from workers.doctor import examine

_LATER = "9999"


@pytest.fixture
def newer_url(database_url: str) -> str:
    """A database that a later release has migrated."""
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", [_LATER])
    return database_url


def test_a_process_starts_on_the_schema_of_a_newer_release(newer_url: str, redis_url: str) -> None:
    """It was there before the migration, and may die and start again after it."""
    with (
        open_context(Settings(database_url=newer_url, redis_url=redis_url)) as context,
        context.engine.connect() as one,
    ):
        assert one.exec_driver_sql("SELECT 1").scalar_one() == 1


def test_a_release_that_is_taken_back_leaves_the_schema(newer_url: str) -> None:
    """Its migration finds nothing to do, and says at what the schema stands."""
    assert upgrade(newer_url) == _LATER


def test_the_doctor_says_that_a_process_is_behind(newer_url: str, redis_url: str) -> None:
    """A hint and no fault."""
    findings = examine(Settings(database_url=newer_url, redis_url=redis_url))

    assert findings["schema"].severity == "hint"
    assert findings["schema"].text == f"at {_LATER}, of a newer release than this one ({head()})"


def test_a_process_does_not_start_on_the_schema_of_an_older_release(database_url: str, redis_url: str) -> None:
    """What it reads may not be there yet; it is told what to do."""
    with psycopg.connect(database_url) as connection:
        connection.execute("DELETE FROM alembic_version")

    with (
        pytest.raises(UnavailableError, match="baton migrate"),
        open_context(Settings(database_url=database_url, redis_url=redis_url)),
    ):
        pass

"""Brings a database to the schema of this release."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from shared.db.engine import open_engine

_MIGRATIONS = Path(__file__).parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def upgrade(database_url: str) -> str:
    """Migrate to head and return the revision; safe to run from several processes at once."""
    engine = open_engine(database_url)
    try:
        found = current(engine)
        if found is not None and is_newer(found):
            # A release is taken back: this code works on the newer schema, which stays.
            return found
        with engine.connect() as connection:
            # A migration may rewrite a table; only its lock waits are bounded.
            connection.exec_driver_sql("SET statement_timeout = 0")
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        return head()
    finally:
        engine.dispose()


def head() -> str:
    """Return the revision that this release needs."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    return revision or ""


def is_newer(revision: str | None) -> bool:
    """Say whether a database stands at a revision that only a later release than this one can have made."""
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    return revision is not None and revision not in known


def is_usable(revision: str | None) -> bool:
    """Say whether this release works on a database at that revision: its own, and what a newer one made of it.

    A migration works with the code of the release before, so that processes of both may run side by side.
    """
    return revision == head() or is_newer(revision)


def current(engine: Engine) -> str | None:
    """Return the revision that the database stands at, None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()

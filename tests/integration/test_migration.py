"""A database of the release before is brought to this one with its books in order."""

from collections.abc import Iterator

import pytest
from alembic import command
from sqlalchemy import Engine, text

from shared.db import migrate
from shared.db.engine import open_engine

_OLD = """
INSERT INTO lead (event_source, event_id, status_at) VALUES ('/f', '1', now() - interval '3 days'), ('/f', '2', now());
INSERT INTO intake_batch (first_entry, last_entry, entries, received, leads, captured, duplicates, quarantined)
VALUES (1, 5, '{1,2,3,4,5}', 5, 2, 1, 1, 1);
"""


@pytest.fixture
def old_engine(empty_database_url: str) -> Iterator[Engine]:
    """A database at the first schema, with two leads in it."""
    engine = open_engine(empty_database_url)
    with engine.connect() as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text(_OLD))
        connection.commit()
    yield engine
    engine.dispose()


def test_reps_have_a_history_from_the_first_day(old_engine: Engine, empty_database_url: str) -> None:
    """Who is there when the history begins stands in it, and so does every change after it, and nothing else."""
    people = "('ana', 'Ana', 'active', now()), ('ben', 'Ben', 'active', now())"
    with old_engine.begin() as connection:
        connection.execute(text(f"INSERT INTO rep (rep_id, name, status, as_of) VALUES {people}"))
    migrate.upgrade(empty_database_url)

    with old_engine.begin() as connection:
        connection.execute(text("UPDATE rep SET weight = 2, updated_at = now() WHERE rep_id = 'ben'"))
        connection.execute(text("UPDATE roster SET revision = revision + 1"))

    with old_engine.begin() as connection:
        rows = connection.execute(text("SELECT roster, rep_id, weight::int FROM rep_history ORDER BY 1, 2")).fetchall()
    assert [tuple(row) for row in rows] == [(0, "ana", 1), (0, "ben", 1), (1, "ben", 2)]


def test_tallies_begin_with_what_is_there(old_engine: Engine, empty_database_url: str) -> None:
    """Events, statuses and ages are those of the tables; what the old release still writes is tallied too."""
    migrate.upgrade(empty_database_url)

    with old_engine.begin() as connection:
        # As a process of the release before does, which knows of no way in.
        connection.execute(text(_OLD.replace("'1'", "'3'").replace("'2'", "'4'")))
        events: dict[str, int] = dict(
            connection.execute(
                text("SELECT coalesce(labels[2], 'read'), sum(amount)::int FROM metric_tally GROUP BY 1 ORDER BY 1")
            ).fetchall()
        )
        leads = connection.execute(text("SELECT sum(leads) FROM status_tally")).scalar_one()
        oldest = connection.execute(
            text("SELECT extract(epoch FROM now() - min(since)) FROM status_age WHERE leads > 0")
        ).scalar_one()
    assert events == {"read": 10, "leads": 4, "captured": 2, "duplicates": 2, "quarantined": 2}
    assert leads == 4
    assert 3 * 86_400 <= oldest <= 3 * 86_400 + 3_601

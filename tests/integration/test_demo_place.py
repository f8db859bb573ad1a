"""Where the demonstration runs: never in anybody's data."""

import os
from pathlib import Path

import psycopg
import pytest
import redis

from shared.db.migrate import upgrade
from shared.errors import RefusedError
from shared.settings import Settings
from workers.demo.place import demo_place


def test_an_empty_database_is_used_as_it_is(empty_database_url: str, redis_url: str, home: Path) -> None:
    """Commands of the process find it through the environment, which afterwards is what it was."""
    before = dict(os.environ)

    with demo_place(Settings(home=home, database_url=empty_database_url, redis_url=redis_url)) as place:
        inside = dict(os.environ)

    assert place.database_url == inside["BATON_DATABASE_URL"] == empty_database_url
    assert inside["BATON_HOME"] == str(place.home)
    assert place.home.name == "demo"
    assert dict(os.environ) == before


def test_a_schema_without_leads_is_empty_too(database_url: str, redis_url: str, home: Path) -> None:
    """Whoever has only migrated has nothing to lose."""
    with demo_place(Settings(home=home, database_url=database_url, redis_url=redis_url)) as place:
        assert place.database_url == database_url


def test_a_database_of_ours_with_data_is_refused(database_url: str, redis_url: str, home: Path) -> None:
    """The sentence says what to do, and shows no password."""
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO rep (rep_id, name, status, as_of) VALUES ('ann', 'Ann', 'active', now())")

    with (
        pytest.raises(RefusedError, match=r"baton:\*\*\*@.* is in use already: give BATON_DATABASE_URL an empty one"),
        demo_place(Settings(home=home, database_url=database_url, redis_url=redis_url)),
    ):
        pass

    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM rep").fetchone() == (1,)


def test_a_database_of_somebody_else_is_refused(empty_database_url: str, redis_url: str, home: Path) -> None:
    """A table that is not ours is a reason to keep away."""
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("CREATE TABLE invoice (number integer)")

    with (
        pytest.raises(RefusedError, match="in use already"),
        demo_place(Settings(home=home, database_url=empty_database_url, redis_url=redis_url)),
    ):
        pass


def test_a_stream_with_events_is_refused(database_url: str, redis_url: str, home: Path) -> None:
    """The events of a pipeline are not read by a demonstration."""
    with redis.Redis.from_url(redis_url) as client:
        client.xadd("baton:events", {"event": "{}"})

    with (
        pytest.raises(RefusedError, match="baton:events exists already"),
        demo_place(Settings(home=home, database_url=database_url, redis_url=redis_url)),
    ):
        pass


def test_local_data_of_the_last_demonstration_are_gone(home: Path) -> None:
    """Each one starts with empty servers; meanwhile a second one in the same home is refused."""
    settings = Settings(home=home)
    with demo_place(settings) as place:
        upgrade(place.database_url or "")
        with redis.Redis.from_url(place.redis_url or "") as client:
            client.xadd("baton:events", {"event": "{}"})
        with pytest.raises(RefusedError, match="end it with Ctrl-C"), demo_place(settings):
            pass

    with (
        demo_place(settings) as place,
        psycopg.connect(place.database_url or "") as connection,
        redis.Redis.from_url(place.redis_url or "") as client,
    ):
        tables = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'report')"
        ).fetchone()
        keys = client.dbsize()

    assert (tables, keys) == ((0,), 0)


def test_nothing_leaves_the_house(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token or a vendor's key of the caller is not seen by the demonstration, and is back afterwards."""
    monkeypatch.setenv("BATON_SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("BATON_CLEARBIT_KEY", "k")

    with demo_place(Settings(home=home)):
        inside = {name for name in os.environ if "SLACK" in name or "CLEARBIT" in name}

    assert inside == set()
    assert os.environ["BATON_SLACK_BOT_TOKEN"] == "xoxb-1"

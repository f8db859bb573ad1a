"""The settings of deploy/postgres and deploy/redis: real servers take them, and are then as Baton wants them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from shared.local.launch import free_port
from shared.local.programs import find_redis
from tests.conftest import Eventually
from tests.fixtures.shipped import read_compose

_ROOT = Path(__file__).parents[2]


@pytest.fixture
def configured_redis(tmp_path: Path, eventually: Eventually) -> Iterator[redis.Redis]:
    """A Redis that was started by the words of the compose file."""
    port = free_port()
    words = read_compose()["services"]["redis"]["command"]
    config = _ROOT / "deploy/redis/redis.conf"
    assert words[1] == "/etc/valkey/redis.conf"
    command = [str(find_redis()), str(config), *words[2:], "--port", str(port), "--dir", str(tmp_path)]
    with (
        subprocess.Popen([*command, "--bind", "127.0.0.1"], stdout=subprocess.DEVNULL) as process,
        redis.Redis(port=port, password="0f") as client,
    ):
        try:
            eventually(lambda: _answers(client))
            yield client
        finally:
            process.terminate()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_redis_keeps_a_file_and_throws_nothing_away(configured_redis: redis.Redis) -> None:
    """What is not captured survives a restart; a full server refuses; nobody empties it by a slip."""
    wanted = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction", "save": ""}

    found = {name: configured_redis.config_get(name)[name] for name in wanted}

    assert found == wanted
    assert configured_redis.config_get("maxmemory")["maxmemory"] == str(1024**3)
    with pytest.raises(redis.ResponseError, match="unknown command"):
        configured_redis.flushall()


def test_redis_asks_for_the_password(configured_redis: redis.Redis) -> None:
    """Whoever can write to it can end workers."""
    port = configured_redis.connection_pool.connection_kwargs["port"]

    with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_postgresql_takes_every_setting(database_url: str) -> None:
    """Each name exists and each value is one of its kind, by a server that checks and changes nothing."""
    lines = (_ROOT / "deploy/postgres/postgresql.conf").read_text(encoding="utf-8").splitlines()
    pairs = [line.split(" = ") for line in lines if line and not line.startswith("#")]
    settings = {name: value.strip("'") for name, value in pairs}

    with psycopg.connect(database_url, autocommit=True) as connection:
        for name, value in settings.items():
            # Written to a file that the server reads at its next start, and taken out again at once.
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
            connection.execute(f"ALTER SYSTEM RESET {name}".encode())

    assert len(settings) > 20
    assert settings["fsync"] == settings["synchronous_commit"] == settings["full_page_writes"] == "on"


def test_the_pooled_role_has_the_bounds_of_a_connection(database_url: str) -> None:
    """What PgBouncer cannot pass on stands on the role: the same bounds as in shared/db/engine.py."""
    statements = (_ROOT / "deploy/postgres/pooled.sql").read_text(encoding="utf-8").replace(':"role"', "pooled_one")
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE ROLE pooled_one")
        connection.execute(statements.encode())
        row = connection.execute("SELECT rolconfig FROM pg_roles WHERE rolname = 'pooled_one'").fetchone()
        connection.rollback()

    assert row is not None
    assert set(row[0]) == {
        "TimeZone=UTC",
        "statement_timeout=30s",
        "lock_timeout=5s",
        "idle_in_transaction_session_timeout=30s",
    }

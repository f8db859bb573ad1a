"""Settings: what the environment may say, and the sentences for what it may not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import SettingsError
from shared.settings import Settings, describe, env_example, load_settings, mask_url

ROOT = Path(__file__).parents[2]


def _refusal(env: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(env)
    return str(caught.value)


def test_an_empty_environment_gives_the_defaults_of_a_laptop() -> None:
    """Nothing has to be set: both servers are local and only the free providers are asked."""
    settings = load_settings({"PATH": "/bin"})

    assert settings == Settings()
    assert (settings.database_url, settings.redis_url) == (None, None)
    assert settings.providers == ("account", "listed")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
@pytest.mark.parametrize("name", ["BATON_DATABASE_URL", "DATABASE_URL"])
def test_every_spelling_of_a_database_url_becomes_the_one_of_libpq(name: str, scheme: str) -> None:
    """Platforms and libraries spell the scheme differently; psql must understand what we print."""
    settings = load_settings({name: f"{scheme}://me:pw@db.example:5433/leads?sslmode=require"})

    assert settings.database_url == "postgresql://me:pw@db.example:5433/leads?sslmode=require"


@pytest.mark.parametrize("name", ["BATON_REDIS_URL", "REDIS_URL", "CELERY_BROKER_URL"])
@pytest.mark.parametrize(("scheme", "expected"), [("valkey", "redis"), ("valkeys", "rediss"), ("redis", "redis")])
def test_a_valkey_url_becomes_a_redis_url(name: str, scheme: str, expected: str) -> None:
    """The protocol is the same, and the libraries know only Redis."""
    assert load_settings({name: f"{scheme}://:pw@cache:6380/2"}).redis_url == f"{expected}://:pw@cache:6380/2"


def test_our_own_name_wins_over_a_foreign_one() -> None:
    """A machine may carry the URL of another application."""
    env = {"BATON_DATABASE_URL": "postgresql://ours/a", "DATABASE_URL": "mysql://theirs/b"}

    assert load_settings(env).database_url == "postgresql://ours/a"


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    """Containers mount secrets as files; the line end does not belong to them."""
    secret = tmp_path / "key"
    secret.write_text("k-123\n")

    settings = load_settings({"BATON_APOLLO_KEY_FILE": str(secret)})

    assert settings.apollo_key == "k-123"
    assert settings.providers == ("account", "listed", "apollo")


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"BATON_BATCHSIZE": "5"}, "BATON_BATCHSIZE is not a setting: did you mean BATON_BATCH_SIZE?"),
        ({"BATON_BATCH_SIZE": "many"}, "BATON_BATCH_SIZE=many: should be a valid integer"),
        ({"BATON_BATCH_SIZE": "0"}, "BATON_BATCH_SIZE=0: should be greater than or equal to 1"),
        ({"BATON_DATABASE_URL": "mysql://h/d"}, "BATON_DATABASE_URL: must start with postgresql://"),
        ({"CELERY_BROKER_URL": "amqp://h"}, "CELERY_BROKER_URL: must be redis://HOST:PORT/NUMBER"),
        ({"BATON_APOLLO_KEY_FILE": "/nowhere/key"}, "BATON_APOLLO_KEY_FILE: cannot read /nowhere/key: No such file"),
        ({"BATON_HOME_FILE": "/x"}, "BATON_HOME_FILE is not a setting"),
        ({"BATON_PROVIDERS": "listed, acme"}, "BATON_PROVIDERS=acme: should be 'account'"),
        ({"BATON_PROVIDERS": "apollo"}, "BATON_PROVIDERS names apollo, but BATON_APOLLO_KEY is not set"),
        ({"BATON_ARM_HORIZON_SECONDS": "201"}, "more than a third of BATON_VISIBILITY_TIMEOUT_SECONDS=600"),
        ({"BATON_METRIC_PORT": "9000"}, "did you mean BATON_METRICS_PORT?"),
        ({"BATON_DEBUG_PORT": "9000"}, "BATON_DEBUG_PORT is not a setting"),
    ],
)
def test_what_is_wrong_is_named(env: dict[str, str], sentence: str) -> None:
    """The sentence names the variable as the person wrote it, and the mend."""
    assert sentence in _refusal(env)


def test_all_mistakes_are_told_at_once() -> None:
    """Nobody mends the environment one error at a time."""
    refusal = _refusal({"BATON_NOPE": "1", "BATON_BATCH_SIZE": "x", "BATON_METRICS_PORT": "-1"})

    assert all(name in refusal for name in ("BATON_NOPE", "BATON_BATCH_SIZE=x", "BATON_METRICS_PORT=-1"))


def test_a_secret_and_its_file_together_are_refused(tmp_path: Path) -> None:
    """With two answers nobody could say which one counts."""
    refusal = _refusal({"BATON_APOLLO_KEY": "a", "BATON_APOLLO_KEY_FILE": str(tmp_path)})

    assert "BATON_APOLLO_KEY and BATON_APOLLO_KEY_FILE are both set" in refusal


def test_what_kubernetes_injects_is_passed_over() -> None:
    """A service named baton-metrics sets variables that look like ours, one of them like BATON_METRICS_PORT itself."""
    env = {
        "BATON_METRICS_SERVICE_HOST": "10.0.0.1",
        "BATON_METRICS_SERVICE_PORT": "9464",
        "BATON_METRICS_SERVICE_PORT_HTTP": "9464",
        "BATON_METRICS_PORT": "tcp://10.0.0.1:9464",
        "BATON_METRICS_PORT_9464_TCP": "tcp://10.0.0.1:9464",
        "BATON_METRICS_PORT_9464_TCP_ADDR": "10.0.0.1",
        "BATON_PORT": "tcp://10.0.0.2:80",
    }

    assert load_settings(env) == Settings()


@given(secret=st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=12))
def test_no_secret_is_ever_shown(secret: str) -> None:
    """Neither the settings, nor their description, nor an error repeats a password or a key."""
    env = {"BATON_DATABASE_URL": f"postgresql://me:{secret}@h/d", "BATON_APOLLO_KEY": secret}

    settings = load_settings(env)
    shown = [repr(settings), str(describe(settings)), _refusal({**env, "BATON_REDIS_URL": f"http://:{secret}@h"})]

    assert all(secret not in text for text in shown)
    assert "postgresql://me:***@h/d" in str(describe(settings))


def test_masking_leaves_a_url_without_a_password_alone() -> None:
    """There is nothing to hide in it."""
    assert mask_url("redis://localhost:6379/0") == "redis://localhost:6379/0"


def test_the_example_file_is_what_the_code_says() -> None:
    """`.env.example` lists every setting with its default; write it again with `python -m shared.settings`."""
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_example()


def test_the_example_file_is_valid_when_its_lines_are_taken_as_they_are() -> None:
    """Whoever uncomments everything has changed nothing."""
    lines = [line[1:] for line in env_example().splitlines() if line.startswith("#BATON_")]

    assert load_settings(dict(line.split("=", 1) for line in lines)) == Settings()

"""docker-compose.yml: valid by the specification, and every process, command and setting in it is one of ours."""

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest
from compose_spec import PyCompose

from shared.settings import Settings, load_settings
from tests.fixtures.shipped import PASSWORDS, compose_text, read_compose
from workers.cli import baton
from workers.processes.table import process_table

_ONE_SHOT = {"migrate", "cli"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file with its variables at their defaults."""
    return read_compose()


@pytest.fixture(scope="module")
def ours(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that run our image by its own entry point."""
    services = compose["services"]
    return {name: one for name, one in services.items() if one["image"].startswith("baton-routing:")}


def test_the_file_is_valid_by_the_specification(compose: dict[str, Any]) -> None:
    """A parser of the compose specification accepts it, and everything that it refers to is defined."""
    parsed = PyCompose.from_json(json.dumps(compose))
    parsed.validate()

    assert set(parsed.service_names()) == set(compose["services"])


@pytest.mark.parametrize("name", sorted(PASSWORDS))
def test_a_password_must_be_set(name: str) -> None:
    """There is no default that everybody knows."""
    with pytest.raises(KeyError, match=name):
        compose_text({one: value for one, value in PASSWORDS.items() if one != name})


def test_every_process_is_a_service(ours: dict[str, dict[str, Any]]) -> None:
    """The names are those of `baton status`, and none is missing."""
    assert set(ours) - _ONE_SHOT == {spec.name for spec in process_table(Settings())}


def test_every_command_is_one_of_ours(ours: dict[str, dict[str, Any]]) -> None:
    """It is parsed as the command line parses it; a process that is called after a room runs that room."""
    for name, service in ours.items():
        words = list(service["command"])
        command = baton.get_command(click.Context(baton), words[0]) if words[0] != "--help" else baton
        assert command is not None, name
        if command is not baton:
            command.make_context(words[0], words[1:])

    expected = {name: ["worker", name.removeprefix("worker-")] if "-" in name else [name] for name in ours}
    assert {name: service["command"] for name, service in ours.items() if name != "cli"} == {
        name: command for name, command in expected.items() if name != "cli"
    }


def test_every_setting_is_one_of_ours(compose: dict[str, Any]) -> None:
    """What Baton does not know would end the process; no service of others gets one."""
    for name, service in compose["services"].items():
        env = {key: str(value) for key, value in (service.get("environment") or {}).items()}
        given = {key: value for key, value in env.items() if key.startswith("BATON_")}
        assert bool(given) == service["image"].startswith("baton-routing"), name
        if given:
            settings = load_settings(given)
            assert settings.database_url
            assert settings.redis_url


def test_the_pooler_is_chosen_by_one_variable(compose: dict[str, Any]) -> None:
    """Processes go through it, migrations never do."""
    pooled = read_compose({**PASSWORDS, "DATABASE_HOST": "pgbouncer:6432"})["services"]

    urls = {name: (one.get("environment") or {}).get("BATON_DATABASE_URL", "") for name, one in pooled.items()}

    assert "@pgbouncer:6432/" in urls["keeper"]
    assert "@postgres:5432/" in urls["migrate"]
    assert "@postgres:5432/" in compose["services"]["keeper"]["environment"]["BATON_DATABASE_URL"]


def test_a_stop_gives_time_to_finish(ours: dict[str, dict[str, Any]]) -> None:
    """SIGTERM, and more than the longest statement and the longest stall of a stop that were seen."""
    for name, service in ours.items():
        assert service["stop_signal"] == "SIGTERM", name
        assert int(service["stop_grace_period"].removesuffix("s")) >= 30 + 32, name


def test_our_containers_can_do_nothing_but_their_work(ours: dict[str, dict[str, Any]]) -> None:
    """Not root, nothing to write to but /tmp, no capabilities, no new privileges, bounded memory."""
    for name, service in ours.items():
        assert service["user"] == "10001:10001", name
        assert service["read_only"] is True, name
        assert service["tmpfs"] == ["/tmp"], name  # noqa: S108  of the container
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name


def test_everything_that_stays_is_looked_after(compose: dict[str, Any]) -> None:
    """It has a check of its health, is started again, and waits for what it needs."""
    staying = {name: one for name, one in compose["services"].items() if name not in _ONE_SHOT}

    assert [name for name, one in staying.items() if "test" not in one["healthcheck"]] == []
    assert [name for name, one in staying.items() if one["restart"] != "unless-stopped"] == []
    for name, service in staying.items():
        if service["image"].startswith("baton-routing"):
            assert service["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}, name


def test_clocks_need_no_redis(compose: dict[str, Any]) -> None:
    """The keeper starts while Redis is away."""
    assert set(compose["services"]["keeper"]["depends_on"]) == {"postgres", "migrate"}


def test_nothing_listens_beyond_this_machine(compose: dict[str, Any]) -> None:
    """Every port is published on loopback; the database on none."""
    ports = {name: one.get("ports", []) for name, one in compose["services"].items()}

    assert all(re.match(r"127\.0\.0\.1:\d+:\d+$", port) for published in ports.values() for port in published)
    assert ports["postgres"] == []
    assert compose["networks"]["inside"] == {"internal": True}


def test_every_file_that_is_mounted_exists(compose: dict[str, Any], root: Path) -> None:
    """A missing one would become an empty folder inside the container."""
    mounted = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
        if volume.startswith(".")
    }

    assert "./deploy/redis/redis.conf" in mounted
    assert [path for path in mounted if not (root / path).exists()] == []


def test_data_have_a_volume_where_the_image_keeps_them(compose: dict[str, Any]) -> None:
    """PostgreSQL 18 keeps them one folder higher than its predecessors, and would lose them elsewhere."""
    services = compose["services"]

    assert services["postgres"]["image"] == "postgres:18"
    assert "postgres:/var/lib/postgresql" in services["postgres"]["volumes"]
    assert "redis:/data" in services["redis"]["volumes"]
    assert set(compose["volumes"]) >= {"postgres", "redis"}

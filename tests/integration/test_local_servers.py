"""Which servers a command uses, and what it says when one does not answer."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from shared.errors import UnavailableError
from shared.local.launch import free_port, why
from shared.local.servers import Servers, ensure_servers
from shared.settings import Settings

_ROOT = Path(__file__).parents[2]


def test_servers_of_the_environment_are_used_as_they_are(servers: Servers, home: Path) -> None:
    """Where both URLs are given, nothing is started, and no home folder is made."""
    settings = Settings(home=home, database_url=servers.database_url, redis_url=servers.redis_url)

    with ensure_servers(settings) as found:
        assert (found.database_url, found.redis_url, found.owned) == (servers.database_url, servers.redis_url, False)

    assert not home.exists()


def test_only_what_is_missing_is_started(servers: Servers, home: Path) -> None:
    """A team may share its PostgreSQL and leave Redis to each laptop."""
    settings = Settings(home=home, database_url=servers.database_url)

    with ensure_servers(settings) as found:
        assert found.database_url == servers.database_url
        assert found.redis_url != servers.redis_url
        assert found.owned
        assert not (home / "postgres").exists()


def test_a_command_that_needs_no_redis_starts_none(servers: Servers, home: Path) -> None:
    """Asking for one lead should not cost a second server."""
    settings = Settings(home=home, database_url=servers.database_url)

    with ensure_servers(settings, with_redis=False) as found:
        assert (found.redis_url, found.owned) == ("", False)


@pytest.mark.parametrize(("name", "scheme"), [("PostgreSQL", "postgresql"), ("Redis", "redis")])
def test_a_server_that_is_away_is_named_without_its_password(servers: Servers, name: str, scheme: str) -> None:
    """The sentence says which server, where, and what to look at."""
    url = f"{scheme}://me:hidden@127.0.0.1:{free_port()}/0"
    settings = Settings(database_url=servers.database_url, redis_url=servers.redis_url)
    settings = settings.model_copy(update={"database_url" if name == "PostgreSQL" else "redis_url": url})

    with pytest.raises(UnavailableError) as caught:
        ensure_servers(settings)

    sentence = str(caught.value)
    assert re.match(rf"{name} at 127\.0\.0\.1:\d+ cannot be used: .*refused.*; see that it runs", sentence)
    assert "hidden" not in sentence


@pytest.mark.parametrize(
    ("last_words", "mend"),
    [
        ("FATAL: could not write: No space left on device", "make room in /data"),
        ('initdb: error: could not create directory "x": Permission denied', "see that /data belongs to you"),
        ("could not bind IPv4 address: Address already in use", "start again"),
        ("LOG: hm\nFATAL:  the moon is in the way\nLOG: bye", "FATAL:  the moon is in the way"),
        ("", "it wrote no reason"),
    ],
)
def test_a_server_that_gives_up_is_quoted_or_explained(last_words: str, mend: str) -> None:
    """What a person can do about it comes before what the server wrote."""
    assert mend in why(last_words, Path("/data"))


def test_a_machine_without_a_redis_is_told_what_to_install() -> None:
    """Without any program on PATH and without the wheels there is a sentence with three ways out."""
    code = "import sys; sys.path.append(sys.argv[1]); from shared.local.programs import find_redis; find_redis()"

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, _ROOT], env={"PATH": ""}, capture_output=True, text=True, check=False
    )

    assert "pip install 'baton-routing[local]'" in done.stderr
    assert "BATON_REDIS_URL" in done.stderr

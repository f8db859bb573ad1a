"""What every test can rely on: real servers of its own, a clean environment, and no way to the outside world."""

import itertools
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import psycopg
import pytest
import redis

from shared.db.migrate import upgrade
from shared.local.leftovers import stop_leftovers
from shared.local.servers import Servers
from shared.local.stack import LocalStack

hypothesis.settings.register_profile("baton", deadline=None, print_blob=True)
hypothesis.settings.load_profile("baton")

#: Redis is started with 64 numbered databases, and the first is nobody's. The xdist workers share the others: with
#: many each, a late process of the test before cannot write into the next one's.
_DATABASES = 63

_TEMPLATE = "baton_template"
_STACK = pytest.StashKey[LocalStack]()


class OutsideWorldError(Exception):
    """A test tried to reach a machine other than this one."""


def _refuse_the_outside_world(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else host
    if isinstance(name, str) and name not in {"localhost", "::1", ""} and not name.startswith("127."):
        message = f"a test may talk to this machine only, and this one asks for {name}"
        raise OutsideWorldError(message)


def pytest_configure() -> None:
    """Forget what the developer's shell says about servers, and close the way out."""
    for name in [*os.environ]:
        if name.startswith("BATON_") or name in {"DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL"}:
            del os.environ[name]
    sys.addaudithook(_refuse_the_outside_world)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests that are given most time begin first, so that none of them is left when all others are done."""
    items.sort(key=_seconds_given, reverse=True)


def _seconds_given(item: pytest.Item) -> float:
    mark = item.get_closest_marker("timeout")
    return float(mark.args[0]) if mark else 0.0


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Start the servers once in the process that outlives all xdist workers, and tell each worker where they are."""
    stack = node.config.stash.get(_STACK, None)
    if stack is None:
        home = node.config._tmp_path_factory.mktemp("servers")
        stack = node.config.stash[_STACK] = LocalStack(home, fsync=False).start()
    node.workerinput["servers"] = (stack.database_url, stack.redis_url)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started for the xdist workers."""
    stack = config.stash.get(_STACK, None)
    if stack is not None:
        stack.stop()


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """PostgreSQL and Redis of this run, shared by its xdist workers."""
    given = getattr(request.config, "workerinput", {}).get("servers")
    if given:
        yield Servers(*given)
        return
    with LocalStack(tmp_path_factory.mktemp("servers"), fsync=False) as stack:
        yield Servers(stack.database_url, stack.redis_url)


@pytest.fixture(scope="session")
def template_database(servers: Servers) -> str:
    """The name of a database at the newest schema, made by the first worker that needs it."""
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [_TEMPLATE]).fetchone()
        if found is None:
            unfinished = f"{_TEMPLATE}_new"
            connection.execute(f"CREATE DATABASE {unfinished}")
            upgrade(_with_path(servers.database_url, unfinished))
            connection.execute(f"ALTER DATABASE {unfinished} RENAME TO {_TEMPLATE}")
    return _TEMPLATE


@pytest.fixture
def empty_database_url(servers: Servers, numbers: Iterator[int], worker_id: str) -> Iterator[str]:
    """A database of this test alone, without a schema."""
    yield from _database(servers, f"test_{worker_id}_{next(numbers)}", "template0")


@pytest.fixture
def database_url(servers: Servers, template_database: str, numbers: Iterator[int], worker_id: str) -> Iterator[str]:
    """A database of this test alone, at the newest schema."""
    yield from _database(servers, f"test_{worker_id}_{next(numbers)}", template_database)


@pytest.fixture
def redis_url(servers: Servers, numbers: Iterator[int], worker_id: str) -> Iterator[str]:
    """A numbered Redis database of this test alone, empty."""
    share = _DATABASES // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    first = 1 + share * int(worker_id.removeprefix("gw") if worker_id != "master" else 0)
    url = _with_path(servers.redis_url, str(first + next(numbers) % share))
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()


@pytest.fixture
def home() -> Iterator[Path]:
    """A home folder for a stack of this test's own, stopped and deleted whatever the test does.

    Every user can pass through it, unlike pytest's own folders, so that root's servers live in it as well.
    """
    with tempfile.TemporaryDirectory(prefix="baton-home-") as folder:
        Path(folder).chmod(0o711)
        home = Path(folder).resolve() / "home"
        yield home
        stop_leftovers(home)


class Eventually(Protocol):
    """Waits for a condition and fails when it does not come true."""

    def __call__(self, condition: Callable[[], object], *, within: float = 20.0) -> None:
        """Return as soon as the condition holds; `within` is in seconds."""


@pytest.fixture(scope="session")
def eventually() -> Eventually:
    """What a test calls instead of sleeping."""

    def wait(condition: Callable[[], object], *, within: float = 20.0) -> None:
        deadline = time.monotonic() + within
        pause = threading.Event()
        while not condition():
            assert time.monotonic() < deadline, f"it did not come true within {within} s"
            pause.wait(0.02)

    return wait


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    """Numbers that are never given twice in this worker."""
    return itertools.count(1)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the repository; what needs it is skipped where it is not."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the data set is not at {folder}")
    return folder


def _database(servers: Servers, name: str, template: str) -> Iterator[str]:
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        yield _with_path(servers.database_url, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _with_path(url: str, path: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{path}"))

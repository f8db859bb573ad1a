"""Redis behind Sentinel: events and hints go to whoever is the master, also after a failover."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from shared.bus.celery_app import make_app
from shared.bus.publisher import CeleryPublisher
from shared.bus.queues import TaskName, TaskQueue
from shared.bus.stream import EventStream, connect
from shared.local.launch import free_port
from shared.local.programs import find_redis
from shared.local.servers import check_redis
from shared.redis_client import broker_of, read_sentinel
from shared.settings import load_settings
from tests.conftest import Eventually


@dataclass(frozen=True)
class Watched:
    """A master with a replica, and the sentinel that watches them."""

    url: str
    master: subprocess.Popen[bytes]
    replica_port: int


def _server(stack: ExitStack, folder: Path, *words: str) -> subprocess.Popen[bytes]:
    folder.mkdir()
    process = stack.enter_context(
        subprocess.Popen([str(find_redis()), *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    )
    stack.callback(process.kill)
    return process


def _is(port: int, **wanted: object) -> bool:
    try:
        with redis.Redis(port=port, password="secret") as client:
            about = client.info()
    except redis.ConnectionError:
        return False
    return all(about.get(name) == value for name, value in wanted.items())


@pytest.fixture
def watched(tmp_path: Path, eventually: Eventually) -> Iterator[Watched]:
    """The smallest set-up that can fail over: one sentinel, whose word is enough."""
    first, second, watcher = free_port(), free_port(), free_port()
    own = ["--bind", "127.0.0.1", "--save", "", "--requirepass", "secret", "--masterauth", "secret"]
    with ExitStack() as stack:
        master = _server(stack, tmp_path / "master", "--port", str(first), *own)
        follows = ["--replicaof", "127.0.0.1", str(first)]
        _server(stack, tmp_path / "replica", "--port", str(second), *own, *follows)
        eventually(lambda: _is(second, role="slave", master_link_status="up"))
        config = tmp_path / "sentinel.conf"
        config.write_text(
            f"port {watcher}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {first} 1\n"
            "sentinel auth-pass main secret\nsentinel down-after-milliseconds main 1000\n"
            "sentinel failover-timeout main 5000\n"
        )
        _server(stack, tmp_path / "watcher", str(config), "--sentinel")
        with redis.Redis(port=watcher, decode_responses=True) as client:
            eventually(lambda: _knows_replica(client))
        yield Watched(f"sentinel://:secret@127.0.0.1:{watcher}/0?master=main", master, second)


def _knows_replica(client: redis.Redis) -> bool:
    try:
        return len(client.sentinel_slaves("main")) == 1
    except redis.RedisError:
        return False


def _is_published(events: EventStream) -> bool:
    try:
        events.publish([b"{}"], channel="stream")
    except redis.RedisError:
        return False
    return True


@pytest.mark.timeout(180)
def test_after_a_failover_events_and_hints_go_to_the_new_master(watched: Watched, eventually: Eventually) -> None:
    """The stream, the publisher of hints and a reader of a queue find the master by the one URL that is set."""
    url = load_settings({"BATON_REDIS_URL": watched.url}).redis_url or ""
    app = make_app(url)
    hints = CeleryPublisher(app, 10)
    with connect(url) as client, redis.Redis(port=watched.replica_port, password="secret") as second:
        events = EventStream(client, "events")
        events.publish([b"{}"], channel="stream")
        hints.publish(TaskName.ENRICH.value, [1])
        eventually(lambda: second.xlen("events") == 1 and second.llen(TaskQueue.ENRICHMENT.value) == 1)

        watched.master.kill()
        eventually(lambda: _is(watched.replica_port, role="master"), within=60)
        eventually(lambda: _is_published(events), within=60)
        eventually(lambda: _publish(hints) and second.llen(TaskQueue.ENRICHMENT.value) >= 2, within=60)
        with app.connection_for_read() as connection, connection.SimpleQueue(TaskQueue.ENRICHMENT.value) as queue:
            message = queue.get(timeout=20)
            message.ack()

    assert message.headers["task"] == TaskName.ENRICH
    assert check_redis(url)


def _publish(hints: CeleryPublisher) -> bool:
    """Publish a hint; while the broker is away the publisher lets it go, as it should."""
    hints.publish(TaskName.ENRICH.value, [2])
    return True


def test_an_address_behind_sentinels_is_read_whole() -> None:
    """Several sentinels, their port by default, the account of Redis and the password of the sentinels."""
    url = "sentinel://user:p%40ss@one:26380,two/3?master=main&sentinel_password=other"

    address = read_sentinel(url)
    broker, options = broker_of(url)

    assert address is not None
    assert address.hosts == (("one", 26380), ("two", 26379))
    assert (address.username, address.password, address.number) == ("user", "p@ss", 3)
    assert broker == "sentinel://user:p%40ss@one:26380/3;sentinel://user:p%40ss@two:26379/3"
    assert options["master_name"] == "main"
    assert options["sentinel_kwargs"]["password"] == "other"

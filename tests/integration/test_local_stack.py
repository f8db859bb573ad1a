"""The local servers: real, private, idempotent, and never left behind."""

import os
import signal
import socket
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import redis

from shared.errors import UnavailableError
from shared.local.leftovers import delete_abandoned, stop_leftovers
from shared.local.marks import Mark, is_alive, wait_for_end
from shared.local.place import remove
from shared.local.stack import LocalStack
from shared.local.state import read_state, write_state
from tests.conftest import Eventually

_DEAD = Mark(1, "never born")


def _marks(home: Path) -> dict[str, Mark]:
    return {name: running.mark for name, running in read_state(home).servers.items()}


def _count(stack: LocalStack) -> tuple[int, int]:
    """Add a row to PostgreSQL and one to Redis, and return how many each holds."""
    with psycopg.connect(stack.database_url) as connection, redis.Redis.from_url(stack.redis_url) as client:
        connection.execute("CREATE TABLE IF NOT EXISTS seen (at timestamptz DEFAULT now())")
        connection.execute("INSERT INTO seen DEFAULT VALUES")
        rows = connection.execute("SELECT count(*) FROM seen").fetchone()
        return (rows[0] if rows else 0, int(client.incr("seen")))


def test_what_was_written_is_there_after_a_restart(home: Path) -> None:
    """Data last in the home, and the addresses stay the same."""
    with LocalStack(home) as first:
        before = (first.database_url, first.redis_url, _count(first))
    with LocalStack(home) as second:
        after = (second.database_url, second.redis_url, _count(second))

    assert before == (*after[:2], (1, 1))
    assert after[2] == (2, 2)


def test_a_running_stack_is_shared_and_only_its_owner_stops_it(home: Path) -> None:
    """A second command beside `baton up` uses the same servers."""
    with LocalStack(home, fsync=False) as owner:
        with LocalStack(home, fsync=False) as guest:
            assert (owner.owned, guest.owned) == (True, False)
            assert (owner.database_url, owner.redis_url) == (guest.database_url, guest.redis_url)

        assert _count(owner) == (1, 1)


def test_two_homes_have_nothing_to_do_with_each_other(home: Path, tmp_path: Path) -> None:
    """Two stacks run side by side, on ports of their own."""
    with LocalStack(home, fsync=False) as one, LocalStack(tmp_path / "other", fsync=False) as other:
        assert _count(one) == (1, 1)
        assert _count(other) == (1, 1)
        assert len({one.database_url, other.database_url}) == 2


def test_nobody_gets_in_without_the_password(home: Path) -> None:
    """Other users of the machine reach the port, too."""
    with LocalStack(home, fsync=False) as stack:
        secret = (home / "secret").read_text()

        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(stack.database_url.replace(secret, "guess"))
        with pytest.raises(redis.AuthenticationError), redis.Redis.from_url(stack.redis_url.replace(secret, "x")) as us:
            us.ping()

    assert all(stat.S_IMODE((home / name).stat().st_mode) == 0o600 for name in ("secret", "stack.json"))


def test_no_folder_above_the_home_is_opened(tmp_path: Path) -> None:
    """Below a closed folder root's servers find their data, also after a restart, and the folder stays closed."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    above = {folder: folder.stat().st_mode for folder in (closed, *closed.parents)}

    with LocalStack(closed / "home") as stack:
        first = _count(stack)
    with LocalStack(closed / "home") as stack:
        second = _count(stack)
        place = read_state(stack.home).place
    remove([place or closed])

    assert (first, second) == ((1, 1), (2, 2))
    assert {folder: folder.stat().st_mode for folder in above} == above


def test_fleeting_data_are_gone_after_the_stop(home: Path) -> None:
    """A test run leaves neither processes nor gigabytes."""
    with LocalStack(home, fsync=False) as stack:
        marks, place = _marks(home), read_state(home).place
        assert stack.owned

    assert not any(is_alive(mark) for mark in marks.values())
    assert place is not None
    assert not (place / "postgres").exists()


def test_servers_that_are_killed_come_back_with_their_data(home: Path, eventually: Eventually) -> None:
    """Whoever owns the stack revives it, on the same ports, and nothing committed is lost."""
    with LocalStack(home) as stack:
        _count(stack)
        urls = (stack.database_url, stack.redis_url)
        killed = list(_marks(home).values())
        for mark in killed:
            os.kill(mark.pid, signal.SIGKILL)
        wait_for_end(killed, patience=20)

        # The parent of a process with threads hears of its end when the last of them has ended.
        revived: list[str] = []

        def all_are_back() -> bool:
            revived.extend(stack.revive())
            return sorted(revived) == ["postgres", "redis"]

        eventually(all_are_back)
        assert (stack.database_url, stack.redis_url) == urls
        assert _count(stack) == (2, 2)


def test_servers_end_with_a_killed_owner(home: Path) -> None:
    """Not even SIGKILL of the owner leaves an orphan, and the data are whole at the next start."""
    if sys.platform != "linux":
        return  # only Linux ties a process to its parent; the next test covers what others do
    code = (
        "import sys; from pathlib import Path; from shared.local.stack import LocalStack\n"
        "LocalStack(Path(sys.argv[1])).start(); print('up', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code, home], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"up\n"
        marks = list(_marks(home).values())
        owner.kill()

    assert len(marks) == 2
    assert wait_for_end(marks, patience=20) == []
    with LocalStack(home) as stack:
        assert _count(stack) == (1, 1)


def test_servers_of_a_dead_owner_are_replaced(home: Path) -> None:
    """Where servers outlive their owner, the next start stops them before it starts its own."""
    with LocalStack(home) as stack:
        _count(stack)
        orphans = _marks(home)
        state = read_state(home)
        write_state(home, replace(state, servers={n: replace(s, owner=_DEAD) for n, s in state.servers.items()}))

        with LocalStack(home) as heir:
            assert not any(is_alive(mark) for mark in orphans.values())
            assert heir.owned
            assert _count(heir) == (2, 2)


def test_leftovers_are_stopped_by_name(home: Path) -> None:
    """`baton down` needs no more than the home folder."""
    with LocalStack(home, fsync=False):
        marks = _marks(home)

        assert sorted(stop_leftovers(home)) == ["postgres", "redis"]
        assert not any(is_alive(mark) for mark in marks.values())
        assert stop_leftovers(home) == []


def test_a_lock_file_with_the_number_of_another_program_is_no_hindrance(home: Path) -> None:
    """After a crash of the machine its number may belong to anybody, here to this very test."""
    with LocalStack(home) as stack:
        place = read_state(home).place
        assert stack.owned
    assert place is not None
    lock = place / "postgres" / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{place / 'postgres'}\n1\n1\n\n127.0.0.1\n\nready\n")

    with LocalStack(home) as stack:
        assert _count(stack) == (1, 1)


def test_an_interrupted_creation_is_done_again(home: Path) -> None:
    """Data count as made only when they are complete."""
    (home / "postgres.new").mkdir(parents=True)
    (home / "postgres.new" / "PG_VERSION").write_text("18")
    home.chmod(0o711)

    with LocalStack(home, fsync=False) as stack:
        assert _count(stack) == (1, 1)


def test_a_port_that_was_taken_meanwhile_is_replaced(home: Path) -> None:
    """The remembered port is a wish, not a condition."""
    with LocalStack(home, servers=("redis",)) as stack:
        port = read_state(home).ports["redis"]
        assert stack.owned
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", port))
        squatter.listen()

        with LocalStack(home, servers=("redis",)):
            assert read_state(home).ports["redis"] != port


def test_fleeting_data_of_a_killed_run_are_deleted_by_the_next(home: Path, tmp_path: Path) -> None:
    """Data outside of a home are kept while their servers run, and deleted once nobody can use them."""
    with LocalStack(home, fsync=False) as stack:
        place = read_state(home).place
        assert place is not None
        delete_abandoned()
        assert (place / "postgres").is_dir()
        assert stack.owned
    lost = tmp_path / "lost"
    lost.mkdir()
    abandoned = Path("/tmp") / f"baton-abandoned-{os.getpid()}"  # noqa: S108  where such data lie
    abandoned.mkdir()
    (abandoned / "fleeting").write_text(str(lost / "no-more"))

    assert abandoned in delete_abandoned()
    assert not abandoned.exists()


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda home: home.write_text(""), "is a file: set BATON_HOME to a folder"),
        (lambda home: (home.mkdir(), (home / "stack.json").write_text("{")), "stack.json is damaged"),
    ],
)
def test_a_home_that_cannot_be_used_is_explained(home: Path, break_it: object, sentence: str) -> None:
    """The sentence names the place and the mend."""
    assert callable(break_it)
    break_it(home)

    with pytest.raises(UnavailableError, match=sentence):
        LocalStack(home).start()

    (home / "stack.json").unlink() if home.is_dir() else home.unlink()


def test_data_of_another_version_are_refused_in_a_sentence(home: Path) -> None:
    """PostgreSQL cannot read the data of another major version."""
    with LocalStack(home, fsync=False) as stack:
        place = read_state(home).place
        assert stack.owned
    assert place is not None
    other = place / "postgres"
    other.mkdir(parents=True, exist_ok=True)
    (other / "PG_VERSION").write_text("9\n")

    with pytest.raises(UnavailableError, match="were made by PostgreSQL 9, and the one found here is"):
        LocalStack(home).start()

"""The watcher of the processes: brings them up, keeps them up, and takes them all down."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from shared.errors import RefusedError, UnavailableError
from shared.local.marks import Mark, is_alive, wait_for_end
from shared.local.servers import Servers
from shared.settings import Settings
from workers.cli import main
from workers.processes.report import Report, read_report
from workers.processes.system import System, running_system
from workers.processes.table import ProcessSpec, celery_command, process_table

_SERVING = """
import os, signal, sys, threading
from shared.health import serve
from shared.settings import load_settings
settings = load_settings()
assert settings.database_url and settings.redis_url
done = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: done.set())
with serve(settings.metrics_port):
    done.wait()
"""
_CRASHING = "import sys; sys.exit('no rules: add some')"


def _spec(name: str, code: str = _SERVING) -> ProcessSpec:
    return ProcessSpec(name, (sys.executable, "-c", code))


def _settings(servers: Servers, url: str, home: Path) -> Settings:
    return Settings(home=home, database_url=url, redis_url=servers.redis_url, metrics_port=0)


def _mark(report: Report, name: str) -> Mark:
    mark = next(process.mark for process in report.processes if process.name == name)
    assert mark is not None
    return mark


def _restarts(system: System, name: str) -> int:
    return next(process.restarts for process in system.report().processes if process.name == name)


def test_a_system_is_ready_when_every_process_says_so(servers: Servers, empty_database_url: str, home: Path) -> None:
    """Each has a port of its own, and all of them end with the block."""
    with running_system(_settings(servers, empty_database_url, home), [_spec("one"), _spec("two")]) as system:
        report = system.report()
        written = read_report(home)
        pages = [httpx.get(process.url).text for process in report.processes]

    assert [process.state for process in report.processes] == ["ready", "ready"]
    assert len({process.port for process in report.processes}) == 2
    assert all("python_info" in page for page in pages)
    assert written == report
    assert not any(is_alive(process.mark) for process in report.processes)
    assert read_report(home) is None


def test_a_process_that_dies_is_started_again(
    servers: Servers, empty_database_url: str, home: Path, eventually: Callable[..., None]
) -> None:
    """Its restarts are counted, and the others are left alone."""
    with running_system(_settings(servers, empty_database_url, home), [_spec("one"), _spec("two")]) as system:
        before = system.report()

        os.kill(_mark(before, "one").pid, signal.SIGKILL)
        eventually(lambda: _restarts(system, "one") == 1 and system.report().is_ready)

        after = system.report()
        assert _mark(after, "one") != _mark(before, "one")
        assert _mark(after, "two") == _mark(before, "two")
        assert _restarts(system, "two") == 0


def test_a_process_that_cannot_start_is_quoted(servers: Servers, empty_database_url: str, home: Path) -> None:
    """Trying for ever would only hide the reason; nothing stays behind."""
    specs = [_spec("fine"), _spec("broken", _CRASHING)]

    with (
        pytest.raises(UnavailableError, match="broken ends as soon as it is started: no rules: add some"),
        running_system(_settings(servers, empty_database_url, home), specs),
    ):
        pass

    assert read_report(home) is None


def test_a_home_has_one_system(servers: Servers, empty_database_url: str, home: Path) -> None:
    """Two watchers would fight for the same ports and files."""
    settings = _settings(servers, empty_database_url, home)

    with (
        running_system(settings, []),
        pytest.raises(RefusedError, match="runs already: look at it with `baton status`"),
        running_system(settings, []),
    ):
        pass


def test_nothing_outlives_a_killed_watcher_but_what_down_finds(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After SIGKILL of the watcher, `baton down` leaves neither processes nor servers, on any system."""
    code = (
        "import sys, time; from pathlib import Path; from shared.settings import Settings\n"
        "from workers.processes.system import running_system; from workers.processes.table import ProcessSpec\n"
        "spec = ProcessSpec('one', (sys.executable, '-c', sys.argv[2]))\n"
        "with running_system(Settings(home=Path(sys.argv[1]), metrics_port=0), [spec]):\n"
        "    print('up', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, home, _SERVING], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as watcher:
        assert watcher.stdout is not None
        assert watcher.stdout.readline() == b"up\n"
        report = read_report(home)
        watcher.kill()
    monkeypatch.setenv("BATON_HOME", str(home))

    assert report is not None
    assert main(["down"]) == 0
    assert main(["down"]) == 0

    assert capsys.readouterr().out.endswith("Nothing was running.\n")
    assert wait_for_end([_mark(report, "one")], patience=20) == []


def test_the_table_holds_every_queue_once() -> None:
    """A queue without a worker would keep its messages for ever."""
    specs = process_table(Settings())
    queues = [
        word
        for spec in specs
        for before, word in zip(spec.command, spec.command[1:], strict=False)
        if before == "--queues"
    ]

    assert sorted(queues) == sorted({*queues})
    assert {"intake", "enrichment", "deduplication", "assignment", "escalation", "timers"} <= {*queues}
    assert [spec.name for spec in specs[:3]] == ["intake", "keeper", "exporter"]


def test_a_worker_is_plain_celery() -> None:
    """Whoever knows Celery can start one without us."""
    command = celery_command("assignment", 3)

    assert command[1:7] == ("-m", "celery", "--quiet", "--app", "workers.app", "worker")
    assert "--disable-prefetch" in command
    assert command[command.index("--concurrency") + 1] == "3"

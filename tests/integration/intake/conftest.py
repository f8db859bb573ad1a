"""What the tests of intake share: its commands, an intake at work, and a database that refuses."""

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.fixtures.intake import Answer, Baton
from tests.fixtures.pipeline import Pipeline
from workers.cli import main
from workers.intake.stream_loop import Intake


@pytest.fixture
def baton(
    pipeline: Pipeline,
    database_url: str,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Baton:
    """Run a command against the pipeline's servers."""
    monkeypatch.setenv("BATON_DATABASE_URL", database_url)
    monkeypatch.setenv("BATON_REDIS_URL", redis_url)
    assert pipeline.context.stream.lag() == 0

    def run(*arguments: object) -> Answer:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Answer(code, *capsys.readouterr())

    return run


@pytest.fixture
def intake(pipeline: Pipeline) -> Iterator[Intake]:
    """An intake at work."""
    thread = threading.Thread(target=pipeline.intake.run)
    thread.start()
    yield pipeline.intake
    pipeline.intake.stop()
    thread.join(20)


@pytest.fixture
def poison(pipeline: Pipeline) -> Callable[[], object]:
    """A database that refuses leads whose event id begins with poison; calling it ends that."""
    pipeline.rows(
        """
        CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = 'check_violation'; END $$;
        CREATE TRIGGER refuse_poison BEFORE INSERT ON lead FOR EACH ROW
            WHEN (NEW.event_id LIKE 'poison%') EXECUTE FUNCTION refuse_poison()
        """
    )
    return lambda: pipeline.rows("DROP TRIGGER refuse_poison ON lead")


@pytest.fixture
def dead_consumer() -> str:
    """The name of a consumer whose process on this host is dead."""
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return f"{socket.gethostname()}:{process.pid}"

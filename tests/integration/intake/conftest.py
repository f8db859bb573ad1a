"""What the tests of intake share: an intake at work, and a database that refuses."""

import socket
import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.fixtures.pipeline import Pipeline
from workers.intake.stream_loop import Intake


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

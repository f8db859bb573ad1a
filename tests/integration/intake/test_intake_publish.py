"""`baton publish`: what goes in, what comes of it, and what is said of it."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from shared.errors import RefusedError
from tests.fixtures.commands import Baton
from tests.fixtures.intake import lines_file, table_file
from tests.fixtures.pipeline import Pipeline, lead_event
from workers.intake.confirming import Confirming
from workers.intake.publishing import Pace, to_stream
from workers.intake.tasks import submit
from workers.intake.waiting import look


def test_json_lines_are_published_as_they_are(baton: Baton, pipeline: Pipeline, tmp_path: Path) -> None:
    """Byte for byte, without being read, and by the file channel."""
    lines = [orjson.dumps(lead_event()), b" {not json \xff", b'{"id": 1}']
    answer = baton(
        "publish", lines_file(tmp_path / "a.jsonl", lines[0], b"", lines[1]), lines_file(tmp_path / "b.jsonl", lines[2])
    )

    entries = pipeline.context.stream.read(10, 100)
    assert (answer.code, answer.out, answer.err) == (0, "3 published.\n", "")
    assert [entry.body for entry in entries] == lines
    assert {entry.channel for entry in entries} == {"file"}


def test_standard_input_is_published(pipeline: Pipeline, database_url: str, redis_url: str) -> None:
    """For pipes, with nothing but the answer on stdout."""
    bodies = orjson.dumps(lead_event()) + b"\n\n?\n"
    done = subprocess.run(
        [sys.executable, "-m", "workers", "publish", "-", "--json"],
        input=bodies,
        capture_output=True,
        env={**os.environ, "BATON_DATABASE_URL": database_url, "BATON_REDIS_URL": redis_url},
        check=False,
    )

    assert done.stderr == b""
    assert json.loads(done.stdout) == {"published": 2, "rejected": 0, "rejections": []}
    assert pipeline.context.stream.lag() == 2


@pytest.mark.usefixtures("intake")
def test_publishing_confirmed_says_what_became_of_each(baton: Baton, pipeline: Pipeline, tmp_path: Path) -> None:
    """The numbers add up, and the same file again adds nothing."""
    twin = lead_event("twin")
    path = lines_file(tmp_path / "a.jsonl", twin, twin, b"?", b"?", b"!", *[lead_event() for _ in range(95)])

    first = baton("publish", path, "--confirm", "--json")
    again = baton("publish", path, "--confirm", "--json")

    nothing = {"republished": 0, "rejected": 0, "rejections": []}
    assert first.facts == {"published": 100, "captured": 96, "duplicates": 2, "quarantined": 2, **nothing}
    assert again.facts == {"published": 100, "captured": 0, "duplicates": 100, "quarantined": 0, **nothing}
    assert (first.code, again.code) == (0, 0)
    baton("wait", "--timeout", 0)
    assert pipeline.value("SELECT count(*) FROM lead") == 96


@pytest.mark.usefixtures("intake")
def test_a_table_published_twice_adds_nothing(baton: Baton, pipeline: Pipeline, tmp_path: Path) -> None:
    """Rows without an id have one by their content; twins in one file are two leads."""
    rows = ("E-mail;Email;attributes.persona", "x;ana@a.example;CFO", "x;ana@a.example;CFO", ";bob@a.example;")
    path = table_file(tmp_path / "spring fair.csv", *rows)

    first = baton("publish", path, "--confirm", "--json")
    again = baton("publish", path, "--confirm", "--json")

    assert (first.facts["captured"], again.facts["captured"], again.facts["duplicates"]) == (3, 0, 3)
    assert pipeline.rows("SELECT source, data FROM event GROUP BY source, data ORDER BY data ->> 'email'") == [
        {
            "source": "/files/spring%20fair.csv",
            "data": {"email": "ana@a.example", "E-mail": "x", "attributes": {"persona": "CFO"}},
        },
        {"source": "/files/spring%20fair.csv", "data": {"email": "bob@a.example"}},
    ]


def test_rows_that_make_no_event_are_reported_and_exit_1(baton: Baton, pipeline: Pipeline, tmp_path: Path) -> None:
    """The others are published."""
    path = table_file(tmp_path / "a.csv", "email,test", "a@a.example,yes", "b@a.example,maybe")

    answer = baton("publish", path, "--json")

    rejections = [{"file": str(path), "line": 3, "reason": "test: 'maybe' is neither true nor false"}]
    assert answer.code == 1
    assert answer.facts == {"published": 1, "rejected": 1, "rejections": rejections}
    assert pipeline.context.stream.lag() == 1


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("none.jsonl", None, "there is no such file"),
        ("bad.csv", b"email\nRen\xe9@a.example\n", "line 2: byte 0xe9 at column 4 is not UTF-8"),
        ("bad.csv", b"name\nAna\n", "neither a column email nor a column phone"),
        ("leads.txt", b"", "publish reads .jsonl and .csv"),
    ],
)
def test_a_file_that_cannot_be_published_is_a_sentence(
    baton: Baton, pipeline: Pipeline, tmp_path: Path, name: str, content: bytes | None, sentence: str
) -> None:
    """And the good file beside it has not been published in half."""
    if content is not None:
        (tmp_path / name).write_bytes(content)

    answer = baton("publish", tmp_path / name)

    assert (answer.code, answer.out) == (2, "")
    assert str(tmp_path / name) in answer.err
    assert sentence in answer.err
    assert pipeline.context.stream.lag() == 0


def test_http_comes_later(baton: Baton, tmp_path: Path) -> None:
    """And says so."""
    answer = baton("publish", lines_file(tmp_path / "a.jsonl"), "--to", "http")

    assert answer.code == 2
    assert "gateway comes in a later release" in answer.err


def test_celery_carries_every_byte(baton: Baton, pipeline: Pipeline, tmp_path: Path) -> None:
    """What a worker gets from the broker is what stood in the file, text or not."""
    lines = [orjson.dumps(lead_event("c-1")), b"\xff not utf-8", "näh".encode()]

    answer = baton("publish", lines_file(tmp_path / "a.jsonl", *lines), "--to", "celery", "--json")
    waiting = look(pipeline.context).submissions
    message: Any = pipeline.context.stream.client.lpop("intake")
    arguments, _, _ = json.loads(base64.b64decode(json.loads(message)["body"]))
    submit(pipeline.context, *arguments)

    assert (answer.facts["published"], waiting) == (3, 1)
    assert [entry.body for entry in pipeline.context.stream.read(10, 100)] == lines


@pytest.mark.usefixtures("intake")
def test_what_was_lost_is_published_again(pipeline: Pipeline) -> None:
    """Until everything has arrived; what is counted is what was published once."""
    send = to_stream(pipeline.context)
    losses = iter([True, True, False])

    def lossy(bodies: list[bytes]) -> None:
        send(bodies[::2] if next(losses, False) else bodies)

    events = [orjson.dumps(lead_event()) for _ in range(20)]
    arrivals = Confirming(pipeline.context, lossy, Pace(None), 20.0, lost_after=0.05).publish(events, lambda _: None)

    assert (arrivals.published, arrivals.captured, arrivals.republished) == (20, 20, 10 + 5)
    assert (arrivals.duplicates, arrivals.quarantined) == (0, 0)
    assert pipeline.value("SELECT count(*) FROM lead") == 20


def test_confirming_ends_with_a_sentence_when_nobody_captures(pipeline: Pipeline) -> None:
    """It is not published again meanwhile, for it is not lost: it waits in the stream."""
    confirming = Confirming(pipeline.context, to_stream(pipeline.context), Pace(None), 0.3, lost_after=0.05)

    with pytest.raises(RefusedError, match=r"2 events are not captured, and none was for 0\.3 s: is `baton intake`"):
        confirming.publish([orjson.dumps(lead_event()) for _ in range(2)], lambda _: None)

    assert pipeline.context.stream.lag() == 2


@pytest.mark.usefixtures("intake", "poison")
def test_what_the_database_refuses_counts_as_quarantined(pipeline: Pipeline) -> None:
    """The publisher need not wait for an event that will never be captured."""
    events = [orjson.dumps(lead_event(name)) for name in ("good", "poison")]

    arrivals = Confirming(pipeline.context, to_stream(pipeline.context), Pace(None), 20.0).publish(
        events, lambda _: None
    )

    assert (arrivals.captured, arrivals.quarantined) == (1, 1)

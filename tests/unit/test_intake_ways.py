"""The ways in, without servers: bodies as texts and back, batches, pace, and batches that one item spoils."""

import json
from typing import Any

import orjson
import psycopg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from shared.bus.stream import cut
from workers.intake.halving import apply_in_halves
from workers.intake.policy.bodies import as_body, as_text
from workers.intake.publishing import Pace, publish


@given(st.binary(max_size=50))
@example(b"\xff\xed\xa0\x80{}")
def test_no_byte_changes_on_its_way_through_celery(body: bytes) -> None:
    """A message is JSON, and an event is bytes."""
    assert as_body(json.loads(json.dumps(as_text(body)))) == body


@pytest.mark.parametrize(
    ("item", "body"),
    [
        ('{"id": "1"}', b'{"id": "1"}'),
        ({"id": "1", "data": {"n": 1.5, "x": None}}, b'{"id":"1","data":{"n":1.5,"x":null}}'),
        ({"id": 2**70}, b'{"id": 1180591620717411303424}'),
        ({"id": "\ud800"}, b'{"id": "\\ud800"}'),
        ("\ud800", b"\xed\xa0\x80"),
        (7, b"7"),
        (None, b"null"),
    ],
)
def test_whatever_celery_carries_is_a_body(item: Any, body: bytes) -> None:
    """What is no event must reach quarantine and not break the task."""
    assert as_body(item) == body


@given(st.lists(st.binary(max_size=30), max_size=40), st.integers(1, 5), st.integers(1, 60))
def test_a_cut_loses_nothing_and_keeps_to_its_size(bodies: list[bytes], events: int, size: int) -> None:
    """Only a body that is too large by itself makes a batch that is too large."""
    batches = list(cut(bodies, events, size))

    assert [body for batch in batches for body in batch] == bodies
    assert all(1 <= len(batch) <= events for batch in batches)
    assert all(len(batch) == 1 or sum(map(len, batch)) <= size for batch in batches)


@pytest.mark.parametrize("rate", [0.5, 3.0, 250.0, 100_000.0])
def test_a_pace_keeps_the_rate(rate: float) -> None:
    """After n events at least (n minus the last batch) / rate seconds have passed, and not much more."""
    clock = [1000.0]
    sent: list[tuple[float, int]] = []

    def pause(seconds: float) -> None:
        clock[0] += seconds

    pace = Pace(rate, now=lambda: clock[0], pause=pause)
    publish((b"x" for _ in range(1200)), lambda batch: sent.append((clock[0], len(batch))), pace, lambda _: None)

    before = 0
    for at, events in sent:
        assert at - 1000.0 == pytest.approx(before / rate)
        before += events
    assert before == 1200


def test_a_slow_receiver_does_not_make_the_pace_hurry_for_ever() -> None:
    """Events go when their time has come, and not before it, however late the ones before them were."""
    clock = [0.0]
    sent: list[float] = []

    def send(batch: list[bytes]) -> None:
        sent.extend(clock[0] for _ in batch)
        clock[0] += 0.3 if len(sent) == 1 else 0.0

    def pause(seconds: float) -> None:
        clock[0] += seconds

    publish((b"x" for _ in range(5)), send, Pace(10.0, lambda: clock[0], pause), lambda _: None)

    assert sent == pytest.approx([0.0, 0.3, 0.3, 0.3, 0.4])


def _refusal(error: psycopg.Error) -> DBAPIError:
    return DBAPIError("INSERT", {}, error)


@given(st.lists(st.tuples(st.integers(), st.booleans()), min_size=1, max_size=40))
def test_only_the_culprits_of_a_batch_are_refused(items: list[tuple[int, bool]]) -> None:
    """Each item is applied once or refused once, in order, and every neighbour of a culprit is applied."""
    applied: list[tuple[int, bool]] = []
    refused: list[tuple[int, bool]] = []

    def apply(batch: Any) -> None:
        if any(is_bad for _, is_bad in batch):
            raise _refusal(psycopg.errors.UntranslatableCharacter())
        applied.extend(batch)

    apply_in_halves(items, apply, lambda item, _: refused.append(item))

    assert applied == [item for item in items if not item[1]]
    assert refused == [item for item in items if item[1]]


@pytest.mark.parametrize(
    "error",
    [
        _refusal(psycopg.errors.NumericValueOutOfRange()),
        _refusal(psycopg.errors.CheckViolation()),
        _refusal(psycopg.errors.ProgramLimitExceeded()),
        _refusal(psycopg.errors.StatementTooComplex()),
        RecursionError(),
        OverflowError(),
        orjson.JSONEncodeError("deep"),
    ],
)
def test_what_data_cause_is_isolated(error: Exception) -> None:
    """The refusal tells which error it was."""
    seen: list[Exception] = []

    def apply(_: Any) -> None:
        raise error

    apply_in_halves([1], apply, lambda _, cause: seen.append(cause))

    assert seen == [error.orig if isinstance(error, DBAPIError) else error]


@pytest.mark.parametrize(
    "error",
    [
        _refusal(psycopg.errors.AdminShutdown()),
        _refusal(psycopg.errors.LockNotAvailable()),
        _refusal(psycopg.errors.DiskFull()),
        _refusal(psycopg.errors.UndefinedTable()),
        ConnectionError(),
    ],
)
def test_what_the_server_causes_is_raised(error: Exception) -> None:
    """No event goes to quarantine because a server is away."""

    def apply(_: Any) -> None:
        raise error

    with pytest.raises(type(error)):
        apply_in_halves([1, 2], apply, lambda item, _: pytest.fail(f"refused {item}"))

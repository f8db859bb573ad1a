"""Capture: every event that is read ends in exactly one place, whatever it is and however often it comes."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.bus.queues import TaskName
from tests.fixtures.intake import conservation, other_event
from tests.fixtures.pipeline import Pipeline, counted, lead_event, rep
from workers.intake.policy.events import MAX_BYTES, MAX_DEPTH
from workers.intake.tasks import capture_batch, submit


def _quarantine(pipeline: Pipeline) -> list[dict[str, Any]]:
    return pipeline.rows("SELECT body, reason, event_source, event_id, resolved_at FROM quarantine ORDER BY 1")


def test_the_same_event_a_thousand_times_is_one_lead(pipeline: Pipeline) -> None:
    """Within a batch and over many, also under the same key with other data."""
    event = lead_event("f-1")
    changed = {**event, "data": {**event["data"], "company": "Another"}}

    lead_ids = [*pipeline.publish(*[event] * 700), *pipeline.publish(*[event, changed] * 150)]

    assert len(lead_ids) == 1
    assert pipeline.rows("SELECT source, id, data ->> 'company' AS company FROM event") == [
        {"source": "/forms/demo", "id": "f-1", "company": event["data"]["company"]}
    ]
    assert conservation(pipeline) == {
        "received_events": 1000,
        "leads": 1,
        "applied": 0,
        "refused": 0,
        "duplicates": 999,
        "quarantined": 0,
        "delta": 0,
    }
    assert pipeline.hints.published == [(TaskName.ENRICH, lead_ids)]


def test_the_same_id_of_another_source_is_anotherother_event(pipeline: Pipeline) -> None:
    """The key is the pair."""
    assert len(pipeline.publish(lead_event("1", source="/a"), lead_event("1", source="/b"))) == 2


def _nested(levels: int) -> str:
    return '{"email": "a@b.example", "x": ' + "[" * levels + "]" * levels + "}"


_ENVELOPE = '"id": "m-1", "source": "/m", "type": "lead.submitted"'

#: What publishers and attackers send that is no event, and how its reason begins.
_MALFORMED = {
    "not JSON": (b"<xml/>", "not JSON"),
    "nothing": (b"", "not JSON"),
    "no text": (bytes(range(256)), "not JSON"),
    "no object": (b"[1]", "not a JSON object"),
    "no id": (b'{"source": "/m", "type": "lead.submitted", "data": {}}', "no id"),
    "no source": (b'{"id": "m", "type": "lead.submitted", "data": {}}', "no source"),
    "wrong type of id": (b'{"id": {}, "source": "/m", "type": "lead.submitted", "data": {}}', "id is not a text"),
    "wrong type of data": (f'{{{_ENVELOPE}, "data": "text"}}'.encode(), "data is not an object"),
    "too large": (f'{{{_ENVELOPE}, "data": {{"x": "{"y" * MAX_BYTES}"}}}}'.encode(), "larger than 64 KiB"),
    "much too large": (b"\0" * (20 * 1024 * 1024), "larger than 64 KiB"),
    "unknown type": (b'{"id": "m", "source": "/m", "type": "lead.sold", "data": {}}', "unknown event type 'lead.sold'"),
    "no contact": (f'{{{_ENVELOPE}, "data": {{"email": "a@", "phone": "1"}}}}'.encode(), "neither a valid email"),
    "NUL in the id": (b'{"id": "a\\u0000", "source": "/m", "type": "lead.submitted", "data": {}}', "id contains a NUL"),
    "deep": (f'{{{_ENVELOPE}, "data": {_nested(MAX_DEPTH)}}}'.encode(), "nested deeper"),
    "deeper": (f'{{{_ENVELOPE}, "data": {_nested(30_000)}}}'.encode(), "not JSON"),
    "infinite number": (f'{{{_ENVELOPE}, "data": {{"email": "a@b.example", "x": 1e999}}}}'.encode(), "not JSON"),
    "half a surrogate pair": (f'{{{_ENVELOPE}, "data": {{"email": "\\ud800@b.example"}}}}'.encode(), "not JSON"),
    "a long key": (
        orjson.dumps({"id": "\U0001f600" * 1000, "source": "/m", "type": "lead.submitted", "data": {}}),
        "id is longer than",
    ),
    "a long lead id": (
        orjson.dumps({"id": "m", "source": "/m", "type": "lead.seen", "data": {"lead_id": "1" * 5000, "rep_id": "r"}}),
        "lead_id is not a number",
    ),
}


@pytest.mark.parametrize("kind", list(_MALFORMED))
def test_what_cannot_be_read_goes_to_quarantine_whole(pipeline: Pipeline, kind: str) -> None:
    """Alone and beside an event that can be read; with its reason; the same bytes are one row."""
    body, reason = _MALFORMED[kind]

    assert pipeline.publish(body) == []
    assert len(pipeline.publish(lead_event(), body, lead_event())) == 2

    (kept,) = _quarantine(pipeline)
    assert kept["body"] == body
    assert kept["reason"].startswith(reason)
    assert kept["resolved_at"] is None
    assert conservation(pipeline) | {"quarantined": 1, "duplicates": 1, "delta": 0} == conservation(pipeline)


@pytest.mark.parametrize(
    "data",
    [
        {"x": 2**64 - 1, "y": -(2**63), "z": 1.7976931348623157e308, "n": 5e-324},
        {"x": [[[[[[{"deep": [None, True]}]]]]]]},
        {"": "", "\ufeff": "\ufffe", "emoji": "👩🏽‍🚒", "rtl": "\u202eevil", "quote": "'; DROP TABLE lead; --"},
        {"company": "%(events)s %s %", "name": "{0} $1 :name"},
        {"company": ["not", "a", "text"], "country": {"iso": "GB"}, "employees": True, "test": "yes"},
    ],
)
def test_odd_data_are_stored_as_they_came(pipeline: Pipeline, data: dict[str, Any]) -> None:
    """What can be read becomes a lead; no value of it is interpreted on the way."""
    (lead_id,) = pipeline.publish(lead_event(**data))

    (stored,) = pipeline.rows("SELECT data FROM event WHERE lead_id = :id", id=lead_id)
    assert {name: stored["data"][name] for name in data} == data


def test_a_nul_inside_a_field_is_replaced_and_the_event_stored(pipeline: Pipeline) -> None:
    """PostgreSQL cannot keep it; losing the lead for it would be worse."""
    pipeline.publish(lead_event(company="Ac\0me", attributes={"a\0b": ["\0"]}))

    (event,) = pipeline.rows("SELECT data FROM event")
    assert event["data"]["company"] == "Ac\ufffdme"
    assert event["data"]["attributes"] == {"a\ufffdb": ["\ufffd"]}


def test_a_test_lead_is_marked(pipeline: Pipeline) -> None:
    """Only by true itself."""
    pipeline.publish(lead_event(test=True), lead_event(test=False), lead_event(test="true"), lead_event())

    assert pipeline.ids("SELECT test FROM lead ORDER BY lead_id") == [True, False, False, False]


def test_what_was_put_aside_opens_again_when_it_comes_again(pipeline: Pipeline) -> None:
    """Somebody publishes it still, so somebody should look at it."""
    pipeline.publish(b"?")
    pipeline.rows("UPDATE quarantine SET resolved_at = now(), resolution = 'discarded', resolved_by = 'ops'")

    pipeline.publish(b"?")

    assert [row["resolved_at"] for row in _quarantine(pipeline)] == [None]
    assert conservation(pipeline)["delta"] == 0


@pytest.mark.usefixtures("poison")
def test_what_the_database_refuses_is_isolated(pipeline: Pipeline) -> None:
    """The culprits of a batch go to quarantine, each alone; all others are captured, and each is counted once."""
    events = [lead_event(f"poison-{n}" if n in {0, 57, 58, 199} else f"good-{n}") for n in range(200)]

    lead_ids = pipeline.publish(*events)

    assert len(lead_ids) == 196
    assert {orjson.loads(row["body"])["id"] for row in _quarantine(pipeline)} == {
        "poison-0",
        "poison-57",
        "poison-58",
        "poison-199",
    }
    assert {row["reason"] for row in _quarantine(pipeline)} == {"it cannot be stored (CheckViolation)"}
    assert conservation(pipeline) | {"received_events": 200, "quarantined": 4, "delta": 0} == conservation(pipeline)


def test_statements_do_not_grow_with_the_batch(pipeline: Pipeline) -> None:
    """Three hundred leads cost as many statements as one; and so do many events of every kind."""
    pipeline.sync("reps", [rep("rae")])

    def cost(events: list[Any]) -> int:
        bodies = [one if isinstance(one, bytes) else orjson.dumps(one) for one in events]
        pipeline.context.stream.publish(bodies)
        entries = pipeline.context.stream.read(len(bodies), 100)
        assert len(entries) == len(bodies)
        with counted(pipeline.context.engine) as statements:
            capture_batch(pipeline.context, entries)
        pipeline.context.stream.acknowledge(entries)
        return len(statements)

    def mixed(count: int) -> list[Any]:
        return [
            event
            for number in range(count)
            for event in (
                lead_event(),
                f"malformed {count} {number}".encode(),
                other_event("lead.engaged", email=f"{number}@a.example", signal="s"),
                other_event("lead.engaged", lead_id=number + 1, signal="s"),
                other_event("lead.seen", lead_id=1, rep_id="rae"),
                other_event("account.upserted", account_id=f"{count}-{number}", name="A"),
                other_event("opportunity.upserted", opportunity_id=f"{count}-{number}"),
                other_event("rep.upserted", **rep(f"{count}-{number}")),
                other_event("rep.upserted", **rep(f"gone-{count}-{number}", status="departed")),
            )
        ]

    assert cost([lead_event()]) == cost([lead_event() for _ in range(300)]) <= 6
    assert cost(mixed(1)) == cost(mixed(40))


def test_answers_are_handed_on_to_the_room_that_keeps_the_clock(pipeline: Pipeline) -> None:
    """By the number of the event, which stays open until that room settles it."""
    pipeline.publish(
        other_event("lead.accepted", lead_id=1, rep_id="rae"), other_event("feature.shipped", feature="gantt")
    )

    numbers = pipeline.ids("SELECT event_number FROM event WHERE outcome = 'open' ORDER BY 1")
    assert pipeline.hints.published == [(TaskName.ANSWER, numbers)]
    assert conservation(pipeline) | {"applied": 2, "delta": 0} == conservation(pipeline)


def test_a_submission_through_celery_is_an_event_like_any_other(pipeline: Pipeline) -> None:
    """One or a list, documents or texts; the way in is known, and what is no event ends in quarantine."""
    submit(pipeline.context, lead_event("c-1"))
    submit(pipeline.context, [lead_event("c-2"), orjson.dumps(lead_event("c-1")).decode(), 7, "\udcff", {"id": 2**80}])

    entries: Any = pipeline.context.stream.client.xrange("baton:events")
    pipeline.capture()

    assert {fields[b"channel"] for _, fields in entries} == {b"celery"}
    assert pipeline.ids("SELECT event_id FROM lead ORDER BY 1") == ["c-1", "c-2"]
    assert [row["body"] for row in _quarantine(pipeline)] == [b"7", b'{"id": 1208925819614629174706176}', b"\xff"]
    assert conservation(pipeline) | {"received_events": 6, "duplicates": 1, "delta": 0} == conservation(pipeline)


_mixes = st.lists(
    st.tuples(
        st.sampled_from(["lead", "malformed", "engaged", "unknown lead", "account", "answer"]), st.integers(0, 6)
    ),
    max_size=40,
)


def _of_mix(kind: str, number: int) -> dict[str, Any] | bytes:
    """Return the event of a kind and number: the same pair is the same event."""
    if kind == "malformed":
        return f"malformed {number}".encode()
    key = f"{kind}-{number}"
    at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=number % 3)
    return {
        "lead": lead_event(key, email=f"{number}@mix.example"),
        "engaged": other_event("lead.engaged", key, email=f"{number}@mix.example", signal="s"),
        "unknown lead": other_event("lead.engaged", key, lead_id=10_000 + number, signal="s"),
        "account": other_event("account.upserted", key, at, account_id=f"a-{number % 2}", name=key),
        "answer": other_event("lead.seen", key, lead_id=number + 1, rep_id="rae"),
    }[kind]


@given(mix=_mixes, sizes=st.lists(st.integers(1, 12), min_size=1, max_size=8))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_event_ends_in_exactly_one_place(
    pipeline: Pipeline, mix: list[tuple[str, int]], sizes: list[int]
) -> None:
    """For any mix in any batches: the tally is what was published, and the places add up to it."""
    pipeline.clear()
    rest = [_of_mix(kind, number) for kind, number in mix]
    for size in itertools.cycle(sizes):
        if not rest:
            break
        pipeline.publish(*rest[:size])
        rest = rest[size:]

    distinct = set(mix)
    row = conservation(pipeline)
    assert (row["received_events"], row["delta"]) == (len(mix), 0)
    assert row["duplicates"] == len(mix) - len(distinct)
    assert row["leads"] == sum(kind == "lead" for kind, _ in distinct)
    assert row["quarantined"] == sum(kind == "malformed" for kind, _ in distinct)
    assert row["applied"] + row["refused"] == sum(kind not in {"lead", "malformed"} for kind, _ in distinct)

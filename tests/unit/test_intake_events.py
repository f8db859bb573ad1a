"""Reading events: what is captured, what goes to quarantine with which reason, and that nothing breaks the reader."""

import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.db.arrays import rows_as_json
from workers.intake.policy.events import (
    ANSWERS,
    MAX_BYTES,
    MAX_DEPTH,
    MAX_KEY,
    MAX_REASON,
    REFERENCES,
    Event,
    Unreadable,
    lead_id_of,
    read_event,
    sort_bodies,
)
from workers.intake.policy.records import KINDS

_LEAD = {"email": "ana@acme.example"}


def _body(**changes: Any) -> bytes:
    document = {"specversion": "1.0", "id": "e-1", "source": "/forms", "type": "lead.submitted", "data": _LEAD}
    # The standard library encodes deeper than orjson.
    return json.dumps({name: value for name, value in (document | changes).items() if value is not ...}).encode()


def _nested(levels: int) -> dict[str, Any]:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return {**_LEAD, "extra": value}


def _read(body: bytes) -> Event:
    event = read_event(body)
    assert isinstance(event, Event), event
    return event


def _reason(body: bytes) -> str:
    event = read_event(body)
    assert isinstance(event, Unreadable)
    assert event.body == body
    return event.reason


@pytest.mark.parametrize(
    ("event_type", "data", "kind"),
    [
        ("lead.submitted", _LEAD, "lead"),
        ("lead.submitted", {"phone": "+44 20 7946 0958"}, "lead"),
        ("lead.submitted", {"phone": "020 7946 0958", "country": "UK"}, "lead"),
        ("lead.engaged", {**_LEAD, "signal": "pricing_page_view"}, "engagement"),
        ("lead.engaged", {"lead_id": 7, "signal": "pricing_page_view"}, "engagement"),
        ("account.upserted", {"account_id": "a", "name": "Acme"}, "reference"),
        ("opportunity.upserted", {"opportunity_id": "o"}, "reference"),
        ("rep.upserted", {"rep_id": "r", "name": "Rae", "status": "active"}, "reference"),
        ("feature.shipped", {"feature": "gantt"}, "feature"),
        *[(name, {"lead_id": "7", "rep_id": "r"}, "answer") for name in sorted(ANSWERS)],
    ],
)
def test_every_type_of_event_is_read(event_type: str, data: dict[str, Any], kind: str) -> None:
    """The envelope and the data come out as they went in."""
    event = _read(_body(type=event_type, data=data, time="2026-11-21T10:12:00+01:00"))

    assert (event.key, event.type, event.kind, event.data) == (("/forms", "e-1"), event_type, kind, data)
    assert event.time == datetime(2026, 11, 21, 9, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (_body().replace(b"ana@", b"\x00@"), "not JSON"),
        (_body().replace(b"ana@", b"\\ud800@"), "not JSON"),
        (_body().replace(b'"e-1"', b"1e400"), "not JSON"),
        (b"[" * 60_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b"7", "not a JSON object"),
        (b"null", "not a JSON object"),
        (_body(data={**_LEAD, "x": "y" * MAX_BYTES}), "larger than 64 KiB"),
        (_body(id=...), "no id"),
        (_body(id=None), "no id"),
        (_body(id=""), "no id"),
        (_body(id=7), "id is not a text"),
        (_body(id=["e"]), "id is not a text"),
        (_body(id="e\0"), "id contains a NUL character"),
        (_body(id="e" * (MAX_KEY + 1)), f"id is longer than {MAX_KEY} bytes"),
        (_body(id="😀" * (MAX_KEY // 4 + 1)), f"id is longer than {MAX_KEY} bytes"),
        (_body(source=...), "no source"),
        (_body(source=7), "source is not a text"),
        (_body(source="/\0"), "source contains a NUL character"),
        (_body(source="/" * (MAX_KEY + 1)), f"source is longer than {MAX_KEY} bytes"),
        (_body(type=...), "no type"),
        (_body(type=True), "type is not a text"),
        (_body(type="lead.sold"), "unknown event type 'lead.sold'"),
        (_body(specversion="0.3"), "specversion '0.3' is not 1.0"),
        (_body(specversion=1), "specversion 1 is not 1.0"),
        (_body(data=...), "data is not an object"),
        (_body(data=None), "data is not an object"),
        (_body(data="text"), "data is not an object"),
        (_body(data=[_LEAD]), "data is not an object"),
        (_body(data=_nested(MAX_DEPTH)), f"nested deeper than {MAX_DEPTH} levels"),
        (_body(data=_nested(900)), f"nested deeper than {MAX_DEPTH} levels"),
        (_body(data={}), "neither a valid email nor a valid phone"),
        (_body(data={"email": "ana@", "phone": "0"}), "neither a valid email nor a valid phone"),
        (_body(data={"email": ["ana@acme.example"], "phone": {}}), "neither a valid email nor a valid phone"),
        (_body(data={"phone": "020 7946 0958"}), "neither a valid email nor a valid phone"),
        (_body(type="lead.engaged", data=_LEAD), "no signal"),
        (_body(type="lead.engaged", data={"signal": "s"}), "neither a valid email nor a lead_id"),
        (_body(type="lead.accepted", data={"rep_id": "r"}), "lead_id is not a number"),
        (_body(type="lead.accepted", data={"lead_id": 0, "rep_id": "r"}), "lead_id is not a number"),
        (_body(type="lead.accepted", data={"lead_id": "9" * 5000, "rep_id": "r"}), "lead_id is not a number"),
        (_body(type="lead.accepted", data={"lead_id": 2**63, "rep_id": "r"}), "lead_id is not a number"),
        (_body(type="lead.accepted", data={"lead_id": 7}), "no rep_id"),
        (_body(type="feature.shipped", data={}), "no feature"),
        (_body(type="account.upserted", data={"account_id": "a"}), "name is missing"),
        (_body(type="rep.upserted", data={"rep_id": "r", "name": "n", "status": "gone"}), "status: 'gone' is none of"),
    ],
)
def test_what_cannot_be_read_says_why(body: bytes, reason: str) -> None:
    """The body is kept whole, and the reason is for a person."""
    assert _reason(body).startswith(reason)


def test_an_unreadable_event_keeps_the_key_it_has() -> None:
    """Quarantine can be searched by source and id where the event has them."""
    unreadable = read_event(_body(type="lead.sold"))

    assert isinstance(unreadable, Unreadable)
    assert (unreadable.source, unreadable.id) == ("/forms", "e-1")


def test_a_reason_stays_a_sentence() -> None:
    """A word of kilobytes is not quoted whole."""
    assert len(_reason(_body(specversion="x" * 10_000))) == MAX_REASON


def test_a_nul_within_the_data_is_replaced_visibly() -> None:
    """PostgreSQL stores none; everything else of the event stays."""
    event = _read(_body(data={**_LEAD, "company": "Ac\0me", "attributes": {"a\0": ["\0", 1]}}))

    assert event.data == {**_LEAD, "company": "Ac\ufffdme", "attributes": {"a\ufffd": ["\ufffd", 1]}}


@pytest.mark.parametrize("levels", [1, 10, MAX_DEPTH - 3])
def test_a_nested_event_within_the_limit_can_be_written(levels: int) -> None:
    """What is read can be encoded again, in the rows that the database gets."""
    event = _read(_body(data=_nested(levels)))

    assert rows_as_json([{"data": event.data}])


@pytest.mark.parametrize(
    "time", [None, 7, "", "yesterday", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
def test_a_time_that_cannot_be_read_is_unknown(time: object) -> None:
    """The event itself is still good."""
    assert _read(_body(time=time)).time is None


def test_a_time_without_an_offset_is_utc() -> None:
    """As everywhere in Baton."""
    assert _read(_body(time="2026-11-21T09:12:00")).time == datetime(2026, 11, 21, 9, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "number"), [(7, 7), ("7", 7), ("٧", None), (True, None), (7.0, None), ("-7", None), (None, None)]
)
def test_a_lead_id_is_a_number_or_its_digits(value: object, number: int | None) -> None:
    """Nothing else is taken for one."""
    assert lead_id_of({"lead_id": value}) == number


def test_a_batch_is_sorted_by_key_and_by_bytes() -> None:
    """The first of a key stands, whatever follows under it; the same unreadable bytes are one."""
    bodies = [_body(), _body(data={"email": "other@acme.example"}), b"?", _body(id="e-2"), b"?", b"!"]

    found = sort_bodies(bodies)

    assert [(event.id, event.data) for event in found.events] == [("e-1", _LEAD), ("e-2", _LEAD)]
    assert [one.body for one in found.unreadable] == [b"?", b"!"]
    assert found.repeats == 2


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
_names = st.sampled_from(
    sorted({"email", "phone", "lead_id", "signal", "test"}.union(*(kind.columns for kind in KINDS.values())))
)
_events = st.fixed_dictionaries(
    {"id": st.text(max_size=5) | _json, "source": st.just("/forms") | _json},
    optional={
        "type": st.sampled_from([*sorted(ANSWERS), *REFERENCES, "lead.submitted", "lead.engaged"]) | _json,
        "time": st.datetimes().map(str) | _json,
        "data": st.dictionaries(_names, _json, max_size=6) | st.just(_LEAD) | _json,
    },
)


@given(st.binary(max_size=200) | _json.map(orjson.dumps) | _events.map(orjson.dumps))
@example(_body(data={"phone": 10**17, "country": ["UK"]}))
@example(_body(type="account.upserted", data={"account_id": 1, "name": "a", "employees": 1.7e308, "country": {}}))
@example(_body(type="account.upserted", data={"account_id": "1", "name": "a", "domain": "//[", "state": "ß"}))
def test_nothing_breaks_the_reader(body: bytes) -> None:
    """Whatever comes is an event that can be written, or it is unreadable with a reason."""
    event = read_event(body)

    if isinstance(event, Unreadable):
        assert event.reason
        assert event.body == body
    else:
        assert "\\u0000" not in rows_as_json([{"data": event.data}])
        assert "\0" not in event.source + event.id

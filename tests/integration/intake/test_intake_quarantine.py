"""`baton quarantine`: what could not be read is listed, shown, replayed and discarded."""

import base64
from collections.abc import Callable

import orjson
import pytest

from tests.fixtures.commands import Baton
from tests.fixtures.intake import conservation
from tests.fixtures.pipeline import STREAM_KEY, Pipeline, lead_event


def test_quarantine_is_listed_newest_first(baton: Baton, pipeline: Pipeline) -> None:
    """By a part of the reason, up to a number, without what is done with unless it is asked for."""
    pipeline.publish(b"?")
    pipeline.publish(orjson.dumps({"id": "1", "source": "/a", "type": "lead.sold", "data": {}}))
    pipeline.publish(b"[]")
    pipeline.rows("UPDATE quarantine SET resolved_at = now(), resolution = 'discarded' WHERE body = '[]'")

    everything = baton("quarantine", "list", "--json").facts
    one = baton("quarantine", "list", "--limit", 1, "--json").facts
    json_only = baton("quarantine", "list", "--reason", "NOT json", "--json").facts
    with_resolved = baton("quarantine", "list", "--resolved").out
    nothing = baton("quarantine", "list", "--reason", "100%")

    assert [(row["event_source"], row["event_id"], row["reason"][:8]) for row in everything] == [
        ("/a", "1", "unknown "),
        (None, None, "not JSON"),
    ]
    assert one == everything[:1]
    assert json_only == everything[1:]
    assert "discarded" in with_resolved
    assert nothing.out == "Nothing is in quarantine.\n"


def test_a_body_is_shown_as_it_came(baton: Baton, pipeline: Pipeline) -> None:
    """With its reason beside it, and for programs in both forms."""
    body = '{"id": "né\x1b[31m"'.encode()
    pipeline.publish(body)

    shown, document = baton("quarantine", "show", 1), baton("quarantine", "show", 1, "--json").facts
    missing = baton("quarantine", "show", 2)

    assert shown.out.encode() == body + b"\n"
    assert shown.err.startswith("not JSON")
    assert base64.b64decode(document["body_base64"]) == document["body"].encode() == body
    assert (missing.code, missing.out) == (1, "")
    assert "Nothing in quarantine has the id 2" in missing.err


def test_what_can_be_read_by_now_is_replayed(baton: Baton, pipeline: Pipeline, poison: Callable[[], object]) -> None:
    """It becomes a lead like any other, the mark says who did it, and what cannot be read stays."""
    pipeline.publish(lead_event("poison-1"), lead_event("poison-2"), b"?")
    poison()

    answer = baton("quarantine", "replay", "--all", "--by", "ops", "--json")
    (kept,) = pipeline.ids("SELECT quarantine_id FROM quarantine WHERE resolved_at IS NULL")
    pipeline.capture()

    reason = "not JSON: unexpected character, expected a JSON value at character 0"
    assert answer.facts["replayed"] == 2
    assert answer.facts["unreadable"] == [{"quarantine_id": kept, "reason": reason}]
    assert answer.code == 0
    assert pipeline.ids("SELECT event_id FROM lead ORDER BY 1") == ["poison-1", "poison-2"]
    assert pipeline.rows(
        "SELECT resolution, resolved_by, count(*) AS times FROM quarantine GROUP BY 1, 2 ORDER BY 1"
    ) == [
        {"resolution": "replayed", "resolved_by": "ops", "times": 2},
        {"resolution": None, "resolved_by": None, "times": 1},
    ]
    assert conservation(pipeline)["delta"] == 0


@pytest.mark.usefixtures("poison")
def test_what_is_refused_again_waits_again(baton: Baton, pipeline: Pipeline) -> None:
    """A replay that comes back is not marked as done."""
    pipeline.publish(lead_event("poison-1"))

    answer = baton("quarantine", "replay", "--reason", "cannot be stored")
    pipeline.capture()

    assert (answer.code, answer.out) == (0, "1 replayed, 0 still cannot be read.\n")
    assert pipeline.value("SELECT count(*) FROM quarantine WHERE resolved_at IS NULL") == 1
    assert conservation(pipeline)["delta"] == 0


@pytest.mark.usefixtures("poison")
def test_a_replay_that_cannot_be_published_is_not_marked(baton: Baton, pipeline: Pipeline) -> None:
    """Publish first: were the mark first, a crash in between would lose the event."""
    pipeline.publish(lead_event("poison-1"))
    pipeline.context.stream.client.delete(STREAM_KEY)
    pipeline.context.stream.client.set(STREAM_KEY, "no stream")

    with pytest.raises(Exception, match="WRONGTYPE"):
        baton("quarantine", "replay", "--all")

    assert pipeline.value("SELECT count(*) FROM quarantine WHERE resolved_at IS NULL") == 1


def test_ids_that_do_not_go_exit_1(baton: Baton, pipeline: Pipeline) -> None:
    """Whoever names an id wants to know."""
    pipeline.publish(b"?")

    replayed, discarded = baton("quarantine", "replay", 1, 7), baton("quarantine", "discard", 7)

    assert (replayed.code, discarded.code) == (1, 1)
    assert "1: not JSON" in replayed.err
    assert "Not waiting in quarantine: 7." in replayed.err
    assert "Not waiting in quarantine: 7." in discarded.err


def test_discarding_more_than_one_needs_a_yes(baton: Baton, pipeline: Pipeline) -> None:
    """One goes by its id."""
    pipeline.publish(b"?", b"!", b"[]")

    one = baton("quarantine", "discard", 1, "--by", "ops")
    refused = baton("quarantine", "discard", "--all")
    rest = baton("quarantine", "discard", "--all", "--yes", "--json")

    assert (one.code, one.out) == (0, "1 discarded.\n")
    assert (refused.code, refused.out) == (2, "")
    assert "This would discard 2 events: say --yes" in refused.err
    assert rest.facts == {"discarded": 2, "not_waiting": []}
    assert pipeline.value("SELECT resolved_by FROM quarantine WHERE quarantine_id = 1") == "ops"
    assert conservation(pipeline)["delta"] == 0


@pytest.mark.parametrize("arguments", [(), (1, "--all"), ("--all", "--reason", "x")])
def test_what_is_meant_must_be_said(baton: Baton, arguments: tuple[object, ...]) -> None:
    """Exactly one way of choosing."""
    answer = baton("quarantine", "replay", *arguments)

    assert answer.code == 2
    assert "Say which" in answer.err

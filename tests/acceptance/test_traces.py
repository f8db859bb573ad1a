"""Traces: a lead's way from the stream to its owner is one trace over all processes, without its data."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Eventually
from tests.fixtures.fleet import Fleet, compose_fleet
from tests.fixtures.pipeline import Pipeline, lead_event, open_pipeline, rep
from tests.fixtures.policy_texts import OPEN_POLICY

_NAMES = ("intake", "worker-enrichment", "worker-deduplication", "worker-assignment", "worker-escalation")
_STAGES = ("enrichment.enrich", "deduplication.deduplicate", "assignment.assign", "escalation.arm")


@pytest.fixture
def fleet(database_url: str, redis_url: str, tmp_path: Path, eventually: Eventually) -> Iterator[Fleet]:
    """The processes that a lead passes, each writing its spans to its stdout."""
    more = {"OTEL_TRACES_EXPORTER": "console", "PYTHONUNBUFFERED": "1"}
    with compose_fleet(tmp_path, database_url, redis_url, names=_NAMES, **more) as containers:
        containers.start()
        eventually(containers.are_ready, within=90)
        yield containers


@pytest.fixture
def pipeline(database_url: str, redis_url: str) -> Iterator[Pipeline]:
    """The test's own view of the servers, with a policy that lets leads through the buffer at once."""
    with open_pipeline(database_url, redis_url) as opened:
        opened.activate(OPEN_POLICY)
        opened.sync("reps", [rep("ana")])
        yield opened


def _spans(fleet: Fleet) -> list[dict[str, Any]]:
    return [json.loads(line) for line in fleet.output().splitlines() if line.startswith("{")]


def _runs(spans: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {span["name"].removeprefix("run/"): span for span in spans if span["name"].startswith("run/")}


# Five processes that import everything, on a busy machine.
@pytest.mark.timeout(240)
def test_a_lead_is_one_trace_from_intake_to_assignment(
    fleet: Fleet, pipeline: Pipeline, eventually: Eventually
) -> None:
    """Every stage is a child of the one before, statements are children of their stage, and the log names the trace."""
    event = lead_event("traced", email="kim.lee@traced.example", last_name="Unmistakable")
    pipeline.context.stream.publish([json.dumps(event).encode()], channel="stream")
    eventually(lambda: set(_runs(_spans(fleet))) >= set(_STAGES), within=60)
    fleet.stop()

    spans = _spans(fleet)
    by_id = {span["context"]["span_id"]: span for span in spans}
    (capture,) = [span for span in spans if span["name"] == "intake.capture"]
    runs = _runs(spans)
    before = capture
    for stage in _STAGES:
        published = by_id[runs[stage]["parent_id"]]
        assert published["name"] == f"apply_async/{stage}"
        assert published["parent_id"] == before["context"]["span_id"], stage
        assert runs[stage]["context"]["trace_id"] == capture["context"]["trace_id"]
        before = runs[stage]
    statements = [span for span in spans if span["attributes"].get("db.system") == "postgresql"]
    assert {by_id[one["parent_id"]]["name"] for one in statements if one["parent_id"] in by_id} >= {
        *(f"run/{stage}" for stage in _STAGES[:3]),
        "intake.capture",
    }
    services = {span["resource"]["attributes"]["service.name"] for span in (capture, *runs.values())}
    assert services >= {"baton-intake", "baton-worker-enrichment", "baton-worker-assignment"}
    trace = capture["context"]["trace_id"].removeprefix("0x")
    lines = [json.loads(line) for line in fleet.logs().splitlines()]
    assert {line["task"] for line in lines if line["event"] == "batch_done" and line["trace_id"] == trace} >= {*_STAGES}
    assert "Unmistakable" not in fleet.output()
    assert "traced.example" not in fleet.output()

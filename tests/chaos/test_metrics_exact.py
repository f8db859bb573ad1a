"""Counters agree with the database to the last lead, whatever was killed and however often children are renewed."""

import itertools
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.chaos.conftest import Configure
from tests.conftest import Eventually
from tests.fixtures.floods import make_flood
from tests.fixtures.killing import kill_one
from tests.fixtures.pipeline import Pipeline
from tests.fixtures.queries import known_metrics
from tests.fixtures.scrape import Sample, sample, scrape, total
from workers.intake.waiting import wait_until_rest
from workers.processes.system import System, running_system
from workers.processes.table import process_table

_SEED = 20_261_122
_EVENTS = 1_200
#: A kill each time so many more events are captured.
_STRIDE = 150
#: Impatient, and yet a minute goes by before a lead is given up: on a busy machine a worker needs long to start again.
_SWEEP_AFTER = 4
#: What has no samples while all is well, or where the policy says nothing of it.
_MAY_BE_SILENT = {"baton_hand_on_failures_total", "baton_swept_leads_total", "baton_held_share_alarm_ratio"}
_KILLED = ("worker-assignment", "worker-enrichment", "worker-deduplication", "intake", "exporter", "keeper")


@pytest.fixture
def system(database_url: str, redis_url: str, configure: Configure) -> Iterator[System]:
    """Every process of the system, in small batches; a child is renewed after eight of them."""
    settings = configure(database_url, redis_url, BATCH_SIZE=40, SWEEP_AFTER_SECONDS=_SWEEP_AFTER)
    specs = [
        replace(spec, command=(*spec.command, "--max-tasks-per-child", "8")) if spec.has_children else spec
        for spec in process_table(settings)
    ]
    with running_system(settings, specs) as running:
        yield running


def _has_captured(pipeline: Pipeline, events: int) -> bool:
    return bool(pipeline.value("SELECT count(*) FROM event_key") >= events)


def _pages(system: System) -> dict[str, dict[Sample, float]]:
    return {one.name: scrape(one.port) for one in system.report().processes}


def _agrees(system: System, pipeline: Pipeline) -> bool:
    """Say whether the exporter has seen what is there."""
    shown = _pages(system)["exporter"]
    leads = pipeline.value("SELECT count(*) FROM lead")
    owners = pipeline.value("SELECT count(*) FROM assignment WHERE owner_kind = 'rep'")
    return (total(shown, "baton_leads"), total(shown, "baton_leads_assigned_total")) == (leads, owners)


def _all_ready(system: System) -> bool:
    return all(one.state == "ready" for one in system.report().processes)


# Some 40 s alone on two cores.
@pytest.mark.timeout(240)
def test_counters_agree_with_the_database_whoever_is_killed(
    system: System, pipeline: Pipeline, home: Path, eventually: Eventually
) -> None:
    """Children and whole processes are killed under load: what is shown is what the tables hold, lead by lead."""
    chance = random.Random(_SEED)
    flood = make_flood(_EVENTS, seed=_SEED)
    path = flood.write(home / "flood.jsonl")
    victims = itertools.cycle(_KILLED)
    command = [sys.executable, "-m", "workers", "publish", str(path), "--confirm", "--rate", "300"]

    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as publishing:
        for captured in range(_STRIDE, _EVENTS - _STRIDE, _STRIDE):
            eventually(partial(_has_captured, pipeline, captured), within=60)
            eventually(partial(kill_one, system, chance, next(victims)), within=60)
        assert publishing.wait(90) == 0
    wait_until_rest(pipeline.context, 90, lambda _: None, allow_buffering=False)
    eventually(partial(_all_ready, system), within=60)
    eventually(partial(_agrees, system, pipeline), within=30)

    pages = _pages(system)
    shown = pages["exporter"]
    _assert_events_agree(shown, pipeline)
    _assert_owners_agree(shown, pipeline)
    _assert_steps_agree(shown, pipeline)
    assert shown[sample("baton_conservation_delta")] == 0
    for name, page in pages.items():
        kind = "worker" if name.startswith("worker-") else name
        assert [one for one in page if one.name == "baton_build_info" and ("role", kind) in one.labels], name
    listened = {dict(one.labels)["queue"] for page in pages.values() for one in page if one.name == "baton_worker_info"}
    assert listened == {one.removeprefix("worker-") for one in pages if one.startswith("worker-")}
    assert total(pages["worker-assignment"], "baton_tasks_total", task="assignment.assign") > 0
    assert set(known_metrics()) - {one.name for page in pages.values() for one in page} <= _MAY_BE_SILENT


def _assert_events_agree(shown: dict[Sample, float], pipeline: Pipeline) -> None:
    (became,) = pipeline.rows(
        "SELECT sum(leads) AS leads, sum(captured) AS captured, sum(duplicates) AS duplicates, "
        "sum(quarantined) AS quarantined FROM intake_batch"
    )
    for outcome, events in became.items():
        assert total(shown, "baton_events_received_total", outcome=outcome) == events
    assert total(shown, "baton_events_received_total", outcome="leads") == pipeline.value("SELECT count(*) FROM lead")


def _assert_owners_agree(shown: dict[Sample, float], pipeline: Pipeline) -> None:
    for row in pipeline.rows(
        "SELECT reason, coalesce(segment, 'unknown') AS segment, count(*) AS leads "
        "FROM assignment JOIN lead USING (lead_id) WHERE owner_kind = 'rep' AND NOT test GROUP BY 1, 2"
    ):
        labels = {"reason": row["reason"], "segment": row["segment"]}
        assert shown[sample("baton_leads_assigned_total", **labels)] == row["leads"]
    first = pipeline.value("SELECT count(*) FROM lead WHERE assigned_at IS NOT NULL AND NOT test")
    assert shown[sample("baton_time_to_assignment_seconds_count")] == first
    assert shown[sample("baton_routing_seconds_count")] == first


def _assert_steps_agree(shown: dict[Sample, float], pipeline: Pipeline) -> None:
    steps = pipeline.rows(
        "SELECT action, fired_by, count(*) AS steps FROM deadline WHERE fired_at IS NOT NULL GROUP BY 1, 2"
    )
    assert total(shown, "baton_escalations_total") == sum(row["steps"] for row in steps)
    for row in steps:
        labels = {"action": row["action"], "fired_by": row["fired_by"]}
        assert shown[sample("baton_escalations_total", **labels)] == row["steps"]

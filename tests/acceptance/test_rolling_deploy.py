"""A release is replaced under load: old and new processes work side by side, before and after the migration."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import orjson
import pytest
import redis

from shared.bus.queues import ROUTES
from shared.db.migrate import upgrade
from tests.conftest import Eventually
from tests.fixtures.fleet import Fleet, compose_fleet, running
from tests.fixtures.floods import make_flood
from tests.fixtures.pipeline import Pipeline, open_pipeline
from tests.fixtures.policy_texts import OPEN_POLICY
from workers.intake.waiting import wait_until_rest

#: The code of the release before, as `git archive` gave it: a clone need not have the history.
_PREVIOUS = Path(__file__).parents[1] / "fixtures" / "previous_release.zip"
_EVENTS = 2_400
#: The processes that an event passes, and who keeps the clocks.
_NAMES = (
    *("intake", "keeper"),
    *(f"worker-{room}" for room in ("enrichment", "deduplication", "assignment", "escalation", "timers")),
)
_SETTINGS = {"BATON_BATCH_SIZE": "40"}

#: What a release puts on the queues, and where: each message is published by the code of that release.
_PUBLISH = """
import sys
import shared
assert shared.__path__[0].startswith(sys.argv[2]), shared.__path__
from shared.bus.celery_app import make_app
from shared.bus.publisher import CeleryPublisher
from shared.bus.queues import ROUTES
publisher = CeleryPublisher(make_app(sys.argv[1]), 1000)
for task in ROUTES:
    publisher.publish(task.value, [1, 2])
"""


@pytest.fixture
def previous(tmp_path: Path) -> Path:
    """A folder with the code of the release before."""
    folder = tmp_path / "previous"
    with zipfile.ZipFile(_PREVIOUS) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def old_schema_url(previous: Path, empty_database_url: str, redis_url: str) -> str:
    """A database that the release before has migrated."""
    migrate = [sys.executable, "-m", "workers", "migrate"]
    env = {**os.environ, "PYTHONPATH": str(previous), "BATON_DATABASE_URL": empty_database_url}
    subprocess.run(migrate, cwd=previous, env={**env, "BATON_REDIS_URL": redis_url}, check=True, capture_output=True)
    return empty_database_url


@pytest.fixture
def old(previous: Path, old_schema_url: str, redis_url: str) -> Fleet:
    """The processes of the release before, not started."""
    more = {**_SETTINGS, "PYTHONPATH": str(previous)}
    fleet = compose_fleet(previous, old_schema_url, redis_url, names=_NAMES, **more)
    for container in fleet.containers.values():
        # The script `baton` finds its code by itself; the module is the one that PYTHONPATH names.
        container.command = [sys.executable, "-m", "workers", *container.command[1:]]
    return fleet


@pytest.fixture
def new(tmp_path: Path, old_schema_url: str, redis_url: str) -> Fleet:
    """The processes of this release over the same servers, not started."""
    folder = tmp_path / "new"
    folder.mkdir()
    return compose_fleet(folder, old_schema_url, redis_url, names=_NAMES, **_SETTINGS)


def _captured(pipeline: Pipeline, events: int) -> bool:
    return bool(pipeline.value("SELECT count(*) >= :events FROM event_key", events=events))


def _routed(pipeline: Pipeline, leads: int) -> bool:
    return bool(pipeline.value("SELECT count(*) >= :leads FROM lead WHERE status = 'offered'", leads=leads))


def _accept(pipeline: Pipeline, leads: int) -> None:
    """Let reps accept what they were offered."""
    rows = pipeline.rows(
        "SELECT lead_id, owner AS rep_id FROM report.lead WHERE status = 'offered' ORDER BY lead_id LIMIT :leads",
        leads=leads,
    )
    events = [
        {"specversion": "1.0", "id": f"yes-{row['lead_id']}", "source": "/crm", "type": "lead.accepted", "data": row}
        for row in rows
    ]
    pipeline.context.stream.publish([orjson.dumps(event) for event in events], channel="stream")


@pytest.fixture
def pipeline(old_schema_url: str, redis_url: str) -> Iterator[Pipeline]:
    """The test's own view of the servers."""
    with open_pipeline(old_schema_url, redis_url) as opened:
        yield opened


# Some 60 s alone on two cores.
@pytest.mark.timeout(400)
def test_a_release_is_replaced_under_load(
    previous: Path, old: Fleet, new: Fleet, pipeline: Pipeline, tmp_path: Path, eventually: Eventually
) -> None:
    """The old release works on the new schema, alone and beside the new one, and what both did keeps every law."""
    flood = make_flood(_EVENTS, seed=11)
    path = flood.write(tmp_path / "flood.jsonl")
    policy = previous / "policy.yaml"
    policy.write_text(OPEN_POLICY)
    env = dict(old.containers["intake"].env)
    activate = [sys.executable, "-m", "workers", "policy", "activate", str(policy), "--yes"]
    subprocess.run(activate, cwd=previous, env=env, check=True, capture_output=True)
    publish = [sys.executable, "-m", "workers", "publish", str(path), "--rate", "60"]
    with running(old, new):
        old.start()
        _sync_reps(previous, env)
        eventually(old.are_ready, within=120)
        with subprocess.Popen(publish, cwd=previous, env=env, stdout=subprocess.DEVNULL) as publishing:
            eventually(partial(_routed, pipeline, 100), within=60)
            upgrade(env["BATON_DATABASE_URL"])
            at_migration = pipeline.value("SELECT count(*) FROM lead WHERE status = 'offered'")
            _accept(pipeline, 50)
            eventually(partial(_routed, pipeline, at_migration + 200), within=60)
            new.start()
            eventually(new.are_ready, within=120)
            beside = pipeline.value("SELECT count(*) FROM event_key")
            eventually(partial(_captured, pipeline, min(beside + 300, _EVENTS - 300)), within=60)
            _accept(pipeline, 50)
            stops = old.stop()
            assert publishing.wait(120) == 0
        left = wait_until_rest(pipeline.context, 120, lambda _: None, allow_buffering=False)
        eventually(lambda: pipeline.value("SELECT count(*) FROM event WHERE outcome = 'open'") == 0)

    assert {name: code for name, (code, _) in stops.items()} == dict.fromkeys(old.containers, 0)
    assert left is not None
    assert left.total(allow_buffering=False) == 0, left
    (counts,) = pipeline.rows("SELECT * FROM report.conservation")
    assert (counts["leads"], counts["quarantined"], counts["delta"]) == (flood.leads, flood.unreadable, 0)
    assert pipeline.value("SELECT count(*) FROM lead WHERE status = 'accepted'") >= 50
    assert pipeline.breaches() == []


def _sync_reps(previous: Path, env: dict[str, str]) -> None:
    reps = "rep_id,name,status\n" + "".join(f"rep-{number},Rep {number},active\n" for number in range(8))
    (previous / "reps.csv").write_text(reps)
    sync = [sys.executable, "-m", "workers", "sync", "reps", str(previous / "reps.csv")]
    subprocess.run(sync, cwd=previous, env=env, check=True, capture_output=True)


def test_messages_of_both_releases_have_one_form(previous: Path, redis_url: str) -> None:
    """What the old release publishes lies in a queue that the new one reads, with the same arguments and headers."""
    published = {}
    for release in (previous, Path(__file__).parents[2]):
        env = {**os.environ, "PYTHONPATH": str(release)}
        subprocess.run([sys.executable, "-c", _PUBLISH, redis_url, str(release)], cwd=release, env=env, check=True)
        published[release] = _take_messages(redis_url)
    then, now = published.values()

    assert len(then) >= 8
    assert set(then) <= set(now)
    for task, (queue, body, headers) in then.items():
        assert now[task][:2] == (queue, body), task
        assert headers <= now[task][2], task
    assert set(now) == {task.value for task in ROUTES}


def _take_messages(redis_url: str) -> dict[str, tuple[str, str, set[str]]]:
    """Return and remove what lies in the queues: by task its queue, its body, and the names of its headers."""
    found = {}
    with redis.Redis.from_url(redis_url) as client:
        for queue in {queue.value for queue in ROUTES.values()}:
            while (message := client.rpop(queue)) is not None:
                envelope = orjson.loads(message)
                headers = envelope["headers"]
                found[headers["task"]] = (queue, envelope["body"], set(headers))
    return found

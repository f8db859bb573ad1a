"""A database is restored as deploy/runbooks/restore.md says: nothing fires that must not, and the books balance."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import orjson
import psycopg
import pytest

from shared.local.programs import find_postgres
from tests.conftest import Eventually
from tests.fixtures.pipeline import Pipeline, lead_event, open_pipeline, rep

_ROOT = Path(__file__).parents[2]
_RUNBOOK = _ROOT / "deploy/runbooks/restore.md"

_POLICY = """
baton_policy: 1
name: clocked
owner: ops@here.example
buffer: {default: {minimum: 0s, maximum: 60s}}
rules: [{name: everyone, to: pool:all}]
pools: {all: {}}
queues:
  exceptions: {kind: exception, owner: ops@here.example, alert: "#exceptions"}
  shark_tank: {kind: claim, owner: boss@here.example}
sla:
  - when: {}
    accept:
      - {after: 2h, do: flag_overdue, notify: manager}
      - {after: 4h, do: move_to, to: queue:shark_tank, log: non_response}
storm_cap: {moves: 100 per 1m, when_late_by: 5m}
"""

Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def before(database_url: str, redis_url: str) -> Iterator[Pipeline]:
    """A system with a policy and reps, as it was until the disaster."""
    with open_pipeline(database_url, redis_url) as opened:
        opened.activate(_POLICY)
        opened.sync("reps", [rep(f"rep-{number}") for number in range(4)])
        yield opened


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Run a program of PostgreSQL, of the release that the servers are of."""

    def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(find_postgres().folder / name), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)

    return run


@pytest.fixture
def restored_url(database_url: str) -> Iterator[str]:
    """An empty database to restore into."""
    url = urlsplit(database_url)
    name = f"{url.path[1:]}_restored"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        yield urlunsplit(url._replace(path=f"/{name}"))
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _baton(database_url: str, redis_url: str, *words: str) -> str:
    env = {**os.environ, "BATON_DATABASE_URL": database_url, "BATON_REDIS_URL": redis_url}
    done = subprocess.run(
        [sys.executable, "-m", "workers", *words], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def _accepted(lead: dict[str, Any]) -> dict[str, Any]:
    data = {"lead_id": lead["lead_id"], "rep_id": lead["owner"]}
    return {
        "specversion": "1.0",
        "id": f"yes-{lead['lead_id']}",
        "source": "/crm",
        "type": "lead.accepted",
        "data": data,
    }


def _tick(pipeline: Pipeline) -> dict[str, int]:
    """Let the keeper tick once and count the leads by status."""
    pipeline.keeper.tick()
    return pipeline.statuses()


@pytest.mark.timeout(240)
def test_a_restore_fires_nothing_before_it_is_let(
    before: Pipeline,
    program: Program,
    restored_url: str,
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    eventually: Eventually,
) -> None:
    """Backup, disaster, restore, what publishers send again, and only then the clocks: the steps of the runbook."""
    old_events = [lead_event(f"old-{number}") for number in range(12)]
    old = before.route(*old_events)
    program("pg_dump", "--format=custom", "--no-owner", "--file", "backup.dump", database_url)
    new_events = [lead_event(f"new-{number}") for number in range(6)]
    lost = before.route(*new_events)
    answers = [_accepted(before.lead(lead_id)) for lead_id in [*old[:5], lost[0]]]
    before.route(*answers)

    program("pg_restore", "--dbname", restored_url, "--no-owner", "--exit-on-error", "backup.dump")
    sql = _ROOT / "deploy/postgres/after-restore.sql"
    program("psql", "--dbname", restored_url, "--set", "ON_ERROR_STOP=1", "--file", str(sql))
    _baton(restored_url, redis_url, "migrate")
    _baton(restored_url, redis_url, "audit")
    _baton(restored_url, redis_url, "escalation", "pause", "--note", "restored")
    again = tmp_path / "since-the-backup.jsonl"
    again.write_bytes(b"\n".join(orjson.dumps(event) for event in [*old_events[-3:], *new_events]))
    with open_pipeline(restored_url, redis_url) as after:
        after.pass_time(5 * 3600)
        _baton(restored_url, redis_url, "publish", str(again))
        after.capture()
        after.run_all()
        after.route(*answers)
        accepted = after.statuses().get("accepted")
        fired_early = after.value("SELECT count(*) FROM deadline WHERE fired_by IN ('keeper', 'countdown')")
        late = _baton(restored_url, redis_url, "deadline", "list", "--within", "0s", "--json")
        after.keeper.tick()
        marked = after.value("SELECT count(*) FROM report.lead WHERE overdue")
        paused = after.statuses()
        _baton(restored_url, redis_url, "escalation", "resume")
        # What was deferred is due at the resumption, and a second later the keeper's.
        eventually(lambda: _tick(after).get("pooled") == 7)

        (counts,) = after.rows("SELECT * FROM report.conservation")
        new = after.ids("SELECT lead_id FROM lead WHERE event_id LIKE 'new-%'")
        assert fired_early == 0
        assert accepted == 5
        assert "flag_overdue" in late
        # An acceptance that comes again counts from now: it is late, and marked so, by the answer itself.
        assert (marked, paused) == (12, {"accepted": 5, "offered": 13})
        assert after.statuses() == {"accepted": 5, "offered": 6, "pooled": 7}
        assert len(new) == len(lost)
        assert min(new) > max(lost)
        assert (counts["leads"], counts["duplicates"], counts["refused"], counts["delta"]) == (18, 3, 1, 0)
        assert after.breaches() == []


def test_the_runbook_has_the_steps_that_were_run() -> None:
    """In this order, and with what the test has run of them."""
    page = _RUNBOOK.read_text(encoding="utf-8")
    steps = (
        r"docker compose stop intake keeper",
        r"pg_restore .*--no-owner --exit-on-error",
        r"after-restore\.sql",
        r"baton migrate",
        r"baton audit",
        r"baton escalation pause",
        r"baton publish",
        r"baton deadline list --within 0s",
        r"up --detach keeper",
        r"baton escalation resume",
        r"up --detach worker-notification",
    )

    found = [match.start() if (match := re.search(step, page)) else -1 for step in steps]

    assert -1 not in found
    assert found == sorted(found)

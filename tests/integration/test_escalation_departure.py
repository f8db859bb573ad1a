"""A rep departs or goes away in the middle of a flood: nothing comes to them from that instant on."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from shared.bus.queues import TaskName
from shared.db.transaction import transaction
from tests.conftest import Eventually
from tests.fixtures.crowds import match_leads
from tests.fixtures.pipeline import Pipeline, counted, open_pipeline, patiently, rep
from tests.fixtures.policy_texts import CLOCKS

_LEADS = 10_000
#: Small batches: many of them begin before the rep goes and many after.
_BATCH = 50
_REPS = ("ana", "bob", "cid", "dan")
_GONE = "ana"
_HELD = "SELECT count(*) FROM assignment WHERE owner = 'ana' AND ended_at IS NULL"
_OPEN_OF = "SELECT count(*) FROM assignment WHERE owner = :owner AND ended_at IS NULL"
_ASSIGNED = "SELECT count(*) FROM assignment WHERE owner_kind = 'rep'"


@pytest.fixture
def crowd(database_url: str, redis_url: str) -> Iterator[list[Pipeline]]:
    """The CRM and two workers of the assignment over one database, with a flood that waits for its owners."""
    with ExitStack() as stack:
        opened = [stack.enter_context(open_pipeline(database_url, redis_url)) for _ in range(3)]
        opened[0].activate(CLOCKS)
        opened[0].sync("reps", [rep(one, team="Sales") for one in _REPS])
        match_leads(opened[0], _LEADS)
        yield opened


def _assign_all(worker: Pipeline, lead_ids: list[int]) -> None:
    for place in range(0, len(lead_ids), _BATCH):
        worker.deliver(TaskName.ASSIGN, lead_ids[place : place + _BATCH])


def _in_the_middle(
    crowd: list[Pipeline], eventually: Eventually, leave: Callable[[], object]
) -> tuple[datetime, int, list[Future[None]]]:
    """Let two workers assign, let the rep leave half-way; return the instant after it and how many were left then."""
    crm, *workers = crowd
    lead_ids = crm.ids("SELECT lead_id FROM lead ORDER BY lead_id")
    with ThreadPoolExecutor(2) as threads:
        running = [threads.submit(_assign_all, one, lead_ids[number::2]) for number, one in enumerate(workers)]
        eventually(lambda: crm.value(_ASSIGNED) > _LEADS // 4, within=60)
        patiently(leave)
        instant = crm.value("SELECT clock_timestamp()")
        left = _LEADS - crm.value("SELECT count(*) FROM lead WHERE status <> 'matched'")
    return instant, left, running


def _check_nothing_came(crm: Pipeline, instant: datetime, left: int, running: list[Future[None]]) -> None:
    """The flood went on after the instant, and none of it came to the rep."""
    after = crm.rows("SELECT owner, count(*) AS n FROM assignment WHERE started_at > :at GROUP BY 1", at=instant)
    for one in running:
        one.result()
    given: dict[str, Any] = {one["owner"]: one["n"] for one in after}
    assert left > 0
    assert sum(given.values()) > 0
    assert _GONE not in given


def test_who_departs_in_the_middle_keeps_nothing(crowd: list[Pipeline], eventually: Eventually) -> None:
    """From the departure's commit on the rep holds nothing and gets nothing; all their leads go to colleagues."""
    crm = crowd[0]
    held_at_once: list[int] = []

    def depart() -> None:
        crm.sync("reps", [rep(_GONE, team="Sales", status="departed")])
        held_at_once.append(crm.value(_HELD))

    instant, left, running = _in_the_middle(crowd, eventually, depart)
    had = crm.value("SELECT count(*) FROM assignment WHERE owner = 'ana' AND end_reason = 'owner_departed'")
    broken_before = crm.breaches()
    crm.keeper.tick()
    crm.run_all()

    _check_nothing_came(crm, instant, left, running)
    assert had > 0
    assert held_at_once == [0]
    assert crm.value(_HELD) == 0
    assert broken_before == []
    assert crm.statuses() == {"offered": _LEADS}
    assert crm.breaches() == []


def test_who_goes_away_in_the_middle_gets_nothing_new(crowd: list[Pipeline], eventually: Eventually) -> None:
    """From the absence's commit on nothing new is offered; what was offered goes on by the policy's `on_away`."""
    crm = crowd[0]
    start = datetime.now(UTC) - timedelta(seconds=1)
    absence = {"rep_id": _GONE, "from": start.isoformat(), "until": (start + timedelta(hours=8)).isoformat()}

    instant, left, running = _in_the_middle(crowd, eventually, lambda: crm.sync("absences", [absence]))
    had = crm.value(_HELD)
    crm.keeper.tick()
    crm.run_all()

    _check_nothing_came(crm, instant, left, running)
    assert had > 0
    assert crm.value(_HELD) == 0
    assert crm.value("SELECT count(*) FROM assignment WHERE owner = 'ana' AND end_reason = 'owner_away'") == had
    assert crm.statuses() == {"offered": _LEADS}
    assert crm.breaches() == []


@pytest.fixture
def office(database_url: str, redis_url: str) -> Iterator[Pipeline]:
    """A pipeline whose pool has one rep, so that all leads are theirs."""
    with open_pipeline(database_url, redis_url) as pipeline:
        pipeline.activate(CLOCKS)
        yield pipeline


def _leaving_costs(office: Pipeline, leads: int, leave: Callable[[str], object]) -> tuple[int, int]:
    """Return how many statements it takes when a rep leaves so many leads, and how many of them stay."""
    rep_id = f"of-{leads}"
    office.sync("reps", [rep(rep_id, team="Sales")])
    office.deliver(TaskName.ASSIGN, match_leads(office, leads, source=f"/{rep_id}"))
    with counted(office.context.engine) as statements:
        leave(rep_id)
    left = office.value(_OPEN_OF, owner=rep_id)
    # Whoever comes next has the pool alone.
    _depart(office, rep_id)
    return len(statements), left


def _depart(office: Pipeline, rep_id: str) -> None:
    office.sync("reps", [rep(rep_id, team="Sales", status="departed")])


def _go_away(office: Pipeline, rep_id: str) -> None:
    now = datetime.now(UTC)
    absence = {"rep_id": rep_id, "from": now.isoformat(), "until": (now + timedelta(hours=8)).isoformat()}
    office.sync("absences", [absence])
    with transaction(office.context.engine) as tx:
        version = office.context.policies.active(tx)
    assert version is not None
    office.keeper.hand_over(version)


@pytest.mark.parametrize("leave", [_depart, _go_away])
def test_leaving_costs_the_same_statements_however_many_leads(
    office: Pipeline, leave: Callable[[Pipeline, str], object]
) -> None:
    """Ten leads or two thousand: who leaves them loses all, with the same number of statements."""
    few = _leaving_costs(office, 10, partial(leave, office))
    many = _leaving_costs(office, 2_000, partial(leave, office))

    assert few == many
    assert many[1] == 0
    assert office.breaches() == []

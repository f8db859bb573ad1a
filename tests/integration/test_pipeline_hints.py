"""Losing, doubling, delaying or reordering hints costs latency and nothing else."""

import random
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.bus.queues import TaskName
from tests.fixtures.pipeline import STAGES, Pipeline, lead_event, open_pipeline
from tests.fixtures.policy_texts import FULL_POLICY, FULL_TEAM

#: How the sweep hands on at its first, second, … attempt.
_BATCHES = (500, 50, 5, 1, 1)
#: Far beyond the patience of the sweep, whichever attempt it waits for.
_LONG = 600

_NEXT = {"received": TaskName.ENRICH, "buffering": TaskName.DEDUPLICATE, "matched": TaskName.ASSIGN}


@pytest.fixture
def full(pipeline: Pipeline) -> Pipeline:
    """A pipeline with the full policy and its people."""
    pipeline.activate(FULL_POLICY)
    pipeline.sync("reps", FULL_TEAM)
    return pipeline


def _person(number: int, **data: Any) -> dict[str, Any]:
    """Return a submission of a numbered person from the north."""
    return lead_event(email=f"p{number}@here.example", country="GB", employees="50", **data)


def _state(pipeline: Pipeline) -> list[list[dict[str, Any]]]:
    """Return everything that a hint could change."""
    return [
        pipeline.rows(f"SELECT * FROM {table} AS row ORDER BY row::text")
        for table in ("lead", "assignment", "deadline", "decision", "notice", "pool_ledger", "rep_load", "person_key")
    ]


def _stop_at(pipeline: Pipeline, status: str, count: int) -> list[int]:
    """Bring leads to a moving status and lose the hint that would have moved them on."""
    lead_ids = pipeline.publish(*[_person(number) for number in range(count)])
    while pipeline.statuses() != {status: count}:
        for task, batch in pipeline.take_hints():
            pipeline.deliver(task, batch)
    pipeline.take_hints()
    return lead_ids


def test_a_hint_that_comes_twice_changes_nothing(full: Pipeline) -> None:
    """After each first delivery the second finds nothing to do, in every stage."""
    full.publish(*[_person(number) for number in (1, 2, 2, 3)])
    while full.hints.published:
        task, lead_ids = full.hints.published.pop(0)
        full.deliver(task, lead_ids)
        after_once = _state(full)
        handed_on = list(full.hints.published)

        full.deliver(task, lead_ids)

        assert _state(full) == after_once
        assert full.hints.published == handed_on


@pytest.mark.parametrize("status", ["received", "buffering", "matched", "offered", "held", "nurturing", "merged"])
def test_a_stale_hint_changes_nothing(full: Pipeline, status: str) -> None:
    """A task that is told of leads in another status than its own, or of none, leaves them alone."""
    if status in _NEXT:
        _stop_at(full, status, 1)
    else:
        full.route(
            *[_person(1), _person(1), _person(2, product="Catapult"), _person(3, lead_type="newsletter")],
        )
    (lead_id, *_) = full.ids("SELECT lead_id FROM lead WHERE status = :status", status=status)
    before = _state(full)

    for task in STAGES:
        if task != _NEXT.get(status):
            full.deliver(task, [lead_id, 999_999])
            full.deliver(task, [])

    assert _state(full) == before
    assert [task for task, _ in full.take_hints()] == []


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), people=st.lists(st.integers(1, 6), min_size=1, max_size=14))
def test_any_order_of_hints_ends_the_same(full: Pipeline, seed: int, people: list[int]) -> None:
    """However hints are doubled, delayed, reordered and mixed with stale ones, each person has one owned lead."""
    full.clear()
    full.sync("reps", FULL_TEAM)
    chance = random.Random(seed)
    lead_ids = [lead_id for person in people for lead_id in full.publish(_person(person))]
    bag = full.take_hints()
    while bag:
        place = chance.randrange(len(bag))
        task, batch = bag[place] if chance.random() < 0.3 else bag.pop(place)
        full.deliver(task, batch)
        full.deliver(chance.choice(list(STAGES)), chance.sample(lead_ids, chance.randint(1, len(lead_ids))))
        bag += full.take_hints()

    merged = len(people) - len(set(people))
    assert full.statuses() == {"offered": len(set(people))} | ({"merged": merged} if merged else {})
    assert full.value("SELECT count(*) FROM assignment") == len(set(people))
    assert full.value("SELECT count(*) FROM decision WHERE outcome <> 'joined'") == 3 * len(people) - merged
    assert full.breaches() == []


@pytest.mark.parametrize("status", list(_NEXT))
def test_a_lost_hint_is_repaired_by_the_sweep(full: Pipeline, status: str) -> None:
    """Killed between commit and hand-on, every stage's leads go on after the sweep's patience, and not before."""
    lead_ids = _stop_at(full, status, 3)

    full.pass_time(25)
    full.keeper.tick()
    too_soon = full.take_hints()
    full.pass_time(10)
    full.keeper.tick()
    in_time = list(full.hints.published)
    full.run_all()

    assert (too_soon, in_time) == ([], [(_NEXT[status], lead_ids)])
    assert full.statuses() == {"offered": 3}
    assert full.rows("SELECT DISTINCT attempts, next_attempt_at FROM lead") == [
        {"attempts": 0, "next_attempt_at": None}
    ]
    assert full.breaches() == []


@pytest.mark.parametrize("status", list(_NEXT))
def test_poison_is_handed_on_in_ever_smaller_batches_and_then_held(full: Pipeline, status: str) -> None:
    """Attempts in batches of 500, 50, 5, 1 and 1; then the lead is held with its reason, an owner, and an alert."""
    lead_ids = _stop_at(full, status, 60)
    sizes = []
    for _ in _BATCHES:
        full.pass_time(_LONG)
        full.keeper.tick()
        sizes.append([len(batch) for task, batch in full.take_hints() if task == _NEXT[status]])
        # A second tick in the same moment, or a second keeper, counts no attempt.
        full.keeper.tick()
        assert full.take_hints() == []
    attempts = full.rows("SELECT DISTINCT attempts FROM lead")
    full.pass_time(_LONG)
    full.keeper.tick()

    assert sizes == [[60], [50, 10], [5] * 12, [1] * 60, [1] * 60]
    assert attempts == [{"attempts": 5}]
    assert full.take_hints() == []
    held = full.lead(lead_ids[0])
    assert full.statuses() == {"held": 60}
    assert held["hold_reason"] == f"cannot_be_processed:{_NEXT[status]}"
    assert (held["owner_kind"], held["owner"]) == ("queue", "exceptions")
    assert full.last_decision(lead_ids[0], "escalation")["attempts"] == 6
    (notice,) = full.rows("SELECT kind, recipient, lead_ids FROM report.notification")
    assert notice == {"kind": "exception", "recipient": "#exceptions", "lead_ids": lead_ids}
    assert full.rows("SELECT DISTINCT ladder, action FROM deadline") == [{"ladder": "queue", "action": "escalate"}]
    assert full.breaches() == []


def test_two_keepers_are_harmless(full: Pipeline, database_url: str, redis_url: str) -> None:
    """What one has handed on the other leaves alone."""
    lead_ids = _stop_at(full, "matched", 5)
    full.pass_time(_LONG)
    with open_pipeline(database_url, redis_url) as other:
        full.keeper.tick()
        other.keeper.tick()

        assert other.take_hints() == []
    assert full.take_hints() == [(TaskName.ASSIGN, lead_ids)]


def test_a_hint_for_two_workers_at_once_counts_once(full: Pipeline, database_url: str, redis_url: str) -> None:
    """Both claim the same leads of each stage at the same moment: each lead is decided once, each joining told once."""
    full.publish(*[_person(number % 40) for number in range(80)])
    failures: list[BaseException] = []

    def work(pipeline: Pipeline, hints: list[tuple[str, list[int]]], start: threading.Barrier) -> None:
        start.wait()
        try:
            for task, lead_ids in hints:
                pipeline.deliver(task, lead_ids)
        except BaseException as error:  # noqa: BLE001  whatever it is, the test must hear of it
            failures.append(error)

    with open_pipeline(database_url, redis_url) as other:
        while hints := full.take_hints() + other.take_hints():
            start = threading.Barrier(2)
            threads = [threading.Thread(target=work, args=(one, hints, start)) for one in (full, other)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    outcomes = full.rows("SELECT outcome, count(*) AS times FROM decision GROUP BY outcome")
    assert failures == []
    assert {row["outcome"]: row["times"] for row in outcomes} == {
        "buffering": 80,
        "matched": 40,
        "merged": 40,
        "joined": 40,
        "offered": 40,
    }
    assert full.breaches() == []

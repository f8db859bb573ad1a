"""One lead from the stream to its owner, what it costs a batch, and what waits while there is no policy."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.bus.queues import TaskName
from shared.db.transaction import transaction
from tests.fixtures.pipeline import STAGES, Pipeline, counted, lead_event
from tests.fixtures.policy_texts import FULL_POLICY, FULL_TEAM

_NORTHERN: dict[str, Any] = {
    "email": "Ana.Lima+news@acme.example",
    "first_name": "Ana",
    "last_name": "Lima",
    "phone": "+44 20 7946 0958",
    "company": "Acme Ltd",
    "country": "UK",
    "employees": "200-500",
    "lead_type": "demo_request",
    "campaign": "q4-brand",
    "hand_raise": True,
}


@pytest.fixture
def full(pipeline: Pipeline) -> Pipeline:
    """A pipeline with the full policy and its people."""
    pipeline.activate(FULL_POLICY)
    pipeline.sync("reps", FULL_TEAM)
    return pipeline


def test_a_lead_goes_from_the_stream_to_its_owner(full: Pipeline) -> None:
    """Every stage leaves its mark: status, facts, owner, clock, load, and a decision each."""
    (lead_id,) = full.route(lead_event("f-1", **_NORTHERN))

    lead = full.lead(lead_id)
    assert (lead["event_source"], lead["event_id"]) == ("/forms/demo", "f-1")
    assert (lead["status"], lead["owner_kind"], lead["owner"]) == ("offered", "rep", "nils")
    assert (lead["rule"], lead["segment"], lead["country"]) == ("north", "small", "GB")
    assert (lead["email"], lead["company"], lead["campaign"]) == ("ana.lima+news@acme.example", "Acme Ltd", "q4-brand")
    assert (lead["intent"], lead["policy_version"], lead["test"]) == (100, 1, False)
    assert lead["received_at"] <= lead["qualified_at"] == lead["assigned_at"]
    assert [(one["sequence"], one["stage"], one["outcome"]) for one in full.decisions(lead_id)] == [
        (1, "enrichment", "buffering"),
        (2, "deduplication", "matched"),
        (3, "assignment", "offered"),
    ]
    assert full.rows("SELECT key FROM person_key ORDER BY key") == [
        {"key": "email:ana.lima@acme.example"},
        {"key": "phone:+442079460958|lima"},
    ]
    assert full.rows("SELECT rep_id, open_leads, assigned_total FROM rep_load WHERE open_leads > 0") == [
        {"rep_id": "nils", "open_leads": 1, "assigned_total": 1}
    ]


def test_an_owner_comes_with_the_clock(full: Pipeline) -> None:
    """The transaction that gives the owner writes the whole ladder, on whole seconds, pinned to the policy."""
    (lead_id,) = full.route(lead_event(**_NORTHERN))

    (assignment,) = full.rows("SELECT * FROM report.assignment")
    deadlines = full.rows("SELECT * FROM deadline WHERE ladder = 'accept' ORDER BY step")
    waits = [one["due_at"] - assignment["started_at"] for one in deadlines]
    assert (assignment["lead_id"], assignment["epoch"], assignment["policy_version"]) == (lead_id, 1, 1)
    assert (assignment["reason"], assignment["rule"], assignment["owner"]) == ("rule", "north", "nils")
    assert [(one["step"], one["action"]) for one in deadlines] == [(1, "remind"), (2, "flag_overdue"), (3, "move_to")]
    assert all(one["epoch"] == 1 and one["policy_version"] == 1 for one in deadlines)
    assert all(one["due_at"].microsecond == 0 for one in deadlines)
    assert [wait - wait % timedelta(seconds=1) for wait in waits] == [
        timedelta(minutes=10),
        timedelta(hours=2),
        timedelta(hours=4),
    ]


def test_a_lead_that_raises_its_hand_alerts_its_owner(full: Pipeline) -> None:
    """The alert is written with the assignment, and a test lead alerts nobody."""
    loud, _ = full.route(
        lead_event(**_NORTHERN), lead_event(**{**_NORTHERN, "email": "t@acme.example", "phone": None, "test": True})
    )

    notices = full.rows("SELECT kind, recipient, lead_ids FROM report.notification")
    assert notices == [{"kind": "priority", "recipient": "nils", "lead_ids": [loud]}]


def test_without_a_policy_leads_wait_and_nothing_is_lost(pipeline: Pipeline) -> None:
    """They stay in received, are not counted as poison, and go on when there is a policy."""
    pipeline.sync("reps", FULL_TEAM)
    lead_ids = pipeline.route(*[lead_event(**{**_NORTHERN, "email": f"p{n}@acme.example"}) for n in range(3)])
    for _ in range(8):
        pipeline.pass_time(600)
        pipeline.keeper.tick()
        pipeline.run_all()

    waiting = pipeline.rows("SELECT DISTINCT status, attempts FROM lead")
    pipeline.activate(FULL_POLICY)
    pipeline.keeper.tick()
    pipeline.run_all()

    assert waiting == [{"status": "received", "attempts": 0}]
    assert pipeline.statuses() == {"offered": len(lead_ids)}


#: One of each: of one person, new, of an account by domain and by name, unqualified, support, not understood, large,
#: of a product, with an open deal. `{n}` makes it a person of its own.
_KINDS: tuple[dict[str, Any], ...] = (
    {**_NORTHERN, "email": None, "last_name": "Same"},
    {**_NORTHERN, "phone": None, "email": "{n}@new.example"},
    {**_NORTHERN, "phone": None, "email": "{n}@known.example"},
    {**_NORTHERN, "phone": None, "email": "{n}.person@gmail.com", "company": "Knwon Industries"},
    {**_NORTHERN, "phone": None, "email": "{n}@small.example", "employees": "3"},
    {**_NORTHERN, "phone": None, "email": "{n}@help.example", "lead_type": "support_request"},
    {**_NORTHERN, "phone": None, "email": "{n}@odd.example", "country": "Narnia"},
    {**_NORTHERN, "phone": None, "email": "{n}@big.example", "employees": "5000"},
    {**_NORTHERN, "phone": None, "email": "{n}@anvil.example", "product": "the anvil"},
    {**_NORTHERN, "phone": None, "email": "{n}@deal.example", "company": "Deal"},
)
_persons = itertools.count(1)


def _mixed(count: int) -> list[dict[str, Any]]:
    """Return leads of all kinds in turn."""
    kinds = itertools.islice(itertools.cycle(_KINDS), count)
    return [lead_event(**{**kind, "email": str(kind["email"] or "").format(n=next(_persons))}) for kind in kinds]


def _stage_costs(pipeline: Pipeline, count: int) -> dict[str, int]:
    """Send so many mixed leads through each stage as one batch, and count the statements of each."""
    costs: dict[str, int] = {}
    events = _mixed(count)
    with counted(pipeline.context.engine) as statements:
        pipeline.publish(*events)
    costs["intake"] = len(statements)
    while pipeline.hints.published:
        task, lead_ids = pipeline.hints.published.pop(0)
        with counted(pipeline.context.engine) as statements:
            STAGES[task](pipeline.context, lead_ids)
        costs[task] = len(statements)
    return costs


def test_statements_do_not_grow_with_the_batch(full: Pipeline) -> None:
    """Two hundred leads of ten kinds cost every stage as many statements as ten do."""
    full.sync(
        "accounts",
        [
            {"account_id": "known", "name": "Known Industries", "domain": "known.example", "owner_rep_id": "nora"},
            {"account_id": "deal", "name": "Deal", "domain": "deal.example", "owner_rep_id": "nora"},
        ],
    )
    full.sync("opportunities", [{"opportunity_id": "o-1", "account_id": "deal", "owner_rep_id": "sven"}])
    _stage_costs(full, 20)

    few, many = _stage_costs(full, 10), _stage_costs(full, 200)

    assert few == many
    assert set(few) == {"intake", *STAGES} - {TaskName.FIRE, TaskName.ANSWER, TaskName.MOVE}
    # Round trips are what a small batch costs; more than these deserve a look at docs/reference.
    assert all(cost <= 30 for cost in few.values())


def test_one_lead_alone_costs_no_more_statements_than_a_batch(full: Pipeline) -> None:
    """At low load a batch is one lead."""
    warm = [lead_event(**{**_NORTHERN, "email": f"w{n}@warm.example", "phone": None}) for n in range(2)]
    full.route(*warm)
    batches = ([1], range(200))

    costs = []
    for batch in batches:
        full.publish(
            *[lead_event(**{**_NORTHERN, "email": f"{n}@b{len(batch)}.example", "phone": None}) for n in batch]
        )
        cost = {}
        while full.hints.published:
            task, lead_ids = full.hints.published.pop(0)
            with counted(full.context.engine) as statements:
                STAGES[task](full.context, lead_ids)
            cost[task] = len(statements)
        costs.append(cost)

    assert costs[0] == costs[1]


@pytest.mark.parametrize(
    ("status", "duty"),
    [
        ("received", lambda pipeline: pipeline.keeper.tick()),
        ("buffering", lambda pipeline: pipeline.keeper.fire()),
        ("held", lambda pipeline: pipeline.keeper.retry()),
    ],
)
def test_the_keepers_statements_do_not_grow_with_what_waits(
    full: Pipeline, status: str, duty: Callable[[Pipeline], object]
) -> None:
    """A tick over two hundred leads costs as many statements as a tick over two; the first one fills the caches."""
    full.keeper.tick()
    costs = []
    for count in (2, 2, 200):
        with transaction(full.context.engine) as tx:
            tx.run(
                """
                INSERT INTO lead (event_source, event_id, status, hold_reason, status_at, next_attempt_at, release_at)
                SELECT 'test', n, %(status)s, CASE WHEN %(status)s = 'held' THEN 'closed' END, now() - interval '1 day',
                    now() - interval '1 second', now() - interval '1 second'
                FROM generate_series(1, %(count)s) AS n
                """,
                status=status,
                count=count,
            )
            tx.run(
                """
                INSERT INTO deadline (lead_id, epoch, ladder, step, action, due_at, policy_version)
                SELECT lead_id, 0, 'buffer', 1, 'release', date_trunc('second', now() - interval '1 second'), 1
                FROM lead WHERE status = 'buffering' ON CONFLICT DO NOTHING
                """
            )
        with counted(full.context.engine) as statements:
            duty(full)
        costs.append(len(statements))

    assert costs[1] == costs[2]

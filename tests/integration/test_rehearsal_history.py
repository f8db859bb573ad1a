"""A rehearsal says of every lead what the pipeline did, and of a draft what the pipeline would have done."""

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shared.bus.queues import TaskName
from shared.db.transaction import transaction
from shared.domain.target import Target
from shared.errors import RefusedError
from shared.routing.policy.rehearse import Change
from tests.fixtures.pipeline import Pipeline, open_pipeline, rep
from tests.fixtures.rehearsals import (
    assign_in,
    backtest,
    document,
    leads,
    match_all,
    outcomes,
    policies,
    replay,
    reps,
)
from workers.assignment.ops import assign_lead, credit_member
from workers.assignment.queries.changes import Adjustment
from workers.escalation.answer import settle_answers
from workers.escalation.policy.answers import Answer, Kind

_numbers = itertools.count()

_sizes = st.lists(st.integers(1, 6), max_size=4)


@settings(max_examples=25, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=policies, draft=policies, people=reps, arriving=leads, sizes=_sizes)
def test_a_rehearsal_says_what_the_pipeline_does(
    pipeline: Pipeline,
    before: dict[str, Any],
    draft: dict[str, Any],
    people: list[dict[str, Any]],
    arriving: list[dict[str, Any]],
    sizes: Sequence[int],
) -> None:
    """The unchanged policy differs in no lead; a draft gives each the owner that the pipeline gives under it."""
    pipeline.activate(document(before))
    match_all(pipeline, people, arriving)
    assign_in(pipeline, sizes)
    happened = outcomes(pipeline)

    unchanged = backtest(pipeline, document(before))
    foretold = backtest(pipeline, document(draft))

    assert {one.change for one in unchanged.values()} == {Change.NONE}
    assert set(unchanged) == set(foretold) == set(happened)
    pipeline.activate(document(draft))
    match_all(pipeline, people, arriving)
    assign_in(pipeline, sizes)
    then = outcomes(pipeline)
    assert {lead_id: (one.now.status, one.now.owner) for lead_id, one in foretold.items()} == then
    moved = {lead_id for lead_id, one in foretold.items() if one.change in {Change.PLACE, Change.TURN}}
    assert moved == {lead_id for lead_id in happened if happened[lead_id] != then[lead_id]}


_disturbances = st.lists(
    st.tuples(
        st.sampled_from(["weight", "away", "depart", "accept", "give_back", "credit", "by_hand", "time", "account"]),
        st.integers(0, 5),
        st.sampled_from(["anvils", "bellows", "common"]),
    ),
    max_size=4,
)


def _disturb(pipeline: Pipeline, what: str, number: int, name: str) -> None:
    """Change the world as people and time do between two batches."""
    rep_id = f"r{number}"
    match what:
        case "weight":
            pipeline.sync("reps", [rep(rep_id, skills=f"{name}|bellows", weight=str(number + 1), capacity="3")])
        case "away":
            away = {"rep_id": rep_id, "from": "2026-01-01", "until": "2999-01-01", "cover_rep_id": "r1"}
            pipeline.sync("absences", [away])
        case "depart":
            pipeline.sync("reps", [{**rep(rep_id), "status": "departed"}])
        case "account":
            owned = {"name": "Acme", "domain": "acme.example", "status": "customer", "owner_rep_id": rep_id}
            pipeline.sync("accounts", [{"account_id": "acme", **owned}])
        case "time":
            pipeline.pass_time(5 * 3600)
            pipeline.deliver(TaskName.FIRE, pipeline.ids("SELECT lead_id FROM lead ORDER BY 1"))
        case _:
            _work(pipeline, what, rep_id, name)
    held = pipeline.ids("SELECT lead_id FROM lead WHERE status = 'held' AND next_attempt_at IS NOT NULL ORDER BY 1")
    pipeline.deliver(TaskName.ASSIGN, held)
    pipeline.run_all()


def _work(pipeline: Pipeline, what: str, rep_id: str, name: str) -> None:
    offered = pipeline.rows("SELECT lead_id, owner FROM report.lead WHERE status = 'offered' ORDER BY 1 LIMIT 1")
    try:
        if what == "credit":
            adjustment = Adjustment(f"a{next(_numbers)}", name, rep_id, 2, "test", "test")
            credit_member(pipeline.context, adjustment)
        elif what == "by_hand" and offered:
            target = Target.parse(f"pool:{name}")
            assign_lead(pipeline.context, offered[0]["lead_id"], target, reason="test", made_by="test")
        elif offered:
            kind, reason = (Kind.ACCEPT, None) if what == "accept" else (Kind.RECYCLE, "timing")
            answer = Answer(kind, offered[0]["lead_id"], offered[0]["owner"], reason=reason)
            with transaction(pipeline.context.engine, pipeline.context.publisher) as tx:
                settle_answers(pipeline.context, tx, [answer])
    except RefusedError:
        # What cannot be done has not disturbed anything.
        return


@settings(max_examples=15, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(policy=policies, people=reps, arriving=leads, sizes=_sizes, disturbances=st.lists(_disturbances, max_size=5))
def test_whatever_happened_the_same_policy_differs_in_nothing(
    pipeline: Pipeline,
    policy: dict[str, Any],
    people: list[dict[str, Any]],
    arriving: list[dict[str, Any]],
    sizes: Sequence[int],
    disturbances: list[list[tuple[str, int, str]]],
) -> None:
    """Weights, absences, departures, answers, credits and time in between: each decision comes out as it was."""
    pipeline.activate(document(policy))
    match_all(pipeline, people, arriving)
    for size, more in itertools.zip_longest(sizes, disturbances):
        waiting = pipeline.ids("SELECT lead_id FROM lead WHERE status = 'matched' ORDER BY lead_id")
        pipeline.deliver(TaskName.ASSIGN, waiting[: size or 1])
        for what in more or ():
            _disturb(pipeline, *what)
    assign_in(pipeline, [])

    found = replay(pipeline, document(policy))

    assert [one for one in found if one.change is not Change.NONE] == []
    decided = pipeline.value("SELECT count(*) FROM decision WHERE stage = 'assignment' AND detail ? 'tried'")
    assert len(found) == decided


def test_batches_beside_each_other_are_told_apart(pipeline: Pipeline, database_url: str, redis_url: str) -> None:
    """Two workers take turns at the same pools; what each batch could see is its own."""
    drawn: dict[str, Any] = {
        "strategy": ["weighted", "least_loaded", "weighted"],
        "overflow": ["", "", ""],
        "cap": ["", "", ""],
        "skill": ["anvils", "bellows", "common"],
        "targets": ["pool:anvils", "pool:bellows", "pool:common"],
        "customers": "owner:account",
        "large": "",
        "cover": False,
    }
    team = [{"skills": "anvils|bellows|common", "weight": str(1 + number % 2), "away": False} for number in range(5)]
    names = ("Anvil", "Bellows", "Common")
    pipeline.activate(document(drawn))
    match_all(pipeline, team, [{"product": names[number % 3], "company": ""} for number in range(120)])
    waiting = pipeline.ids("SELECT lead_id FROM lead WHERE status = 'matched' ORDER BY lead_id")
    batches = [waiting[place : place + 3] for place in range(0, len(waiting), 3)]

    with open_pipeline(database_url, redis_url) as other, ThreadPoolExecutor(2) as workers:
        mine = workers.submit(_assign, pipeline, batches[0::2])
        theirs = workers.submit(_assign, other, batches[1::2])
        mine.result()
        theirs.result()

    found = replay(pipeline, document(drawn))
    assert len(found) == len(waiting)
    assert {one.change for one in found} == {Change.NONE}


def _assign(pipeline: Pipeline, batches: Sequence[list[int]]) -> None:
    for batch in batches:
        pipeline.deliver(TaskName.ASSIGN, batch)

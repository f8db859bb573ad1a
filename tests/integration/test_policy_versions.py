"""Versions over time: planned, cancelled, rolled back, and what that means for leads on their way and for clocks."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from shared.bus.queues import TaskName
from shared.db.policies import PolicyShelf
from shared.db.standing import load_standing, look_at_policy
from shared.db.transaction import transaction
from shared.errors import RefusedError
from shared.policy.reigns import Activation, in_force
from shared.settings import Settings
from tests.fixtures.pipeline import Pipeline, lead_event, open_pipeline, rep
from tests.fixtures.policy_texts import one_pool
from workers.assignment.ops.policies import activate_document, roll_back
from workers.assignment.ops.versions import cancel_plan, version_pages
from workers.doctor import examine

_TEAM = [rep("nora", team="north"), rep("sven", team="south")]


@pytest.fixture
def staffed(pipeline: Pipeline) -> Pipeline:
    """A pipeline with a rep in each of two teams, and no policy."""
    pipeline.sync("reps", _TEAM)
    return pipeline


@pytest.fixture
def two(database_url: str, redis_url: str) -> Iterator[tuple[Pipeline, Pipeline]]:
    """Two processes over one database; both live through the whole test."""
    with open_pipeline(database_url, redis_url) as one, open_pipeline(database_url, redis_url) as other:
        one.sync("reps", _TEAM)
        yield one, other


def _activate(pipeline: Pipeline, document: str, **options: Any) -> int:
    return activate_document(pipeline.context, document, made_by="olga", **options).version


def _in(**span: float) -> datetime:
    return datetime.now(UTC) + timedelta(**span)


def _active(pipeline: Pipeline, at: datetime | None = None) -> int | None:
    with transaction(pipeline.context.engine) as tx:
        version = pipeline.context.policies.active(tx, at)
    return None if version is None else version.number


# Planned and cancelled ------------------------------------------------------------------------------------------------


def test_a_plan_becomes_active_in_every_process_at_its_minute(two: tuple[Pipeline, Pipeline]) -> None:
    """Neither process is told: both ask the rows, by the database's clock."""
    one, other = two
    first = _activate(one, one_pool("first"))
    second = _activate(one, one_pool("second", pool="south"), at=_in(hours=1))

    before = (_active(one), _active(other))
    one.pass_time(3601)

    assert before == (first, first)
    assert (_active(one), _active(other)) == (second, second)


def test_what_will_be_in_force_can_be_asked(staffed: Pipeline) -> None:
    """At an instant to come the plan counts, at one that is past what was in force then."""
    first = _activate(staffed, one_pool("first"))
    second = _activate(staffed, one_pool("second"), at=_in(hours=1))

    assert (_active(staffed), _active(staffed, _in(minutes=59)), _active(staffed, _in(minutes=61))) == (
        first,
        first,
        second,
    )
    assert _active(staffed, _in(hours=-1)) is None


def test_a_cancelled_plan_never_takes_effect(staffed: Pipeline) -> None:
    """The version stays stored; who planned it and who took it back stay on the record."""
    first = _activate(staffed, one_pool("first"))
    second = _activate(staffed, one_pool("second"), at=_in(hours=1), note="new year", approved_by="boss")

    plan = cancel_plan(staffed.context, second, made_by="otto", note="too early")
    staffed.pass_time(7200)

    (row,) = staffed.rows("SELECT * FROM policy_cancellation")
    assert (plan.version, plan.name) == (second, "second")
    assert _active(staffed) == first
    assert (row["requested_by"], row["approved_by"], row["note"]) == ("olga", "boss", "new year")
    assert (row["cancelled_by"], row["cancel_note"]) == ("otto", "too early")


def test_a_cancelled_version_can_be_planned_again(staffed: Pipeline) -> None:
    """The same file again is the same version with a new plan."""
    _activate(staffed, one_pool("first"))
    at = _in(hours=1)
    second = _activate(staffed, one_pool("second"), at=at)
    cancel_plan(staffed.context, second, made_by="otto")

    again = activate_document(staffed.context, one_pool("second"), made_by="olga", at=at)

    assert (again.version, again.is_new) == (second, True)
    assert _active(staffed, at) == second


def test_the_same_plan_twice_is_one_plan(staffed: Pipeline) -> None:
    """A command that is repeated changes nothing."""
    at = _in(hours=1)
    _activate(staffed, one_pool("first"), at=at)

    again = activate_document(staffed.context, one_pool("first"), made_by="olga", at=at)

    assert again.is_new is False
    assert staffed.value("SELECT count(*) FROM policy_activation") == 1


@pytest.mark.parametrize(
    ("plans", "wanted", "says"),
    [
        ([], 7, "Version 7 is not planned: no one is"),
        ([60, 120], 1, "say with --at which"),
        ([1], 1, "too soon to be cancelled"),
        ([60], 2, "Version 2 is not planned: planned is version 1 for"),
    ],
)
def test_a_cancellation_that_is_not_clear_is_refused(
    staffed: Pipeline, plans: list[int], wanted: int, says: str
) -> None:
    """No plan, several plans and a plan whose second has come each get a sentence, and nothing is changed."""
    for seconds in plans:
        _activate(staffed, one_pool("first"), at=_in(seconds=seconds))

    with pytest.raises(RefusedError, match=says):
        cancel_plan(staffed.context, wanted, made_by="otto")

    assert staffed.value("SELECT count(*) FROM policy_activation") == len(plans)


def test_of_several_plans_the_one_that_is_named_is_cancelled(staffed: Pipeline) -> None:
    """A version may come, go and come back; `at` says which of its plans is meant."""
    soon, late = _in(hours=1), _in(hours=2)
    number = _activate(staffed, one_pool("first"), at=soon)
    _activate(staffed, one_pool("first"), at=late)

    cancel_plan(staffed.context, number, made_by="otto", at=soon)

    assert staffed.ids("SELECT effective_at FROM policy_activation") == [late]


def test_the_database_forgets_nothing_that_took_effect(staffed: Pipeline) -> None:
    """Neither an activation of the past nor the text of a version can be taken away, whoever asks."""
    _activate(staffed, one_pool("first"))

    with pytest.raises(IntegrityError, match="has taken effect"):
        staffed.rows("DELETE FROM policy_activation")
    _activate(staffed, one_pool("second"), at=_in(seconds=1))
    with pytest.raises(IntegrityError, match="has taken effect"):
        staffed.rows("DELETE FROM policy_activation WHERE effective_at > now()")
    with pytest.raises(IntegrityError, match="cannot change"):
        staffed.rows("UPDATE policy_version SET document = 'x'")
    with pytest.raises(IntegrityError, match="cannot change"):
        staffed.rows("DELETE FROM policy_version")


def test_a_rollback_does_not_touch_a_plan_and_says_so(staffed: Pipeline) -> None:
    """What is planned comes whatever is in force until then."""
    first = _activate(staffed, one_pool("first"))
    _activate(staffed, one_pool("second"))
    third = _activate(staffed, one_pool("third"), at=_in(hours=1))

    done = roll_back(staffed.context, first, made_by="otto")

    assert [one.version for one in done.planned] == [third]
    assert (_active(staffed), _active(staffed, _in(hours=2))) == (first, third)


def test_versions_tell_their_history(staffed: Pipeline) -> None:
    """Each version says who wrote it, when it reigned, what is planned and what was taken back."""
    first = _activate(staffed, one_pool("first"))
    second = _activate(staffed, one_pool("second"))
    roll_back(staffed.context, first, made_by="otto", note="a slip")
    third = _activate(staffed, one_pool("third"), at=_in(hours=1))
    _activate(staffed, one_pool("third"), at=_in(hours=3))
    cancel_plan(
        staffed.context, third, made_by="otto", at=staffed.value("SELECT max(effective_at) FROM policy_activation")
    )

    with transaction(staffed.context.engine) as tx:
        pages = {one.version: one for one in version_pages(tx)}

    assert {number: one.active for number, one in pages.items()} == {third: False, second: False, first: True}
    assert [len(one.reigns) for one in pages.values()] == [1, 1, 2]
    assert (pages[first].latest["requested_by"], pages[first].latest["note"]) == ("otto", "a slip")
    assert (len(pages[third].planned), len(pages[third].cancelled)) == (1, 1)
    assert pages[first].reigns[1].until == pages[third].planned[0]["effective_at"]


def test_two_who_activate_at_once_take_turns(staffed: Pipeline) -> None:
    """Whoever comes last is in force, and the record has both in the order in which they came."""
    names = [f"policy-{number}" for number in range(6)]
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda name: _activate(staffed, one_pool(name)), names))

    rows = staffed.rows("SELECT activation_id, version, effective_at FROM policy_activation ORDER BY effective_at")
    assert [row["activation_id"] for row in rows] == sorted(row["activation_id"] for row in rows)
    assert _active(staffed) == rows[-1]["version"]


def test_doctor_and_status_tell_of_a_plan(staffed: Pipeline, database_url: str, redis_url: str) -> None:
    """What is in force and what is planned stand in one line."""
    alone = Settings(database_url=database_url, redis_url=redis_url)
    _activate(staffed, one_pool("later"), at=_in(hours=1))
    waiting = examine(alone)["policy"]
    _activate(staffed, one_pool("first"))

    found = examine(alone)["policy"]
    standing = look_at_policy(database_url)

    assert (waiting.severity, found.severity) == ("hint", "well")
    assert "version 1 (later) planned for" in waiting.text
    assert found.text.startswith("version 2 (first); version 1 (later) planned for")
    assert standing is not None
    assert (standing.version, [one.version for one in standing.planned]) == (2, [1])
    assert look_at_policy("postgresql://nobody@127.0.0.1:1/none") is None


# Leads on their way ---------------------------------------------------------------------------------------------------


def test_a_lead_on_its_way_is_decided_under_the_version_in_force_then(staffed: Pipeline) -> None:
    """Each stage follows the version in force when its own transaction begins, and records which that was."""
    first = _activate(staffed, one_pool("first"))
    second = _activate(staffed, one_pool("second", pool="south"), at=_in(hours=1))
    (lead_id,) = staffed.publish(lead_event())
    staffed.deliver(TaskName.ENRICH, [lead_id])
    staffed.deliver(TaskName.DEDUPLICATE, [lead_id])

    staffed.pass_time(3601)
    staffed.deliver(TaskName.ASSIGN, [lead_id])

    versions = [(one["stage"], one["policy_version"]) for one in staffed.decisions(lead_id)]
    assert versions == [("enrichment", first), ("deduplication", first), ("assignment", second)]
    assert staffed.lead(lead_id)["owner"] == "sven"


def test_a_running_clock_keeps_its_version(staffed: Pipeline) -> None:
    """Law 5: who was given two hours keeps them, under the version that gave them; the next lead has its own."""
    first = _activate(staffed, one_pool("first", overdue="2h"))
    second = _activate(staffed, one_pool("second", overdue="30m"), at=_in(minutes=10))
    (early,) = staffed.route(lead_event())
    due_before = staffed.value("SELECT due_at FROM deadline WHERE lead_id = :id AND ladder = 'accept'", id=early)

    staffed.pass_time(601)
    (late,) = staffed.route(lead_event())

    rows = staffed.rows(
        "SELECT lead_id, policy_version, due_at - now() AS left FROM deadline WHERE ladder = 'accept' ORDER BY lead_id"
    )
    moved = staffed.value("SELECT due_at FROM deadline WHERE lead_id = :id AND ladder = 'accept'", id=early)
    assert [(row["lead_id"], row["policy_version"]) for row in rows] == [(early, first), (late, second)]
    assert due_before - moved == timedelta(seconds=601)
    assert rows[0]["left"] > timedelta(minutes=100) > timedelta(minutes=31) > rows[1]["left"]
    assert staffed.breaches() == []


# A pure function of the rows ------------------------------------------------------------------------------------------

#: What ops may do, in any order: activate a policy now or in some minutes, roll back, cancel, and let minutes pass.
_STEPS = st.one_of(
    st.tuples(st.just("activate"), st.integers(0, 3), st.integers(0, 3)),
    st.tuples(st.just("roll_back"), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("cancel"), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("pass"), st.just(0), st.integers(1, 3)),
)


def _do(pipeline: Pipeline, step: tuple[str, int, int]) -> None:
    """Do one step as a person would; what is refused changes nothing."""
    what, which, minutes = step
    number = pipeline.value("SELECT version FROM policy_version WHERE name = :name", name=f"p{which}") or 99
    try:
        if what == "activate":
            at = pipeline.value("SELECT now()") + timedelta(minutes=minutes) if minutes else None
            _activate(pipeline, one_pool(f"p{which}"), at=at)
        elif what == "roll_back":
            roll_back(pipeline.context, number, made_by="otto")
        elif what == "cancel":
            cancel_plan(pipeline.context, number, made_by="otto")
        else:
            pipeline.pass_time(minutes * 60)
    except RefusedError:
        return


def _timeline(pipeline: Pipeline) -> list[Activation]:
    rows = pipeline.rows("SELECT activation_id, version, effective_at FROM policy_activation ORDER BY random()")
    return [Activation(**row) for row in rows]


@given(st.lists(_STEPS, min_size=3, max_size=9))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_version_in_force_is_a_function_of_the_rows(
    two: tuple[Pipeline, Pipeline], steps: list[tuple[str, int, int]]
) -> None:
    """Whatever was done in whatever order, every process finds what the rows say, and no step changes the past."""
    one, other = two
    one.rows("TRUNCATE policy_activation, policy_cancellation")
    one.context.policies, other.context.policies = PolicyShelf(), PolicyShelf()
    history: list[tuple[datetime, int | None]] = []
    for step in steps:
        if step[0] == "pass":
            history = [(at - timedelta(minutes=step[2]), version) for at, version in history]
        _do(one, step)
        with transaction(other.context.engine) as tx:
            standing = load_standing(tx)
            history.append((tx.started_at, standing.version))
        timeline = _timeline(one)
        instants = [at + timedelta(seconds=30 * n) for n in range(9) for at in (history[-1][0],)]

        assert [_active(process, at) for at in instants for process in two] == [
            in_force(timeline, at) for at in instants for _ in two
        ]
        assert [in_force(timeline, at) for at, _ in history] == [version for _, version in history]
        assert [(one.version, one.effective_at) for one in standing.planned] == [
            (one.version, one.effective_at)
            for one in sorted(timeline, key=lambda one: (one.effective_at, one.activation_id))
            if one.effective_at > history[-1][0]
        ]

"""One lead per person: who joins whom, by which key, and what the record says of it."""

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.bus.queues import TaskName
from tests.conftest import Eventually
from tests.fixtures.pipeline import Pipeline, lead_event, open_pipeline, rep
from workers.deduplication.tasks import deduplicate

_POLICY = """
name: people
owner: ops@here.example
qualification:
  intent: {minimum: 30, lead_type: {demo_request: 80, newsletter: 10, opt_out: 0, support_request: 0}}
  otherwise: nurture:long_term
buffer: {default: {minimum: 0s, maximum: 60s}, slow: {minimum: 3m, maximum: 5m}}
rules:
  - {name: opt-out, gate: none, when: {lead_type: opt_out}, to: suppress}
  - {name: support, gate: none, when: {lead_type: support_request}, to: divert:help}
  - {name: everyone, to: pool:all}
pools: {all: {}}
queues: {exceptions: {owner: ops@here.example}, help: {kind: feedback, owner: help@here.example}}
tracks:
  long_term: {wakes_on: [lead.submitted]}
  until_changed: {wakes_on: [lead.corrected]}
"""
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
_ANA = {"email": "ana.lima@acme.example", "first_name": "Ana", "last_name": "Lima", "phone": "+44 20 7946 0958"}


@pytest.fixture
def people(pipeline: Pipeline) -> Pipeline:
    """A pipeline whose rules are about what kind of lead a person sends."""
    pipeline.activate(_POLICY)
    pipeline.sync("reps", [rep("bo")])
    return pipeline


def _person(pipeline: Pipeline, lead_id: int) -> dict[str, Any]:
    """Return what deduplication recorded of a lead's person."""
    record: dict[str, Any] = pipeline.last_decision(lead_id, "deduplication")["person"]
    return record


def _joined(pipeline: Pipeline, lead_id: int) -> list[dict[str, Any]]:
    """Return who has joined a lead, by its decisions."""
    return [other for one in pipeline.decisions(lead_id) for other in one["detail"].get("joined", ())]


def test_submissions_within_the_buffer_become_one_lead(people: Pipeline) -> None:
    """The first stands for the person, the others join it with their context, and both sides say so."""
    first, second, third = people.route(
        lead_event(**_ANA, lead_type="slow", campaign="spring"),
        lead_event(email="Ana.Lima+news@ACME.example", lead_type="slow", campaign="summer"),
        lead_event(email="ana.lima@acme.example", lead_type="slow", campaign="autumn"),
    )
    in_buffer = people.statuses()
    people.pass_time(181)
    people.keeper.tick()
    people.run_all()

    assert in_buffer == {"buffering": 3}
    assert [people.lead(one)["status"] for one in (first, second, third)] == ["nurturing", "merged", "merged"]
    assert [people.lead(one)["merged_into"] for one in (second, third)] == [first, first]
    assert [people.lead(one)["campaign"] for one in (first, second, third)] == ["spring", "summer", "autumn"]
    assert _person(people, second) | {"seen": None} == {"outcome": "merges", "lead": first, "by": "email", "seen": None}
    assert _joined(people, first) == [{"lead": second, "by": "email"}, {"lead": third, "by": "email"}]
    assert people.breaches() == []


def test_a_later_submission_joins_the_lead_that_lives(people: Pipeline) -> None:
    """It neither skips assignment nor restarts it: owner, epoch and clock of the first lead stay as they are."""
    (first,) = people.route(lead_event(**_ANA))
    before = people.rows("SELECT * FROM assignment"), people.rows("SELECT * FROM deadline")
    (second,) = people.route(lead_event(**_ANA, campaign="again"))

    assert (people.rows("SELECT * FROM assignment"), people.rows("SELECT * FROM deadline")) == before
    assert (people.lead(first)["status"], people.lead(second)["status"]) == ("offered", "merged")
    assert _joined(people, first) == [{"lead": second, "by": "email"}]
    assert people.value("SELECT count(*) FROM notice") == 0
    assert people.breaches() == []


def test_a_phone_with_the_last_name_is_a_person(people: Pipeline) -> None:
    """Spellings of number and name do not matter; another name at the same number is somebody else."""
    first, same, other = people.route(
        lead_event(**_ANA),
        lead_event(phone="020 7946 0958", country="UK", last_name="LIMA"),
        lead_event(phone="+442079460958", last_name="Costa"),
    )

    assert [people.lead(one)["status"] for one in (first, same, other)] == ["offered", "merged", "offered"]
    assert (_person(people, same)["by"], _person(people, same)["lead"]) == ("phone", first)


def test_conflicting_addresses_never_join_by_phone(people: Pipeline) -> None:
    """Two people of one name at one switchboard stay two, and the record says that the addresses differ."""
    first, second = people.route(lead_event(**_ANA), lead_event(**{**_ANA, "email": "andre.lima@acme.example"}))

    assert [people.lead(one)["status"] for one in (first, second)] == ["offered", "offered"]
    assert _person(people, second)["outcome"] == "survives"
    assert _person(people, second)["seen"] == [{"lead": first, "by": "phone", "verdict": "e-mail addresses differ"}]
    assert people.breaches() == []


def test_a_nurtured_lead_is_woken_by_its_track(people: Pipeline) -> None:
    """It goes through matching and assignment again with what the person said last; nothing else is restarted."""
    (nurtured,) = people.route(lead_event(**_ANA, lead_type="newsletter", company="Acme", employees="12"))
    before = people.lead(nurtured)
    (waking,) = people.route(lead_event(**_ANA, lead_type="demo_request", company="Acme Ltd"))

    lead = people.lead(nurtured)
    facts = people.value("SELECT sheet -> 'facts' FROM fact_sheet WHERE lead_id = :id", id=nurtured)
    assert (before["status"], lead["status"], lead["owner"]) == ("nurturing", "offered", "bo")
    assert (facts["lead_type"], facts["company"], facts["employees"]) == ("demo_request", "Acme Ltd", 12)
    assert (people.lead(waking)["status"], people.lead(waking)["merged_into"]) == ("merged", nurtured)
    assert [one["outcome"] for one in people.decisions(nurtured)] == [
        "buffering",
        "matched",
        "nurturing",
        "woken",
        "matched",
        "offered",
    ]
    assert people.value("SELECT track FROM lead WHERE lead_id = :id", id=nurtured) is None
    assert people.breaches() == []


def test_a_track_that_does_not_wake_keeps_its_lead(people: Pipeline) -> None:
    """The later submission joins the sleeper, which stays asleep."""
    (nurtured,) = people.route(lead_event(**_ANA, lead_type="newsletter"))
    people.rows("UPDATE lead SET track = 'until_changed'")
    (later,) = people.route(lead_event(**_ANA))

    assert people.lead(nurtured)["status"] == "nurturing"
    assert people.lead(later)["merged_into"] == nurtured
    assert people.breaches() == []


def test_who_is_suppressed_stays_suppressed(people: Pipeline) -> None:
    """Later events of the person end there too, and say because of which lead."""
    (first,) = people.route(lead_event(**_ANA, lead_type="opt_out"))
    (later,) = people.route(lead_event(**_ANA, lead_type="demo_request"))
    (by_phone,) = people.route(lead_event(phone=_ANA["phone"], last_name="Lima"))

    assert [people.lead(one)["status"] for one in (first, later, by_phone)] == ["suppressed"] * 3
    assert people.lead(later)["rule"] is None
    assert (_person(people, later)["outcome"], _person(people, later)["lead"]) == ("suppressed", first)
    assert (_person(people, by_phone)["outcome"], _person(people, by_phone)["by"]) == ("suppressed", "phone")
    assert people.breaches() == []


def test_who_asked_for_support_may_become_a_lead(people: Pipeline) -> None:
    """A diverted lead is no sales matter, so it stands for nobody."""
    diverted, lead = (
        people.route(lead_event(**_ANA, lead_type=kind))[0] for kind in ("support_request", "demo_request")
    )

    assert (people.lead(diverted)["status"], people.lead(lead)["status"]) == ("diverted", "offered")
    assert people.breaches() == []


_submissions = st.lists(
    st.fixed_dictionaries(
        {
            "email": st.sampled_from([None, "a@x.example", "A+1@x.example", "b@x.example", "c@y.example"]),
            "phone": st.sampled_from(["+442079460958", "+442079460959"]),
            "last_name": st.sampled_from([None, "Lima", "LIMA", "Costa"]),
            "lead_type": st.sampled_from(["demo_request", "newsletter", "opt_out"]),
        }
    ),
    min_size=2,
    max_size=10,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(submissions=_submissions, cut=st.integers(0, 10))
def test_a_batch_ends_as_the_same_leads_one_by_one(
    people: Pipeline, submissions: list[dict[str, Any]], cut: int
) -> None:
    """Where each lead stands after deduplication, and whom it joined, does not depend on the cut of the batches."""

    def outcome(batches: Callable[[list[int]], list[list[int]]]) -> list[dict[str, Any]]:
        people.clear()
        lead_ids = people.publish(*[lead_event(**one) for one in submissions])
        people.deliver(TaskName.ENRICH, lead_ids)
        for batch in batches(lead_ids):
            people.deliver(TaskName.DEDUPLICATE, batch)
        return people.rows("SELECT lead_id, status, merged_into FROM lead ORDER BY lead_id") + people.rows(
            "SELECT key, lead_id FROM person_key ORDER BY key"
        )

    one_by_one = outcome(lambda lead_ids: [[lead_id] for lead_id in lead_ids])

    assert outcome(lambda lead_ids: [lead_ids]) == one_by_one
    assert outcome(lambda lead_ids: [lead_ids[:cut], lead_ids[cut:]]) == one_by_one


def test_parallel_batches_of_the_same_new_persons_give_one_lead_each(
    people: Pipeline, database_url: str, redis_url: str, eventually: Eventually
) -> None:
    """In different order and in the middle of each other: no deadlock comes out, and nobody has two living leads."""
    chance = random.Random(7)
    failures: list[BaseException] = []

    def work(pipeline: Pipeline, lead_ids: list[int]) -> None:
        try:
            # Without the retries of a worker: keys are taken in one order, so that nobody waits in a circle.
            deduplicate(pipeline.context, lead_ids)
        except BaseException as error:  # noqa: BLE001  whatever it is, the test must hear of it
            failures.append(error)

    with open_pipeline(database_url, redis_url) as other:
        for turn in range(3):
            persons = [f"p{turn}-{number}@x.example" for number in range(60)]
            batches = [
                people.publish(*[lead_event(email=one, phone="+442079460958", last_name=one) for one in order])
                for order in (persons, chance.sample(persons, 60))
            ]
            people.deliver(TaskName.ENRICH, batches[0] + batches[1])
            threads = [
                threading.Thread(target=work, args=(pipeline, batch))
                for pipeline, batch in zip((people, other), batches, strict=True)
            ]
            # A key in the middle of both is held back until each has come as far as it can.
            with people.context.engine.connect() as gate:
                gate.exec_driver_sql("INSERT INTO person_key VALUES (%(key)s, 0)", {"key": f"email:{persons[30]}"})
                for thread in threads:
                    thread.start()
                eventually(lambda: people.value(_WAITING) == 2)
                gate.rollback()
            for thread in threads:
                thread.join()
    people.take_hints()

    living = people.ids("SELECT email FROM lead JOIN fact_sheet USING (lead_id) WHERE status = 'matched'")
    assert failures == []
    assert people.statuses() == {"matched": 180, "merged": 180}
    assert len(set(living)) == 180
    assert (
        people.value(
            "SELECT count(*) FROM lead JOIN lead AS person ON person.lead_id = lead.merged_into"
            " WHERE person.status <> 'matched'"
        )
        == 0
    )
    assert people.breaches() == []

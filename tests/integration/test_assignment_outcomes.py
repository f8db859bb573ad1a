"""Where a lead goes when it is not simply offered: closed hours, nobody there, words nobody knows, caps, overflow."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fixtures.pipeline import Pipeline, lead_event, rep
from tests.fixtures.policy_texts import FULL_POLICY, FULL_TEAM

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _opens_in_two_days() -> datetime:
    """Return nine o'clock UTC on the day after tomorrow: no test runs so long that it becomes today."""
    return (datetime.now(UTC) + timedelta(days=2)).replace(hour=9, minute=0, second=0, microsecond=0)


def _hours(*, is_open: bool) -> str:
    """Return the hours of a calendar that is open now, or closed until the day after tomorrow."""
    if is_open:
        return '{mon-sun: ["00:00-24:00"]}'
    return f'{{{_DAYS[_opens_in_two_days().weekday()]}: ["09:00-17:00"]}}'


def _policy(
    when_closed: str = "offer", *, is_open: bool = False, overflow: str = "", cap: str = "", clock: str = "owner"
) -> str:
    return f"""
name: hours
owner: ops@here.example
buffer: {{default: {{minimum: 0s, maximum: 60s}}}}
rules: [{{name: everyone, to: pool:day}}]
pools:
  day: {{members: {{team: Day}}, calendar: office, when_closed: {when_closed}, overflow: [{overflow}]{cap}}}
  night: {{members: {{team: Night}}}}
queues:
  exceptions: {{owner: ops@here.example, alert: "#exceptions", escalate_after: 30m, escalate_to: boss@here.example}}
  tank: {{kind: claim, owner: boss@here.example, members: {{}}, alert: "#tank"}}
calendars: {{office: {{timezone: UTC, hours: {_hours(is_open=is_open)}}}}}
sla: [{{when: {{}}, clock: {clock}, accept: [{{after: 2h, do: flag_overdue, notify: manager}}]}}]
"""


@pytest.fixture
def day(pipeline: Pipeline) -> Pipeline:
    """A pipeline with a rep for the day and one for the night, and no policy yet."""
    pipeline.sync("reps", [rep("ana", team="Day"), rep("nox", team="Night")])
    return pipeline


@pytest.fixture
def full(pipeline: Pipeline) -> Pipeline:
    """A pipeline with the full policy and its people."""
    pipeline.activate(FULL_POLICY)
    pipeline.sync("reps", FULL_TEAM)
    return pipeline


def _retry(pipeline: Pipeline) -> None:
    """Let the keeper tick and everything that comes of it happen."""
    pipeline.keeper.tick()
    pipeline.run_all()


def _times_assigned(pipeline: Pipeline, lead_id: int) -> int:
    """Return how many decisions the assignment has made about a lead."""
    return sum(one["stage"] == "assignment" for one in pipeline.decisions(lead_id))


def _north(**data: Any) -> dict[str, Any]:
    return lead_event(**{"country": "GB", "employees": "50", "product": "Bellows", **data})


def test_a_closed_pool_offers_as_if_it_were_open(day: Pipeline) -> None:
    """By default closed hours choose the same owner, and the owner's clock starts when the hours do."""
    day.activate(_policy())

    (lead_id,) = day.route(lead_event())

    assert day.lead(lead_id)["owner"] == "ana"
    assert day.value("SELECT due_at FROM deadline") == _opens_in_two_days() + timedelta(hours=2)


def test_a_closed_pool_may_wait(day: Pipeline) -> None:
    """The lead is held as closed until the hours start, is looked at again then, and costs no decision meanwhile."""
    day.activate(_policy("wait", overflow="pool:night"))
    (lead_id,) = day.route(lead_event())
    held = day.rows("SELECT status, hold_reason, next_attempt_at FROM lead")
    day.pass_time(24 * 3600)
    _retry(day)
    early = day.statuses()
    day.pass_time(36 * 3600)
    _retry(day)
    still_closed = (day.statuses(), _times_assigned(day, lead_id))
    day.activate(_policy("wait", is_open=True))
    day.pass_time(60 * 3600)
    _retry(day)

    assert held == [{"status": "held", "hold_reason": "closed", "next_attempt_at": _opens_in_two_days()}]
    assert early == {"held": 1}
    assert still_closed == ({"held": 1}, 1)
    assert (day.lead(lead_id)["status"], day.lead(lead_id)["owner"]) == ("offered", "ana")
    assert day.value("SELECT count(*) FROM notice WHERE recipient = '#exceptions'") == 1
    assert day.breaches() == []


def test_a_closed_pool_may_overflow(day: Pipeline) -> None:
    """Whoever is open takes the lead, and the record says that the first pool had nobody."""
    day.activate(_policy("overflow", overflow="pool:night"))

    (lead_id,) = day.route(lead_event())

    assert day.lead(lead_id)["owner"] == "nox"
    assert [(one["target"], one["result"]) for one in day.last_decision(lead_id, "assignment")["tried"]] == [
        ("pool:day", "no_one_available"),
        ("pool:night", "taken"),
    ]


def test_a_reps_own_hours_count_too(day: Pipeline) -> None:
    """The pool is open and the rep is not: with `overflow` the lead goes on to the next pool."""
    document = _policy("overflow", is_open=True, overflow="pool:night")
    day.activate(
        document.replace("calendars: {", f"calendars: {{rare: {{timezone: UTC, hours: {_hours(is_open=False)}}}, ")
    )
    (open_now,) = day.route(lead_event())
    day.sync("reps", [rep("ana", team="Day", calendar="rare")])
    (closed_now,) = day.route(lead_event())

    assert [day.lead(one)["owner"] for one in (open_now, closed_now)] == ["ana", "nox"]


@pytest.mark.parametrize("trouble", ["nobody", "away", "full", "departed"])
def test_a_lead_that_nobody_can_take_waits_for_somebody(full: Pipeline, trouble: str) -> None:
    """It is held visibly, is tried again without new decisions or alerts, and goes out when somebody is there."""
    full.sync(
        "reps", [rep("sara", team="South", seniority="senior", capacity="0"), rep("sven", team="South", capacity="0")]
    )
    full.sync(
        "reps",
        [
            rep(
                "nora",
                team="North",
                status="departed" if trouble == "departed" else "active",
                capacity="0" if trouble in {"full", "nobody"} else "",
            ),
            rep("nils", team="North", capacity="0"),
        ],
    )
    if trouble == "away":
        full.sync(
            "absences",
            [{"rep_id": "nora", "from": "2020-01-01", "until": (datetime.now(UTC) + timedelta(hours=2)).isoformat()}],
        )
    (lead_id,) = full.route(_north(original_source="carrier_pigeon"))
    held = full.lead(lead_id)
    notices = full.rows("SELECT kind, recipient FROM notice ORDER BY kind")
    for _ in range(4):
        full.pass_time(31)
        _retry(full)
    meanwhile = (full.statuses(), _times_assigned(full, lead_id), full.value("SELECT count(*) FROM notice"))

    if trouble == "away":
        full.pass_time(2 * 3600)
    else:
        full.sync("reps", [rep("newbie", team="North")])
    _retry(full)

    assert (held["status"], held["hold_reason"], held["owner"]) == ("held", "no_one_available", "exceptions")
    assert notices == [
        {"kind": "exception", "recipient": "#exceptions"},
        {"kind": "vocabulary", "recipient": "ops@here.example"},
    ]
    assert meanwhile == ({"held": 1}, 1, 2)
    lead = full.lead(lead_id)
    assert (lead["status"], lead["owner"]) == ("offered", "nora" if trouble == "away" else "newbie")
    assert full.value("SELECT hold_reason FROM lead") is None
    assert [one["end_reason"] for one in full.rows("SELECT end_reason FROM assignment ORDER BY epoch")] == [
        "reassigned",
        None,
    ]
    assert full.breaches() == []


def test_a_change_of_reps_wakes_at_once(full: Pipeline) -> None:
    """A rep who is added is looked at by the next tick, not after the next pause."""
    full.sync("reps", [rep(one["rep_id"], status="departed") for one in FULL_TEAM])
    (lead_id,) = full.route(_north())
    _retry(full)
    full.sync("reps", [rep("newbie", team="North")])

    _retry(full)

    assert full.lead(lead_id)["owner"] == "newbie"


@pytest.mark.parametrize(
    ("data", "reason", "word"),
    [
        ({"country": "Narnia"}, "not_understood:country", "Narnia"),
        ({"product": "Catapult"}, "vocabulary:product", "Catapult"),
        ({"lead_type": "carrier_pigeon"}, "vocabulary:lead_type", "carrier_pigeon"),
        ({"country": None}, "unknown:country", None),
        ({"country": "FR"}, "no_rule", None),
    ],
)
def test_what_cannot_be_decided_is_held_with_the_reason(
    full: Pipeline, data: dict[str, Any], reason: str, word: str | None
) -> None:
    """The queue has it, with its owner told and its clock running, and no rep has."""
    (lead_id,) = full.route(_north(hand_raise=True, **data))

    lead = full.lead(lead_id)
    detail = full.last_decision(lead_id, "assignment")
    assert (lead["status"], lead["hold_reason"], lead["owner_kind"], lead["owner"]) == (
        "held",
        reason,
        "queue",
        "exceptions",
    )
    assert (detail.get("held_word"), detail["to"]) == (word, "exceptions")
    assert full.rows("SELECT kind, recipient FROM notice WHERE kind = 'exception'") == [
        {"kind": "exception", "recipient": "#exceptions"}
    ]
    assert full.rows("SELECT ladder, step, action FROM deadline") == [
        {"ladder": "queue", "step": 1, "action": "escalate"}
    ]
    assert full.value("SELECT next_attempt_at FROM lead") is None
    assert full.breaches() == []


@pytest.mark.parametrize(
    ("data", "status", "place"),
    [
        ({"lead_type": "newsletter"}, "nurturing", {"track": "long_term"}),
        ({"employees": "3"}, "nurturing", {"track": "long_term"}),
        ({"lead_type": "support_request"}, "diverted", {"track": None}),
    ],
)
def test_what_is_no_sales_matter_never_reaches_sales(
    full: Pipeline, data: dict[str, Any], status: str, place: dict[str, Any]
) -> None:
    """Unqualified leads are nurtured and support is diverted: no owner, no clock, no alert, no qualification."""
    (lead_id,) = full.route(_north(**data))

    lead = full.lead(lead_id)
    assert (lead["status"], lead["owner"], lead["assigned_at"]) == (status, None, None)
    assert full.rows("SELECT track FROM lead") == [place]
    assert full.rows("SELECT * FROM assignment") == []
    assert full.rows("SELECT * FROM deadline") == []
    assert full.rows("SELECT * FROM notice") == []
    assert (lead["qualified_at"] is not None) == (status != "nurturing" and data["lead_type"] != "support_request")
    assert full.breaches() == []


def test_a_cap_is_for_its_window(day: Pipeline) -> None:
    """Beyond the cap leads overflow, also within one batch; when the window has passed the rep is offered again."""
    day.activate(_policy(is_open=True, overflow="pool:night", cap=", cap: 2 per 1d"))
    capped = day.route(*[lead_event() for _ in range(3)])
    (still,) = day.route(lead_event())
    day.pass_time(24 * 3600 + 1)
    (again,) = day.route(lead_event())

    assert [day.lead(one)["owner"] for one in capped] == ["ana", "ana", "nox"]
    assert [day.lead(one)["owner"] for one in (still, again)] == ["nox", "ana"]


@pytest.mark.parametrize(
    ("overflow", "status", "owner"),
    [
        ("queue:tank", "pooled", "tank"),
        ("pool:night", "held", "exceptions"),
        ("pool:night, pool:day", "held", "exceptions"),
    ],
)
def test_the_cascade_ends_at_a_queue(day: Pipeline, overflow: str, status: str, owner: str) -> None:
    """Every target is tried at most once, and with nobody anywhere a queue with a named owner has the lead."""
    day.activate(_policy(is_open=True, overflow=overflow))
    day.sync("reps", [rep("ana", team="Day", capacity="0"), rep("nox", team="Night", capacity="0")])

    (lead_id,) = day.route(lead_event())

    lead, tried = day.lead(lead_id), [one["target"] for one in day.last_decision(lead_id, "assignment")["tried"]]
    assert (lead["status"], lead["owner_kind"], lead["owner"]) == (status, "queue", owner)
    assert len(tried) == len(set(tried))
    assert tried[-1] == f"queue:{owner}"
    assert day.breaches() == []


def test_a_lead_that_is_held_for_another_sake_says_so(full: Pipeline) -> None:
    """A rep departs and nobody else is there: the queue has the lead because nobody is available, and is told."""
    full.sync("reps", [rep(one["rep_id"], team="South", capacity="0") for one in FULL_TEAM])
    full.sync("reps", [rep("nora", team="North")])
    (lead_id,) = full.route(_north())
    owner = full.lead(lead_id)["owner"]
    full.sync("reps", [rep("nora", team="North", status="departed")])
    taken_back = full.lead(lead_id)["hold_reason"]
    for _ in range(3):
        full.pass_time(31)
        _retry(full)
    held = full.lead(lead_id)
    full.sync("reps", [rep("newbie", team="North")])
    _retry(full)

    assert (owner, taken_back) == ("nora", "owner_departed")
    assert (held["status"], held["hold_reason"], held["owner"]) == ("held", "no_one_available", "exceptions")
    assert [one["outcome"] for one in full.decisions(lead_id)] == [
        *("buffering", "matched", "offered", "taken_back", "retried", "held", "offered")
    ]
    assert full.value("SELECT count(*) FROM notice WHERE recipient = '#exceptions'") == 2
    assert full.lead(lead_id)["owner"] == "newbie"
    assert full.breaches() == []

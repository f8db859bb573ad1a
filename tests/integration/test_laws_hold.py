"""Whatever happens in whatever order, the laws hold after every step, and in the end every lead comes to rest."""

import random
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shared.bus.queues import TaskName
from shared.db.transaction import transaction
from tests.fixtures.pipeline import STAGES, Pipeline, lead_event, open_pipeline, patiently, rep
from tests.fixtures.policy_texts import FULL_POLICY, FULL_TEAM
from workers.intake.policy.records import KINDS, read_record
from workers.intake.reference import apply_records

_REPS = tuple(one["rep_id"] for one in FULL_TEAM)
_REASONS = ("timing", "budget", "not_icp", "no_current_need", "existing_customer", "support", "duplicate")
_MOVING = "SELECT count(*) FROM lead WHERE status IN ('received', 'buffering', 'matched')"


def _submit(pipeline: Pipeline, chance: random.Random) -> None:
    """Somebody writes, perhaps not for the first time."""
    pipeline.publish(
        lead_event(
            email=f"p{chance.randrange(8)}@{chance.choice(('acme.example', 'new.example', 'gmail.com'))}",
            phone=chance.choice((None, "+442079460958")),
            last_name=chance.choice(("Lima", "Costa")),
            country=chance.choice(("GB", "Italia", "Narnia", None)),
            employees=chance.choice(("5", "50", "5000", None)),
            product=chance.choice(("Anvil", "Bellows", None)),
            lead_type=chance.choice(("demo_request", "demo_request", "newsletter", "support_request")),
            hand_raise=True,
        )
    )


def _answer(pipeline: Pipeline, chance: random.Random) -> None:
    """A rep answers about a lead, rightly or not."""
    leads = pipeline.rows("SELECT lead_id, owner FROM report.lead WHERE status NOT IN ('merged', 'received')")
    if not leads:
        return
    lead = chance.choice(leads)
    kind = chance.choice(("accepted", "accepted", "recycled", "touched", "claimed", "converted"))
    owner = lead["owner"] if lead["owner"] in _REPS and chance.random() < 0.8 else chance.choice(_REPS)
    data = {"lead_id": lead["lead_id"], "rep_id": owner}
    data |= {"reason": chance.choice(_REASONS), "of": 1} if kind == "recycled" else {}
    data |= {"kind": "call", "outcome": "reached"} if kind == "touched" else {}
    data |= {"opportunity_id": "o-9"} if kind == "converted" else {}
    pipeline.publish({**lead_event(), "type": f"lead.{kind}", "data": data})


def _deliver(pipeline: Pipeline, chance: random.Random) -> None:
    """A hint arrives, and may arrive again."""
    if pipeline.hints.published:
        place = chance.randrange(len(pipeline.hints.published))
        task, ids = pipeline.hints.published[place]
        if chance.random() < 0.7:
            pipeline.hints.published.pop(place)
        pipeline.deliver(task, ids)


def _stray(pipeline: Pipeline, chance: random.Random) -> None:
    """A hint comes that nobody sent, or long after its time."""
    lead_ids = pipeline.ids("SELECT lead_id FROM lead")
    if lead_ids:
        task = chance.choice([one for one in STAGES if one not in {TaskName.SEND, TaskName.ANSWER}])
        pipeline.deliver(task, chance.sample(lead_ids, chance.randint(1, len(lead_ids))))


def _lose(pipeline: Pipeline, _chance: random.Random) -> None:
    """Redis comes back empty."""
    pipeline.hints.published.clear()


def _pass_time(pipeline: Pipeline, chance: random.Random) -> None:
    """Time passes, and the keeper ticks; hours pass at once only while there is nothing to sweep meanwhile."""
    is_calm = not pipeline.value(_MOVING)
    pipeline.pass_time(chance.choice((700, 7300)) if is_calm else chance.choice((1, 31)))
    pipeline.keeper.tick()


def _change_rep(pipeline: Pipeline, chance: random.Random) -> None:
    """Somebody departs, returns, fills up, or changes teams."""
    pipeline.sync(
        "reps",
        [
            rep(
                chance.choice(_REPS),
                team=chance.choice(("North", "South")),
                status=chance.choice(("active", "active", "departed")),
                capacity=chance.choice(("", "", "0", "2")),
                skills=chance.choice(("", "anvils")),
                seniority=chance.choice(("regular", "senior")),
            )
        ],
    )


def _go_away(pipeline: Pipeline, chance: random.Random) -> None:
    """Somebody is away from now on, for some hours."""
    start = datetime.now(UTC) - timedelta(seconds=1)
    until = start + timedelta(hours=chance.choice((1, 3)))
    absence = {"rep_id": chance.choice(_REPS), "from": start.isoformat(), "until": until.isoformat()}
    pipeline.sync("absences", [absence])


def _change_account(pipeline: Pipeline, chance: random.Random) -> None:
    """The CRM changes what it says of a company and its deal."""
    owner = chance.choice((*_REPS, "nobody", ""))
    account = {"account_id": "acme", "name": "Acme", "domain": "acme.example", "owner_rep_id": owner}
    pipeline.sync("accounts", [account | {"status": chance.choice(("prospect", "customer"))}])
    deal = {"opportunity_id": "o-1", "account_id": "acme", "owner_rep_id": chance.choice((*_REPS, "nobody"))}
    pipeline.sync("opportunities", [deal | {"is_open": chance.choice(("true", "false"))}])


def _change_policy(pipeline: Pipeline, chance: random.Random) -> None:
    """Another version of the policy is put into force."""
    pipeline.activate(FULL_POLICY.replace("after: 10m", f"after: {chance.choice((10, 20))}m"))


_EVENTS: Mapping[str, Callable[[Pipeline, random.Random], None]] = MappingProxyType(
    {
        "submit": _submit,
        "answer": _answer,
        "deliver": _deliver,
        "stray": _stray,
        "lose": _lose,
        "pass_time": _pass_time,
        "change_rep": _change_rep,
        "go_away": _go_away,
        "change_account": _change_account,
        "change_policy": _change_policy,
    }
)
_LIKELY = ("submit", "submit", "submit", "deliver", "deliver", "deliver", "deliver", "answer", "pass_time")


@pytest.fixture
def full(pipeline: Pipeline) -> Pipeline:
    """A pipeline with the full policy."""
    pipeline.activate(FULL_POLICY)
    return pipeline


# Every step costs some 50 ms: what fails is told as it is, for making it smaller would take minutes.
@settings(max_examples=8, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    happenings=st.lists(st.sampled_from((*_EVENTS, *_LIKELY)), min_size=15, max_size=40),
    seed=st.integers(0, 2**32),
)
def test_the_laws_hold_after_every_step(full: Pipeline, happenings: list[str], seed: int) -> None:
    """People write, answer, depart and come back, hints get lost and doubled, time passes: no law is ever broken."""
    chance = random.Random(seed)
    full.clear()
    full.sync("reps", FULL_TEAM)
    for number, happening in enumerate(happenings):
        _EVENTS[happening](full, chance)
        assert full.breaches() == [], f"after step {number}: {happening}"
    for _ in range(20):
        full.pass_time(31)
        full.keeper.tick()
        full.run_all()

    assert full.value(_MOVING) == 0
    assert full.breaches() == []


def test_nobody_who_departs_is_left_with_a_lead(full: Pipeline, database_url: str, redis_url: str) -> None:
    """Reps depart while others assign to them: afterwards no living lead is theirs, and all go to who is left."""
    full.sync("reps", [rep(f"r{number}", team="North") for number in range(6)])
    events = [lead_event(country="GB", employees="50", product="Bellows") for _ in range(180)]
    lead_ids = full.publish(*events)
    for stage in (TaskName.ENRICH, TaskName.DEDUPLICATE):
        full.deliver(stage, lead_ids)
    full.take_hints()
    failures: list[BaseException] = []

    def assign_all() -> None:
        try:
            for place in range(0, len(lead_ids), 6):
                full.deliver(TaskName.ASSIGN, lead_ids[place : place + 6])
        except BaseException as error:  # noqa: BLE001  whatever it is, the test must hear of it
            failures.append(error)

    with open_pipeline(database_url, redis_url) as crm:
        assigning = threading.Thread(target=assign_all)
        assigning.start()
        for number in range(5):
            patiently(partial(crm.sync, "reps", [rep(f"r{number}", team="North", status="departed")]))
        assigning.join()
    full.keeper.tick()
    full.run_all()

    assert failures == []
    assert full.statuses() == {"offered": 180}
    assert full.rows("SELECT owner, count(*) leads FROM assignment WHERE ended_at IS NULL GROUP BY owner") == [
        {"owner": "r5", "leads": 180}
    ]
    assert full.breaches() == []


def test_a_departure_that_began_before_an_assignment_ends_it(full: Pipeline) -> None:
    """By the clock of its transaction it is the older one, and still takes the lead back: no custody ends too early."""
    full.sync("reps", [rep("nora", team="North")])
    departed = read_record(KINDS["reps"], rep("nora", team="North", status="departed"))
    with transaction(full.context.engine) as departure:
        (lead_id,) = full.route(lead_event(country="GB", employees="50", product="Bellows"))
        owner = full.lead(lead_id)["owner"]

        apply_records(departure, full.context.policies, KINDS["reps"], [(departed, datetime.now(UTC))])

    assert (owner, full.lead(lead_id)["hold_reason"]) == ("nora", "owner_departed")
    assert full.value("SELECT ended_at >= started_at FROM assignment WHERE epoch = 1") is True
    assert full.breaches() == []


def test_a_change_of_reps_waits_for_no_lead(full: Pipeline) -> None:
    """Leads are locked before reps; who has reps already takes only those held leads that nobody works on."""
    lead_ids = full.route(*[lead_event(country="GB", employees="50", product="Bellows") for _ in range(2)])
    with transaction(full.context.engine) as deciding:
        deciding.rows("SELECT 1 FROM lead WHERE lead_id = %(id)s FOR UPDATE", id=lead_ids[0])

        full.sync("reps", [rep("nora", team="North")])
        woken = full.ids("SELECT lead_id FROM lead WHERE status = 'held' AND next_attempt_at <= now()")

    assert woken == [lead_ids[1]]

"""The enrichment buffer: how long leads wait in it, what ends the wait, and that nobody sees them meanwhile."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from shared.bus.context import Context
from shared.bus.queues import TaskName
from tests.conftest import Eventually
from tests.fixtures.pipeline import STAGES, Pipeline, lead_event, open_pipeline, rep
from tests.fixtures.vendor import Answer, BadVendor, bad_vendor
from workers.enrichment.desk import VendorDesk
from workers.enrichment.policy.dossier import Dossier

_POLICY = """
name: waiting
owner: ops@here.example
buffer:
  default: {minimum: 3m, maximum: 5m}
  demo_request: {minimum: 0s, maximum: 60s}
  contact_sales: {minimum: 10s, maximum: 2m}
  newsletter: {minimum: 1s, maximum: 1s}
rules: [{name: everyone, to: pool:all}]
pools: {all: {}}
queues: {exceptions: {owner: ops@here.example}}
"""

_MINIMUM = {"demo_request": 0, "contact_sales": 10, "content_download": 180, "unheard_of": 180}
_MAXIMUM = {"demo_request": 60, "contact_sales": 120, "content_download": 300}


@pytest.fixture
def waiting(pipeline: Pipeline) -> Pipeline:
    """A pipeline with buffers of several lengths and one rep."""
    pipeline.activate(_POLICY)
    pipeline.sync("reps", [rep("ana")])
    return pipeline


@pytest.fixture
def vendor() -> Iterator[BadVendor]:
    """A vendor on this machine."""
    with bad_vendor() as running:
        yield running


@pytest.fixture
def asking(waiting: Pipeline, vendor: BadVendor, database_url: str, redis_url: str) -> Iterator[Pipeline]:
    """The same with a vendor that is asked for what is missing."""
    assert waiting.statuses() == {}
    settings = {"clearbit_key": "secret", "clearbit_url": vendor.url, "vendor_timeout_seconds": 0.3}
    with open_pipeline(database_url, redis_url, **settings) as opened:
        yield opened


class DyingDesk(VendorDesk):
    """A desk whose worker dies while the vendor is being asked."""

    def ask(self, context: Context, dossiers: Sequence[Dossier]) -> list[Dossier]:
        """End as a killed worker does: nothing that comes after is done."""
        raise SystemExit(len(dossiers), context.settings.stream_key)


def _wait_of(pipeline: Pipeline, lead_id: int) -> timedelta:
    """Return how long after its capture a lead was due to leave the buffer."""
    wait = pipeline.value(
        "SELECT due_at - received_at FROM deadline JOIN lead USING (lead_id) WHERE lead_id = :id AND ladder = 'buffer'",
        id=lead_id,
    )
    assert isinstance(wait, timedelta)
    return wait


def _tick(pipeline: Pipeline) -> None:
    pipeline.keeper.tick()
    pipeline.run_all()


@pytest.mark.parametrize(("lead_type", "seconds"), _MINIMUM.items())
def test_a_lead_waits_for_the_minimum_of_its_type(waiting: Pipeline, lead_type: str, seconds: int) -> None:
    """With its facts there it leaves at the minimum, rounded up to a second; with none it never stops."""
    (lead_id,) = waiting.route(lead_event(lead_type=lead_type))
    if seconds:
        waiting.pass_time(seconds - 2)
        _tick(waiting)
        before = waiting.statuses()
        waiting.pass_time(3)
        _tick(waiting)
        assert before == {"buffering": 1}
        assert timedelta(0) <= _wait_of(waiting, lead_id) - timedelta(seconds=seconds) < timedelta(seconds=1)

    assert waiting.statuses() == {"offered": 1}
    assert waiting.breaches() == []


def test_nobody_sees_a_lead_in_the_buffer(waiting: Pipeline) -> None:
    """No owner, notice, clock of an owner, or load exists, whatever hints and ticks come meanwhile."""
    (lead_id,) = waiting.route(lead_event(lead_type="content_download"))
    waiting.pass_time(170)
    _tick(waiting)
    for task in STAGES:
        waiting.deliver(task, [lead_id])
    # Arming looks ahead: the countdown of the release itself is all there is.
    waiting.deliver(TaskName.ARM, [lead_id])

    lead = waiting.lead(lead_id)
    assert (lead["status"], lead["owner"], lead["assigned_at"], lead["qualified_at"]) == ("buffering", None, None, None)
    assert waiting.rows("SELECT * FROM assignment") == []
    assert waiting.rows("SELECT * FROM notice") == []
    assert waiting.rows("SELECT ladder FROM deadline") == [{"ladder": "buffer"}]
    assert waiting.rows("SELECT rep_id FROM rep_load WHERE open_leads > 0") == []
    assert {task for task, _, _ in waiting.hints.later} == {TaskName.FIRE}


def test_the_keeper_releases_to_the_second(waiting: Pipeline, eventually: Eventually) -> None:
    """In real time: never before the second, and with a tick in between well within the next one."""
    (lead_id,) = waiting.route(lead_event(lead_type="newsletter"))

    eventually(waiting.keeper.fire, within=5)

    (fired,) = waiting.rows("SELECT due_at, fired_at, fired_by FROM deadline WHERE lead_id = :id", id=lead_id)
    assert timedelta(0) <= fired["fired_at"] - fired["due_at"] < timedelta(seconds=1)
    assert fired["fired_by"] == "keeper"


def test_a_countdown_releases_once_and_never_early(waiting: Pipeline) -> None:
    """A countdown that is early is armed again; whoever comes second, keeper or countdown, finds it done."""
    (lead_id,) = waiting.route(lead_event(lead_type="contact_sales"))
    waiting.deliver(TaskName.FIRE, [lead_id])
    early = waiting.take_hints()
    waiting.pass_time(11)
    waiting.deliver(TaskName.FIRE, [lead_id])
    waiting.deliver(TaskName.FIRE, [lead_id])
    waiting.keeper.fire()

    assert early == [(TaskName.ARM, [lead_id])]
    assert waiting.take_hints() == [(TaskName.DEDUPLICATE, [lead_id])]
    assert waiting.value("SELECT fired_by FROM deadline") == "countdown"


def test_a_lead_that_overtakes_its_release_leaves_no_step_behind(waiting: Pipeline) -> None:
    """When the sweep hands on before the release has fired, the step is cancelled and later ticks do not see it."""
    (lead_id,) = waiting.route(lead_event(lead_type="contact_sales"))
    waiting.pass_time(11)
    waiting.deliver(TaskName.DEDUPLICATE, [lead_id])
    waiting.run_all()

    assert waiting.keeper.fire() == 0
    assert waiting.statuses() == {"offered": 1}
    assert waiting.breaches() == []


@pytest.mark.parametrize(("lead_type", "seconds"), _MAXIMUM.items())
def test_a_vendor_that_never_answers_ends_at_the_maximum(asking: Pipeline, lead_type: str, seconds: int) -> None:
    """The worker died while it asked: the lead goes on with what it has, at the maximum and marked."""
    asking.context._shelves[VendorDesk] = DyingDesk()
    lead_ids = asking.publish(lead_event(lead_type=lead_type))
    with pytest.raises(SystemExit):
        asking.run_all()
    asking.pass_time(seconds - 2)
    _tick(asking)
    before = asking.statuses()
    asking.pass_time(3)
    _tick(asking)

    assert (before, asking.statuses()) == ({"buffering": 1}, {"offered": 1})
    assert timedelta(0) <= _wait_of(asking, lead_ids[0]) - timedelta(seconds=seconds) < timedelta(seconds=1)
    assert asking.last_decision(lead_ids[0], "enrichment")["waiting_for_vendors"] is True
    assert asking.breaches() == []


@pytest.mark.parametrize("answer", [Answer(500), Answer(manner="hang"), Answer(manner="close"), Answer(404)])
def test_a_vendor_that_is_down_does_not_stop_routing(asking: Pipeline, vendor: BadVendor, answer: Answer) -> None:
    """When the vendor has failed the lead leaves at its minimum, with the failure on its record."""
    vendor.tell("acme.com", answer)

    (lead_id,) = asking.route(lead_event(email="ana@acme.com", lead_type="demo_request"))

    detail = asking.last_decision(lead_id, "enrichment")
    assert asking.statuses() == {"offered": 1}
    assert detail["waiting_for_vendors"] is False
    assert [provider["name"] for provider in detail["providers"]] == ["account", "listed", "clearbit"]
    assert detail["providers"][2]["outcome"] == {500: "error", 404: "missing"}.get(
        answer.status, "timeout" if answer.manner == "hang" else "error"
    )
    assert asking.breaches() == []


def test_a_vendor_that_answers_ends_the_wait(asking: Pipeline, vendor: BadVendor) -> None:
    """With all facts there a lead whose minimum has passed goes on at once, with what the vendor said."""
    vendor.tell("acme.com", Answer(document={"name": "Acme", "metrics": {"employees": 240}}))

    (lead_id,) = asking.route(lead_event(email="ana@acme.com", lead_type="demo_request"))

    sheet: dict[str, Any] = asking.value("SELECT sheet FROM fact_sheet WHERE lead_id = :id", id=lead_id)
    assert asking.statuses() == {"offered": 1}
    assert sheet["facts"]["employees"] == 240
    assert asking.breaches() == []


def test_a_vendor_that_answers_keeps_the_minimum(asking: Pipeline, vendor: BadVendor) -> None:
    """The wait shrinks from the maximum to the minimum and no further."""
    vendor.tell("acme.com", Answer(document={"name": "Acme", "metrics": {"employees": 240}}))

    (lead_id,) = asking.route(lead_event(email="ana@acme.com", lead_type="content_download"))

    assert asking.statuses() == {"buffering": 1}
    assert timedelta(0) <= _wait_of(asking, lead_id) - timedelta(minutes=3) < timedelta(seconds=1)

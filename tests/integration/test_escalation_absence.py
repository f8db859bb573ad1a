"""A rep who goes away: what was offered finds somebody else, what was accepted stays, as the policy says."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.fixtures.pipeline import Pipeline, lead_event, open_pipeline, rep
from tests.fixtures.policy_texts import CLOCKS


@pytest.fixture
def office(database_url: str, redis_url: str) -> Iterator[Pipeline]:
    """A pipeline over two reps of one pool."""
    with open_pipeline(database_url, redis_url) as pipeline:
        pipeline.sync("reps", [rep("ana", team="Sales"), rep("bob", team="Sales")])
        yield pipeline


def _go_away(pipeline: Pipeline, rep_id: str, cover: str = "") -> None:
    now = datetime.now(UTC)
    row = {"rep_id": rep_id, "from": now.isoformat(), "until": (now + timedelta(days=3)).isoformat()}
    pipeline.sync("absences", [{**row, "cover_rep_id": cover}])


def test_offered_leads_find_somebody_else(office: Pipeline) -> None:
    """By default what was offered is decided again at once, and nothing of it stays with who is away."""
    office.activate(CLOCKS)
    leads = office.route(*(lead_event(lead_type="demo_request") for _ in range(6)))

    _go_away(office, "ana")
    office.keeper.tick()
    office.run_all()

    assert {office.lead(lead_id)["owner"] for lead_id in leads} == {"bob"}
    assert office.value("SELECT count(*) FROM assignment WHERE end_reason = 'owner_away'") == 3
    assert office.breaches() == []


def test_the_cover_gets_them_where_the_policy_says_so(office: Pipeline) -> None:
    """With `cover` the leads go to the rep whom the absence names, not around the pool."""
    office.sync("reps", [rep("cid", team="Other")])
    office.activate(CLOCKS + "on_away: {offered: cover, accepted: keep}\n")
    leads = office.route(*(lead_event(lead_type="demo_request") for _ in range(4)))
    anas = [lead_id for lead_id in leads if office.lead(lead_id)["owner"] == "ana"]

    _go_away(office, "ana", cover="cid")
    office.keeper.tick()
    office.run_all()

    assert {office.lead(lead_id)["owner"] for lead_id in anas} == {"cid"}
    assert office.breaches() == []


def test_nothing_moves_where_the_policy_keeps(office: Pipeline) -> None:
    """With `keep` the leads stay where they are."""
    office.activate(CLOCKS + "on_away: {offered: keep, accepted: keep}\n")
    leads = office.route(*(lead_event(lead_type="demo_request") for _ in range(4)))
    before = [office.lead(lead_id)["owner"] for lead_id in leads]

    _go_away(office, "ana")
    office.keeper.tick()
    office.run_all()

    assert [office.lead(lead_id)["owner"] for lead_id in leads] == before

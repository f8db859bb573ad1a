"""What each pool gave and what became of it, as the advice on weights reads it."""

from collections.abc import Iterator

import pytest

from shared.db.transaction import transaction
from tests.fixtures.pipeline import Pipeline, lead_event, open_pipeline, rep
from tests.fixtures.policy_texts import CLOCKS
from workers.audit.queries.people import load_results
from workers.escalation.answer import settle_answers
from workers.escalation.policy.answers import Answer, Kind


@pytest.fixture
def desk(database_url: str, redis_url: str) -> Iterator[Pipeline]:
    """A pipeline over two reps of one pool."""
    with open_pipeline(database_url, redis_url) as pipeline:
        pipeline.activate(CLOCKS)
        pipeline.sync("reps", [rep("ana", team="Sales"), rep("bob", team="Sales")])
        yield pipeline


def test_given_accepted_and_converted_are_counted(desk: Pipeline) -> None:
    """Of four leads, two each, ana accepts one and converts it; bob accepts none."""
    leads = desk.route(*(lead_event(lead_type="demo_request") for _ in range(4)))
    anas = [lead_id for lead_id in leads if desk.lead(lead_id)["owner"] == "ana"]
    with transaction(desk.context.engine) as tx:
        settle_answers(desk.context, tx, [Answer(kind, anas[0], "ana") for kind in (Kind.ACCEPT, Kind.CONVERT)])

    with transaction(desk.context.engine) as tx:
        found = {one.rep_id: (one.given, one.accepted, one.converted) for one in load_results(tx, 30)}

    assert found == {"ana": (2, 1, 1), "bob": (2, 0, 0)}

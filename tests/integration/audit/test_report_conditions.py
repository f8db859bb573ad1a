"""The weekly review: what stood in the way of routing, counted."""

from collections.abc import Iterator

import pytest

from shared.db.transaction import transaction
from tests.fixtures.pipeline import Pipeline, lead_event, open_pipeline, rep
from tests.fixtures.policy_texts import CLOCKS
from workers.audit.queries import load_conditions


@pytest.fixture
def desk(database_url: str, redis_url: str) -> Iterator[Pipeline]:
    """A pipeline whose pool is empty, so that leads are held."""
    with open_pipeline(database_url, redis_url) as pipeline:
        pipeline.activate(CLOCKS)
        pipeline.sync("reps", [rep("eve", team="Other")])
        yield pipeline


def test_holds_and_fields_are_counted(desk: Pipeline) -> None:
    """Reasons for holds, blank fields, words that nobody understood and keys that nobody knows, each with its count."""
    desk.route(*(lead_event(employees="lots", country="Atlantis", shoe_size=44) for _ in range(3)))

    with transaction(desk.context.engine) as tx:
        found = {(row["kind"], row["what"]): row["leads"] for row in load_conditions(tx, 7)}

    assert found["held", "no_one_available"] == 3
    assert found["field not understood", "country"] == 3
    assert found["field not understood", "employees"] == 3
    assert found["blank field", "industry"] == 3
    assert found["unknown field", "shoe_size"] == 3

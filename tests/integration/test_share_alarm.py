"""A queue that holds too large a share of the leads raises an alarm, once in a while."""

from collections.abc import Iterator

import pytest

from tests.fixtures.pipeline import Pipeline, lead_event, open_pipeline, rep
from tests.fixtures.policy_texts import CLOCKS

ALARMED = CLOCKS.replace('alert: "#exceptions"}', 'alert: "#exceptions", share_alarm: 10%}')


@pytest.fixture
def watched(database_url: str, redis_url: str) -> Iterator[Pipeline]:
    """A pipeline whose exception queue may hold a tenth of the leads."""
    with open_pipeline(database_url, redis_url) as pipeline:
        pipeline.activate(ALARMED)
        yield pipeline


def test_a_share_above_the_alarm_is_told_once(watched: Pipeline) -> None:
    """With nobody in the pool every lead is held: the owner of the queue is told, and not again with every look."""
    watched.route(*(lead_event(lead_type="demo_request") for _ in range(25)))

    watched.keeper.tick()
    watched.pass_time(61)
    watched.keeper.tick()

    assert watched.ids("SELECT recipient FROM notice WHERE jsonb_exists(body, 'share')") == ["revops@maven.example"]


def test_a_share_below_the_alarm_is_quiet(watched: Pipeline) -> None:
    """With everybody placed nothing is told."""
    watched.sync("reps", [rep("ana", team="Sales")])
    watched.route(*(lead_event(lead_type="demo_request") for _ in range(25)))

    watched.keeper.tick()

    assert watched.ids("SELECT recipient FROM notice WHERE jsonb_exists(body, 'share')") == []

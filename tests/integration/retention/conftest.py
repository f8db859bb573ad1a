"""What the tests of retention share: a system that has run for years, and the command."""

from collections.abc import Iterator
from functools import partial

import pytest

from tests.fixtures.commands import Baton
from tests.fixtures.pipeline import Pipeline, open_pipeline, rep
from tests.fixtures.policy_texts import OPEN_POLICY

_DAY = 24 * 3600


@pytest.fixture
def pipeline(database_url: str, redis_url: str) -> Iterator[Pipeline]:
    """A system that has run for years: partitions reach far back."""
    with open_pipeline(database_url, redis_url) as opened:
        opened.rows("SELECT ensure_partitions((current_date - interval '40 months')::date, 40)")
        opened.activate(OPEN_POLICY)
        opened.sync("reps", [rep("ana"), rep("ben")])
        yield opened


@pytest.fixture
def command(baton: Baton) -> Baton:
    """Run `baton retention`."""
    return partial(baton, "retention", "--json")


def pass_days(pipeline: Pipeline, days: int) -> None:
    """Let so many days go by, and the clocks that ran out meanwhile fire."""
    pipeline.pass_time(days * _DAY)
    while pipeline.keeper.fire():
        pass

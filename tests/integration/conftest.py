"""What the tests of the pipeline share."""

from collections.abc import Iterator

import pytest

from tests.fixtures.pipeline import Pipeline, open_pipeline


@pytest.fixture
def pipeline(database_url: str, redis_url: str) -> Iterator[Pipeline]:
    """A pipeline over a database and a stream of this test alone, without a policy."""
    with open_pipeline(database_url, redis_url) as opened:
        yield opened

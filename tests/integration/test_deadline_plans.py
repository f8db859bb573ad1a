"""Finding what falls due is a look into one index, however many deadlines are hours away."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from shared.db.transaction import Transaction
from tests.fixtures.pipeline import Pipeline, open_pipeline
from tests.fixtures.plans import explain
from workers.escalation.keeper import LATE_SECONDS, TICK_LIMIT
from workers.escalation.queries import firing

#: Each deadline of the larger crowd is one that a look must not touch.
_FEW, _MANY = 1_000, 50_000
_OUTSTANDING = """
INSERT INTO deadline (lead_id, epoch, ladder, step, action, due_at, policy_version)
SELECT n, 1, 'accept', 1, 'remind', date_trunc('second', now()) + make_interval(hours => 2, secs => n % 7200), 1
FROM generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS n
"""


@pytest.fixture
def outstanding(database_url: str, redis_url: str) -> Iterator[Callable[[int, int], Pipeline]]:
    """Writes deadlines that are hours away, numbered from a first to a last one, and lets the server look at them."""
    with open_pipeline(database_url, redis_url) as pipeline:

        def write(first: int, last: int) -> Pipeline:
            pipeline.rows(_OUTSTANDING, first=first, last=last)
            with pipeline.context.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM ANALYZE deadline")
            return pipeline

        yield write


def _look_ahead(tx: Transaction) -> None:
    firing.load_seconds_between(tx, tx.started_at, tx.started_at + timedelta(seconds=120), TICK_LIMIT)


def _look_back(tx: Transaction) -> None:
    firing.load_late(tx, LATE_SECONDS, TICK_LIMIT)


@pytest.mark.parametrize("ask", [_look_ahead, _look_back], ids=["what is to be armed", "what is late"])
def test_what_falls_due_is_found_in_the_index_alone(
    outstanding: Callable[[int, int], Pipeline], ask: Callable[[Transaction], None]
) -> None:
    """Fifty times as many deadlines cost a level of the index at most, and no look at the table."""
    few = explain(outstanding(1, _FEW).context.engine, ask)
    many = explain(outstanding(_FEW + 1, _MANY).context.engine, ask)

    assert few["scans"] == many["scans"] == ["Index Only Scan on deadline_open, 0 heap fetches"]
    assert many["blocks"] <= few["blocks"] + 1

"""A batch that was in the way of another, or stood still for too long, is tried again; any other error is told."""

from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from shared.bus.batch_task import TRIES, run_measured
from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.db.transaction import Transaction, transaction
from tests.conftest import Eventually
from tests.fixtures.pipeline import Pipeline


@pytest.fixture
def note(pipeline: Pipeline) -> Callable[[Transaction, int], None]:
    """Write something that stays when the transaction commits, once."""
    pipeline.rows("CREATE TABLE noted (id bigint PRIMARY KEY)")

    def write(tx: Transaction, number: int) -> None:
        tx.run("INSERT INTO noted VALUES (%(number)s)", number=number)

    return write


def test_a_batch_that_stood_still_is_done_after_all(
    pipeline: Pipeline, note: Callable[[Transaction, int], None], eventually: Eventually
) -> None:
    """The database ends a transaction in which nothing happens; what it had written is gone, and written again."""
    attempts: list[int] = []

    def body(context: Context, lead_ids: list[int]) -> None:
        with transaction(context.engine) as tx:
            note(tx, lead_ids[0])
            attempts.append(tx.value("SELECT pg_backend_pid()"))
            if len(attempts) == 1:
                tx.run("SET LOCAL idle_in_transaction_session_timeout = 20")
                gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = :pid"
                eventually(lambda: pipeline.value(gone, pid=attempts[0]) == 0)
            note(tx, lead_ids[0] + 1)

    run_measured(TaskName.ENRICH, body, pipeline.context, [1])

    assert len(attempts) == 2
    assert pipeline.ids("SELECT id FROM noted ORDER BY id") == [1, 2]


def test_a_batch_that_waits_in_vain_for_a_lock_is_tried_three_times(pipeline: Pipeline, database_url: str) -> None:
    """Then the error is told, and the sweep hands the leads on."""
    attempts: list[int] = []

    def body(context: Context, lead_ids: list[int]) -> None:
        attempts.append(lead_ids[0])
        with transaction(context.engine) as tx:
            tx.run("SET LOCAL lock_timeout = 10")
            tx.run("LOCK TABLE lead")

    with psycopg.connect(database_url) as holder:
        holder.execute("LOCK TABLE lead")
        with pytest.raises(DBAPIError, match="lock timeout"):
            run_measured(TaskName.ENRICH, body, pipeline.context, [1])

    assert len(attempts) == TRIES


def test_what_will_fail_again_is_not_tried_again(pipeline: Pipeline) -> None:
    """A mistake in a statement stays one."""
    attempts: list[int] = []

    def body(context: Context, lead_ids: list[int]) -> None:
        attempts.append(lead_ids[0])
        with transaction(context.engine) as tx:
            tx.run("SELECT FROM nowhere")

    with pytest.raises(DBAPIError, match="nowhere"):
        run_measured(TaskName.ENRICH, body, pipeline.context, [1])

    assert attempts == [1]

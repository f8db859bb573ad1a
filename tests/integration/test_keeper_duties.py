"""A duty that the keeper cannot do holds up none of its other duties."""

import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError

from shared.bus.queues import TaskName
from shared.db.transaction import transaction
from shared.metrics import KEEPER_TICK
from tests.fixtures.pipeline import Pipeline, lead_event, rep
from tests.fixtures.policy_texts import OPEN_POLICY
from workers.escalation.keeper import Keeper


class Confused(Keeper):
    """A keeper with a fault in one duty."""

    def settle(self) -> None:
        """Fail as nobody has thought of."""
        raise KeyError("what nobody has thought of")


class CutOff(Keeper):
    """A keeper who loses the database in one duty."""

    def settle(self) -> None:
        """End the connection from the other side."""
        with transaction(self._context.engine) as tx:
            tx.rows("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.fixture
def stuck(pipeline: Pipeline) -> list[int]:
    """Leads whose hints were lost long ago."""
    pipeline.activate(OPEN_POLICY)
    pipeline.sync("reps", [rep("ana")])
    lead_ids = pipeline.publish(lead_event(), lead_event())
    pipeline.take_hints()
    pipeline.pass_time(600)
    return lead_ids


def _last_tick() -> float:
    (sample,) = next(iter(KEEPER_TICK.collect())).samples
    return sample.value


def test_what_the_database_refuses_in_one_duty_stops_no_other(pipeline: Pipeline, stuck: list[int]) -> None:
    """A table that is not there: leads are swept all the same, and the tick does not count as one."""
    pipeline.rows("ALTER TABLE absence RENAME TO mislaid")
    before = _last_tick()

    with pytest.raises(ExceptionGroup) as failed:
        pipeline.keeper.tick()

    assert [type(getattr(one, "orig", one)) for one in failed.value.exceptions] == [errors.UndefinedTable]
    assert (TaskName.ENRICH, stuck) in pipeline.take_hints()
    assert _last_tick() == before

    pipeline.rows("ALTER TABLE mislaid RENAME TO absence")
    pipeline.keeper.tick()
    assert _last_tick() > before


def test_a_fault_of_one_duty_stops_no_other(pipeline: Pipeline, stuck: list[int]) -> None:
    """It is said with its name, and everything else is done."""
    with pytest.raises(ExceptionGroup) as failed:
        Confused(pipeline.context).tick()

    assert failed.group_contains(KeyError, match="what nobody has thought of", depth=1)
    assert (TaskName.ENRICH, stuck) in pipeline.take_hints()


def test_a_database_that_goes_away_ends_the_tick(pipeline: Pipeline, stuck: list[int]) -> None:
    """Not every further duty waits for it in vain; the next tick does them all."""
    with pytest.raises(DBAPIError):
        CutOff(pipeline.context).tick()

    assert pipeline.take_hints() == []
    pipeline.keeper.tick()
    assert (TaskName.ENRICH, stuck) in pipeline.take_hints()

"""Checks the laws all the time, one check after the other, each on a budget; the rest is left to an audit."""

import itertools
import time
from collections.abc import Callable

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from shared.bus.context import Context
from shared.db.transaction import transaction
from workers.audit import queries
from workers.audit.audit import parameters_of
from workers.audit.checks import CHECKS
from workers.audit.queries.gauges import record_findings

log = structlog.get_logger()

#: A check takes milliseconds while the tables are small; one that takes longer than this would be felt by the work.
BUDGET_MS = 1000
#: A check that did not end within its budget is left to `baton audit` for so long: the tables have grown past it.
REST_SECONDS = 3600.0
#: Between two checks: a round through all of them takes some minutes, and costs a few per mille of a processor.
PAUSE_SECONDS = 10.0


class Patrol:
    """Makes one check at a time and keeps what it found."""

    def __init__(self, context: Context, clock: Callable[[], float] = time.monotonic) -> None:
        self._context = context
        self._clock = clock
        self._checks = itertools.cycle(CHECKS)
        self._resting: dict[str, float] = {}
        self._next = 0.0

    def step(self, budget_ms: int = BUDGET_MS) -> str | None:
        """Make the next check when its time has come, and return what it asks; None when nothing was done."""
        if self._clock() < self._next:
            return None
        self._next = self._clock() + PAUSE_SECONDS
        check = next(one for one in self._checks if self._resting.get(one.holds, 0.0) <= self._clock())
        try:
            with transaction(self._context.engine) as tx:
                tx.run(f"SET LOCAL statement_timeout = {int(budget_ms)}")
                found = queries.run_check(tx, check, parameters_of(self._context, tx, check.sql))
                record_findings(tx, [found])
        except DBAPIError as error:
            if not isinstance(error.orig, psycopg.errors.QueryCanceled):
                raise
            self._resting[check.holds] = self._clock() + REST_SECONDS
            log.info("check_left_to_audit", holds=check.holds)
            return None
        return check.holds

"""The keeper: a small process outside Celery that ticks on PostgreSQL alone; two of them are harmless.

Every tick it fires what is a second late, arms the next stretch of countdowns, hands on what stands too long, and tries
again for leads that wait for somebody.
With Redis and every worker down, its own work still commits; the hints it could not publish it publishes later.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.exc import DBAPIError

from shared.bus.context import Context
from shared.bus.publisher import batches
from shared.bus.queues import TaskName
from shared.custody import apply_moves, write_notices
from shared.custody import reps as rep_queries
from shared.custody.queue import alerts, hold
from shared.db.policies import Version
from shared.db.transaction import Transaction, transaction
from shared.metrics import KEEPER_TICK, SWEPT
from workers.escalation.fire import fire_due
from workers.escalation.policy.absence import hand_over
from workers.escalation.policy.reminding import Reminded, remind
from workers.escalation.policy.sweeping import NEXT_TASK, Standing, alarms, given_up, hand_ons, seconds_until
from workers.escalation.queries import absence, answers, firing
from workers.escalation.queries import sweeping as queries
from workers.escalation.queries.outbox import load_due_notices

log = structlog.get_logger()

#: Leads per statement of a tick: a long backlog is worked off tick by tick, and no tick takes long.
TICK_LIMIT = 5000
#: The countdown comes first; what it has not fired a second after it was due, the keeper fires.
LATE_SECONDS = 1.0
#: Absences of one tick: a whole company's holidays may begin at one midnight.
ABSENCES = 1000
#: A held lead that found nobody is looked at again so soon; changes of reps wake it at once.
RETRY_SECONDS = 30.0
#: A worker takes the next batch of a bulk move at once; after so long its message is lost, or the worker is.
PLAN_SECONDS = 5.0
#: Partitions are made two months ahead; looking once an hour is plenty.
PARTITION_SECONDS = 3600.0
#: A share moves slowly; counting what is held reads an index of open custodies.
SHARES_SECONDS = 60.0
#: Who was told that a queue is too full is not told again so soon.
ALARM_HOURS = 4
#: Between two sums the tally collects a few rows per batch: some ten thousand at full load.
TALLY_SECONDS = 60.0


class Keeper:
    """One keeper; `tick` does everything once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._stop = threading.Event()
        self._next_partitions = 0.0
        self._next_tally = 0.0
        self._next_shares = 0.0
        self._reminded = Reminded()
        self._armed_until: datetime | None = None

    def stop(self) -> None:
        """Return from `run` after the tick in hand."""
        self._stop.set()

    def run(self) -> None:
        """Tick until stopped; a database that is away is waited for."""
        while not self._stop.is_set():
            try:
                self.tick()
            except DBAPIError as error:
                log.warning("tick_failed", error=type(error.orig).__name__)
            except ExceptionGroup as failed:
                # The tick is not counted as one, so that the alert of a keeper that stands says it.
                log.warning("tick_incomplete", duties=len(failed.exceptions))
            self._stop.wait(self._context.settings.keeper_tick_seconds)

    def tick(self) -> None:
        """Do each of the keeper's duties once, each in its own transaction; one that fails holds up none of the others.

        Raises ExceptionGroup of what failed when the others are done, and DBAPIError at once when the database is away.
        """
        with transaction(self._context.engine) as tx:
            version = self._context.policies.active(tx)
        failures = [failure for duty in self._duties(version) if (failure := _failure(duty))]
        if failures:
            raise ExceptionGroup("not every duty could be done", failures)
        KEEPER_TICK.set(time.time())

    def _duties(self, version: Version | None) -> Iterator[Callable[[], object]]:
        """Yield what is to be done in a tick, in its order; without a policy there is little."""
        yield self._keep_house
        yield self.remind_outbox
        if version is not None:
            yield from (self.fire, self.arm, partial(self.hand_over, version), self.settle, self.retry)
            yield from (self.hand_on_plans, partial(self.sweep, version), partial(self.watch_shares, version))

    def fire(self, late_by_seconds: float = LATE_SECONDS) -> int:
        """Fire what no countdown has fired, in batches; return how many steps fired."""
        with transaction(self._context.engine) as tx:
            late = firing.load_late(tx, late_by_seconds, TICK_LIMIT)
        steps = 0
        for lead_ids in batches(late, self._context.settings.batch_size):
            with transaction(self._context.engine, self._context.publisher) as tx:
                fired = fire_due(self._context, tx, lead_ids, "keeper", skip_locked=True)
            steps += len(fired.fired)
        return steps

    def arm(self) -> None:
        """Publish countdowns for what falls due in the next stretch of the horizon, one per second of due time."""
        with transaction(self._context.engine) as tx:
            until = tx.started_at + timedelta(seconds=self._context.settings.arm_horizon_seconds)
            after = max(self._armed_until or tx.started_at, tx.started_at)
            seconds = firing.load_seconds_between(tx, after, until, TICK_LIMIT)
        for one in seconds:
            self._context.publisher.publish_later(
                TaskName.FIRE, one.lead_ids, seconds_until(one.fire_at, tx.started_at)
            )
        armed = sum(len(one.lead_ids) for one in seconds)
        self._armed_until = seconds[-1].fire_at - timedelta(microseconds=1) if armed >= TICK_LIMIT else until

    def hand_over(self, version: Version) -> list[int]:
        """Give away, by the policy, what reps hold whose absence has just begun."""
        with transaction(self._context.engine, self._context.publisher) as tx:
            leaving = {one.rep_id: one.cover_rep_id for one in absence.claim_beginning(tx, ABSENCES)}
            held = absence.claim_held(tx, leaving) if leaving else []
            moves = hand_over(version.policy, version.number, version.last_queue, held, leaving, tx.started_at)
            rep_queries.lock(tx, leaving)
            moved = sorted(apply_moves(tx, moves))
            tx.hand_on(TaskName.ASSIGN, moved)
        return moved

    def settle(self) -> None:
        """Hand on answers that nobody settled: their hint was lost."""
        with transaction(self._context.engine, self._context.publisher) as tx:
            patience = self._context.settings.sweep_after_seconds
            tx.hand_on(TaskName.ANSWER, answers.load_stale_events(tx, patience, TICK_LIMIT))

    def retry(self) -> list[int]:
        """Let held leads that wait for somebody be decided again."""
        with transaction(self._context.engine, self._context.publisher) as tx:
            leads = queries.take_retries(tx, RETRY_SECONDS, TICK_LIMIT)
            tx.hand_on(TaskName.ASSIGN, leads)
        return leads

    def hand_on_plans(self) -> list[int]:
        """Hand on bulk moves that run and that nobody moves."""
        with transaction(self._context.engine, self._context.publisher) as tx:
            waiting = queries.take_waiting_plans(tx, PLAN_SECONDS)
            tx.hand_on(TaskName.MOVE, waiting)
        return waiting

    def sweep(self, version: Version) -> list[Standing]:
        """Hand on what stands too long: the attempt is committed first, then the message leaves."""
        with transaction(self._context.engine) as tx:
            standing = queries.sweep(tx, self._context.settings.sweep_after_seconds, TICK_LIMIT)
            _hold(tx, version, given_up(standing))
        for (task, size), lead_ids in hand_ons(standing).items():
            log.warning("leads_swept", task=task.value, leads=len(lead_ids), batch=size)
            self._context.publisher.publish_in(task, lead_ids, size)
        for one in standing:
            SWEPT.labels(status=one.status.value).inc()
        return standing

    def remind_outbox(self) -> list[int]:
        """Hand on notices that are due: a hint that was lost costs a tick, and without workers hints do not pile up."""
        with transaction(self._context.engine) as tx:
            due = load_due_notices(tx, self._context.settings.batch_size)
        notices, self._reminded = remind(self._reminded, due, time.monotonic())
        if notices:
            self._context.publisher.publish(TaskName.SEND, notices)
        return notices

    def watch_shares(self, version: Version) -> int:
        """Raise an alarm for queues that hold too large a share of the leads; return how many."""
        if time.monotonic() < self._next_shares:
            return 0
        self._next_shares = time.monotonic() + SHARES_SECONDS
        with transaction(self._context.engine, self._context.publisher) as tx:
            told = queries.load_recent_alarms(tx, ALARM_HOURS)
            notices = alarms(version.policy.queues, queries.load_shares(tx), told)
            tx.hand_on(TaskName.SEND, write_notices(tx, notices))
        return len(notices)

    def _keep_house(self) -> None:
        now = time.monotonic()
        if now >= self._next_partitions:
            self._next_partitions = now + PARTITION_SECONDS
            with transaction(self._context.engine) as tx:
                queries.ensure_partitions(tx)
        if now >= self._next_tally:
            self._next_tally = now + TALLY_SECONDS
            with transaction(self._context.engine) as tx:
                queries.add_up_tally(tx)
                queries.add_up_metrics(tx)


def _failure(duty: Callable[[], object]) -> Exception | None:
    """Do a duty and return why it could not be done, having said it; a database that is away is raised."""
    name = getattr(duty, "func", duty).__name__
    try:
        duty()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        log.warning("duty_failed", duty=name, error=type(error.orig).__name__)
        return error
    except Exception as error:
        log.exception("duty_failed", duty=name)
        return error
    return None


def _hold(tx: Transaction, version: Version, leads: Sequence[Standing]) -> None:
    """Hold leads that no attempt could move, in the policy's last queue, for its owner to look at."""
    if not leads:
        return
    queries.give_blank_sheets(tx, [one.lead_id for one in leads])
    queue = version.policy.queues[version.last_queue]
    apply_moves(
        tx,
        [
            replace(
                hold(queue, version.number, tx.started_at, one.lead_id, one.status, "given_up"),
                hold_reason=f"cannot_be_processed:{NEXT_TASK[one.status]}",
                detail={"attempts": one.attempts},
            )
            for one in leads
        ],
    )
    write_notices(tx, alerts(queue, [one.lead_id for one in leads if not one.test]))


def run(context: Context) -> None:
    """Run one keeper until SIGTERM or SIGINT."""
    keeper = Keeper(context)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: keeper.stop())
    keeper.run()

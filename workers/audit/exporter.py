"""The exporter: one process that shows what lies in database and broker, cheaply, however many leads there are."""

import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from shared import metrics
from shared.bus.context import Context
from shared.bus.publisher import PUBLISHED_AT
from shared.bus.queues import TaskQueue
from shared.db.policies import Version
from shared.db.transaction import transaction
from shared.domain.lead import IN_CUSTODY, Status
from shared.policy.document import QueueKind
from shared.tallied import BOARD, Board, Observed
from workers.audit.patrol import Patrol
from workers.audit.queries import gauges

log = structlog.get_logger()

#: Prometheus scrapes every 15 s as a rule: three looks per scrape.
LOOK_SECONDS = 5.0

#: What is not known while a server is away is not shown: the last value would say that all is well.
_OF_THE_DATABASE = (
    *(metrics.LEADS, metrics.LEADS_OLDEST, metrics.LEADS_OVERDUE, metrics.DUE_OLDEST, metrics.HELD_SHARE),
    *(metrics.HELD_SHARE_ALARM, metrics.CONSERVATION_DELTA, metrics.LAW_BREACHES, metrics.LAW_CHECKED),
    *(metrics.POLICY_INFO, metrics.PLAN_MOVES, metrics.PLAN_WAIT),
)
_OF_THE_BROKER = (metrics.QUEUE_MESSAGES, metrics.QUEUE_OLDEST, metrics.STREAM_LAG)
#: Statuses that leads leave; how long somebody has been converted is no age.
_LEFT = tuple(status for status in Status if status not in {"diverted", "suppressed", "merged", "converted"})


class Exporter:
    """Looks at queues, stream and tallies, again and again, and has the laws checked on a budget."""

    def __init__(self, context: Context, board: Board = BOARD) -> None:
        self._context = context
        self._board = board
        self._redis = context.stream.client
        self._patrol = Patrol(context)
        self._seen: dict[tuple[str, ...], float] = {}
        self._stop = threading.Event()

    def stop(self) -> None:
        """Return from `run` after the look in hand."""
        self._stop.set()

    def run(self) -> None:
        """Look until stopped; what a server that is away would tell is not shown meanwhile."""
        while not self._stop.is_set():
            self.look()
            self._stop.wait(LOOK_SECONDS)

    def look(self) -> None:
        """Look at everything once; one server that is away does not keep us from the other."""
        self._try("database", self.look_at_database, _OF_THE_DATABASE)
        self._try("broker", self.look_at_broker, _OF_THE_BROKER)
        self._try("laws", self._patrol.step, ())
        self._board.put(metrics.LAST_LOOK, self._seen)

    def _try(self, name: str, look: Callable[[], object], shown: tuple[Observed, ...]) -> None:
        try:
            look()
            self._seen[(name,)] = time.time()
        except (DBAPIError, RedisError, OSError) as error:
            self._board.drop(shown)
            # Never seen is long ago: an alert compares with it.
            self._seen.setdefault((name,), 0.0)
            log.warning("look_failed", look=name, error=type(error).__name__)

    def look_at_database(self) -> None:
        """Show what the database tallies."""
        with transaction(self._context.engine) as tx:
            standing = gauges.load_standing(tx)
            tallies = gauges.load_tallies(tx)
            ages = gauges.load_ages(tx)
            overdue = gauges.count_overdue(tx)
            due = gauges.load_oldest_due(tx)
            findings = gauges.load_findings(tx)
            moves, waits = gauges.load_plans(tx)
            version = self._context.policies.active(tx)
        put = self._board.put
        self._board.put_tallies(metrics.TALLIED, tallies)
        self._show_leads(standing)
        put(metrics.LEADS_OLDEST, {(status.value,): ages.get(status.value, 0.0) for status in _LEFT})
        put(metrics.LEADS_OVERDUE, {(): overdue})
        put(metrics.DUE_OLDEST, {(): due})
        put(metrics.LAW_BREACHES, {(one.law,): one.breaches for one in findings})
        put(metrics.LAW_CHECKED, {(one.law,): one.oldest for one in findings})
        put(metrics.PLAN_MOVES, {(state,): leads for state, leads in moves.items()})
        put(metrics.PLAN_WAIT, {(): waits})
        put(metrics.POLICY_INFO, {(str(version.number),): 1} if version else {})
        put(metrics.HELD_SHARE_ALARM, {(): share} if (share := lowest_alarm(version)) is not None else {})

    def _show_leads(self, standing: gauges.Standing) -> None:
        leads = standing.leads
        self._board.put(metrics.LEADS, {(status.value,): leads.get(status.value, 0) for status in Status})
        in_custody = sum(leads.get(status.value, 0) for status in IN_CUSTODY)
        held = leads.get(Status.HELD.value, 0)
        self._board.put(metrics.HELD_SHARE, {(): held / in_custody if in_custody else 0.0})
        self._board.put(metrics.CONSERVATION_DELTA, {(): standing.read - standing.other - sum(leads.values())})

    def look_at_broker(self) -> None:
        """Show queues and stream; a queue's next message is at the tail of its list."""
        pipeline = self._redis.pipeline(transaction=False)
        for queue in TaskQueue:
            pipeline.llen(queue.value)
            pipeline.lindex(queue.value, -1)
        answers = pipeline.execute()
        lag = self._context.stream.lag()
        names = [(queue.value,) for queue in TaskQueue]
        self._board.put(metrics.QUEUE_MESSAGES, dict(zip(names, answers[::2], strict=True)))
        ages = [message_age(message, time.time()) for message in answers[1::2]]
        self._board.put(metrics.QUEUE_OLDEST, dict(zip(names, ages, strict=True)))
        self._board.put(metrics.STREAM_LAG, {(): lag})


def lowest_alarm(version: Version | None) -> float | None:
    """Return the lowest share at which the policy raises an alarm for a queue of exceptions, None for no alarm."""
    queues = version.policy.queues.values() if version else ()
    shares = [one.share_alarm for one in queues if one.kind is QueueKind.EXCEPTION and one.share_alarm is not None]
    return min(shares, default=None)


def message_age(message: bytes | None, now: float) -> float:
    """Return how long a Celery message has waited, in seconds; 0 for none, or for one that does not say."""
    if message is None:
        return 0.0
    try:
        headers: Mapping[str, Any] = orjson.loads(message).get("headers") or {}
        return max(0.0, now - float(headers[PUBLISHED_AT]))
    except (ValueError, KeyError, AttributeError, TypeError):
        return 0.0


def run(context: Context) -> None:
    """Run the exporter until SIGTERM or SIGINT."""
    exporter = Exporter(context)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: exporter.stop())
    exporter.run()

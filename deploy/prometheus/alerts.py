"""The alerts: what wakes somebody, what waits for the morning, and what each says.

An alert names the cause where the cause is seen, and is quiet where another alert names the cause: stopped workers are
reported as stopped workers, and not as old messages, waiting leads and late countdowns beside.
"""

from dataclasses import dataclass
from typing import Literal

from deploy.promql import REAL, Pace, edge, name
from shared import metrics
from shared.tallied import Tallied

Severity = Literal["page", "ticket"]

#: A ratio of fewer events than this says more about chance than about us.
FEW_EVENTS = 20
#: So many late ones are no reason to wake anybody, whatever their share.
FEW_LATE = 2
#: Leads in custody from which a share means something; the policy's own alarm asks for as many.
FEW_LEADS = 20


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert; its section of the runbook has its name."""

    name: str
    severity: Severity
    expr: str
    waits: str
    summary: str
    description: str


@dataclass(frozen=True, slots=True)
class Objective:
    """A promise in numbers: of all that is counted, at most `budget` may be later than `seconds`."""

    record: str
    alert: str
    metric: Tallied
    seconds: float
    budget: float
    summary: str
    description: str


OBJECTIVES = (
    Objective(
        "baton:routing_slow:ratio",
        "BatonRoutingBudget",
        metrics.ROUTING,
        60,
        0.01,
        "Leads wait for an owner: more than 1 in 100 would take over 60 s",
        "Of the leads that left the buffer, {{ $value | humanizePercentage }} waited over 60 s for their first owner.",
    ),
    Objective(
        "baton:clock_late:ratio",
        "BatonClockBudget",
        metrics.ESCALATION_LATENESS,
        30,
        0.001,
        "Escalations come late: more than 1 in 1000 would be over 30 s late",
        "Of the steps that fired, {{ $value | humanizePercentage }} were more than 30 s late.",
    ),
)

#: Windows of the Site Reliability Workbook: how fast the budget of 30 days burns, long and short window.
_FAST = ((14.4, "1h", "5m"), (6.0, "6h", "30m"))
_SLOW = ((3.0, "1d", "2h"), (1.0, "3d", "6h"))
_SPEEDS: tuple[tuple[str, Severity, tuple[tuple[float, str, str], ...]], ...] = (
    ("BurnsFast", "page", _FAST),
    ("BurnsSlowly", "ticket", _SLOW),
)
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")


def recordings(pace: Pace = REAL) -> list[dict[str, str]]:
    """Return the recording rules of the objectives: the share that was too late, by window."""
    return [
        {"record": f"{one.record}_rate{window}", "expr": _slow_share(one, pace.span(window))}
        for one in OBJECTIVES
        for window in WINDOWS
    ]


def _slow_share(one: Objective, window: str) -> str:
    """Return the share over a window, from 0 to 1; nothing where too little happened to say."""
    every = _every(one, window)
    return f"1 - {_in_time(one, window)} / ({every} > {FEW_EVENTS})"


def _in_time(one: Objective, window: str) -> str:
    return f'sum(increase({name(one.metric, "bucket")}{{le="{edge(one.metric, one.seconds)}"}}[{window}]))'


def _every(one: Objective, window: str) -> str:
    return f"sum(increase({name(one.metric, 'count')}[{window}]))"


def _burns(one: Objective, pairs: tuple[tuple[float, str, str], ...], pace: Pace) -> str:
    """Return when both windows of a pair burn too fast, and not for one or two that came late."""
    return " or ".join(
        f"({one.record}_rate{long} > {factor * one.budget:g} and {one.record}_rate{short} > {factor * one.budget:g} "
        f"and {_every(one, pace.span(short))} - {_in_time(one, pace.span(short))} > {FEW_LATE})"
        for factor, long, short in pairs
    )


def _when(one: Objective, pairs: tuple[tuple[float, str, str], ...], pace: Pace) -> str:
    """Return when an alert of an objective fires: what burns fast is not told twice."""
    burns = _burns(one, pairs, pace)
    return burns if pairs is _FAST else f"({burns}) unless ({_burns(one, _FAST, pace)})"


def alerts(pace: Pace = REAL) -> list[Alert]:
    """Return every alert."""
    return [*_objectives(pace), *_truths(pace), *_processes(pace), *_flow(pace), *_people(pace)]


def _objectives(pace: Pace) -> list[Alert]:
    return [
        Alert(f"{one.alert}{speed}", severity, _when(one, pairs, pace), "0s", one.summary, one.description)
        for one in OBJECTIVES
        for speed, severity, pairs in _SPEEDS
    ]


def _truths(pace: Pace) -> list[Alert]:
    return [
        Alert(
            "BatonConservationBroken",
            "page",
            f"max({name(metrics.CONSERVATION_DELTA)}) != 0 or min({name(metrics.CONSERVATION_DELTA)}) != 0",
            pace.span("1m"),
            "Events and leads do not add up",
            "{{ $value }} more events were read as leads than there are leads.",
        ),
        Alert(
            "BatonLawBreached",
            "page",
            f"max by (law) ({name(metrics.LAW_BREACHES)}) > 0",
            pace.span("1m"),
            "The law '{{ $labels.law }}' is broken",
            "The last check found {{ $value }} offenders.",
        ),
        Alert(
            "BatonLawsUnchecked",
            "ticket",
            f"time() - min by (law) ({name(metrics.LAW_CHECKED)}) > {pace.age(26 * 3600):g}",
            pace.span("15m"),
            "The law '{{ $labels.law }}' has not been checked for a day",
            "A check of it was last made {{ $value | humanizeDuration }} ago.",
        ),
    ]


def _processes(pace: Pace) -> list[Alert]:
    roles = " or ".join(
        f'absent({name(metrics.BUILD_INFO)}{{role="{role}"}})' for role in ("intake", "keeper", "exporter")
    )
    tick = f"max({name(metrics.KEEPER_TICK)} > 0)"
    seen = f'max by (look) ({name(metrics.LAST_LOOK)}{{look=~"database|broker"}})'
    return [
        Alert(
            "BatonProcessMissing",
            "page",
            roles,
            pace.span("2m"),
            "No {{ $labels.role }} answers",
            "Prometheus reaches no process of the kind {{ $labels.role }}.",
        ),
        Alert(
            "BatonRoomWithoutWorker",
            "page",
            _deserted(),
            pace.span("2m"),
            "Nobody works on the queue {{ $labels.queue }}",
            "No worker listens to the queue {{ $labels.queue }}; {{ $value }} messages wait in it.",
        ),
        Alert(
            "BatonServerAway",
            "page",
            f"time() - {seen} > {pace.age(60):g}",
            pace.span("1m"),
            "The {{ $labels.look }} does not answer",
            "The exporter last saw the {{ $labels.look }} {{ $value | humanizeDuration }} ago.",
        ),
        Alert(
            "BatonKeeperStands",
            "page",
            f"time() - {tick} > {pace.age(60):g} {_unless_away('database', pace)}",
            pace.span("1m"),
            "The keeper does not tick",
            "It last finished a tick {{ $value | humanizeDuration }} ago.",
        ),
    ]


def _deserted() -> str:
    """Return the queues that no worker listens to, by the messages that wait in each."""
    return (
        f"max by (queue) ({name(metrics.QUEUE_MESSAGES)}) "
        f"unless on (queue) group by (queue) ({name(metrics.WORKER_INFO)})"
    )


def _unless_deserted() -> str:
    return f"unless on () ({_deserted()})"


def _unless_away(server: str, pace: Pace) -> str:
    """Be quiet while a server is away; begin to be quiet before the alert that names it begins to speak."""
    seen = f'max({name(metrics.LAST_LOOK)}{{look="{server}"}})'
    return f"unless on () (time() - {seen} > {pace.age(30):g})"


def _flow(pace: Pace) -> list[Alert]:
    ages = f'max by (status) ({name(metrics.LEADS_OLDEST)}{{status=~"received|matched"}})'
    window = pace.span("15m")
    fired = f'{name(metrics.ESCALATIONS)}{{action!="release", fired_by'
    late = f'sum(increase({fired}="keeper"}}[{window}]))'
    both = f'sum(increase({fired}=~"keeper|countdown"}}[{window}]))'
    failed = f'sum by (task) (increase({name(metrics.TASKS)}{{outcome="failed"}}[{pace.span("10m")}]))'
    tried = f"sum by (task) (increase({name(metrics.TASKS)}[{pace.span('10m')}]))"
    return [
        Alert(
            "BatonStreamLagGrows",
            "page",
            f"max(min_over_time({name(metrics.STREAM_LAG)}[{pace.span('5m')}])) > 1000 "
            f"and max(deriv({name(metrics.STREAM_LAG)}[{pace.span('10m')}])) > 0 "
            f'unless on () absent({name(metrics.BUILD_INFO)}{{role="intake"}})',
            pace.span("5m"),
            "Events come in faster than they are captured",
            "{{ $value }} events or more have waited in the stream for minutes, and they grow.",
        ),
        Alert(
            "BatonOldestMessage",
            "page",
            f"max by (queue) ({name(metrics.QUEUE_OLDEST)}) > {pace.age(120):g} "
            f"and on (queue) group by (queue) ({name(metrics.WORKER_INFO)}) {_unless_away('database', pace)}",
            pace.span("2m"),
            "The queue {{ $labels.queue }} is not worked off",
            "Its next message has waited for {{ $value | humanizeDuration }}, though a worker listens.",
        ),
        Alert(
            "BatonLeadsStand",
            "page",
            f"{ages} > {pace.age(300):g} {_unless_deserted()} {_unless_away('broker', pace)}",
            pace.span("5m"),
            "Leads stand in {{ $labels.status }}",
            "The oldest lead has stood in {{ $labels.status }} for {{ $value | humanizeDuration }}.",
        ),
        Alert(
            "BatonClockStands",
            "page",
            f"max({name(metrics.DUE_OLDEST)}) > {pace.age(60):g} "
            f'unless on () absent({name(metrics.BUILD_INFO)}{{role="keeper"}})',
            pace.span("1m"),
            "Steps of clocks are due, and nothing fires them",
            "The oldest has been due for {{ $value | humanizeDuration }}.",
        ),
        Alert(
            "BatonSweepDoesCountdowns",
            "ticket",
            f"{late} / {both} > 0.5 and {both} > {FEW_EVENTS} {_unless_deserted()} {_unless_away('broker', pace)}",
            pace.span("5m"),
            "The keeper fires what countdowns should",
            "The keeper fired {{ $value | humanizePercentage }} of the steps of the last quarter of an hour.",
        ),
        Alert(
            "BatonTasksFail",
            "ticket",
            f"{failed} / {tried} > 0.05 and {failed} > 3 {_unless_away('database', pace)}",
            pace.span("5m"),
            "Batches of {{ $labels.task }} fail",
            "{{ $value | humanizePercentage }} of the batches of {{ $labels.task }} failed.",
        ),
    ]


def _people(pace: Pace) -> list[Alert]:
    window = pace.span("10m")
    asked = f"sum by (provider) (increase({name(metrics.ENRICHMENT_REQUESTS)}[{window}]))"
    owed = (
        "sum by (provider) (increase("
        f'{name(metrics.ENRICHMENT_REQUESTS)}{{outcome=~"error|timeout|open_circuit|rate_limited"}}[{window}]))'
    )
    custody = f'sum({name(metrics.LEADS)}{{status=~"offered|accepted|pooled|held"}})'
    failed = f'sum by (channel) (increase({name(metrics.NOTIFICATIONS)}{{outcome="failed"}}[{pace.span("30m")}]))'
    return [
        Alert(
            "BatonHeldShareHigh",
            "ticket",
            f"max({name(metrics.HELD_SHARE)}) > max({name(metrics.HELD_SHARE_ALARM)}) "
            f"and on () {custody} >= {FEW_LEADS}",
            pace.span("5m"),
            "Too many leads are held as exceptions",
            "{{ $value | humanizePercentage }} of the leads in custody are held, more than the policy's alarm.",
        ),
        Alert(
            "BatonVendorFails",
            "ticket",
            f"{owed} / {asked} > 0.5 and {asked} > {FEW_EVENTS}",
            pace.span("5m"),
            "The provider {{ $labels.provider }} does not answer",
            "{{ $value | humanizePercentage }} of the questions to {{ $labels.provider }} brought no answer.",
        ),
        Alert(
            "BatonNotificationsFail",
            "ticket",
            f"{failed} > 0.5",
            "0s",
            "Notices over {{ $labels.channel }} were given up",
            '{{ $value | printf "%.0f" }} notices over {{ $labels.channel }} will not be sent any more.',
        ),
        Alert(
            "BatonPlanStuck",
            "ticket",
            f"max({name(metrics.PLAN_WAIT)}) > {pace.age(300):g} {_unless_deserted()} {_unless_away('broker', pace)}",
            pace.span("5m"),
            "A bulk plan does not go on",
            "Its next batch has been due for {{ $value | humanizeDuration }}.",
        ),
    ]

"""Overview and SLO: whether every lead reaches someone in time."""

from deploy.grafana.panels import Dashboard, Panel, Query, Row, pick, rate, spread
from deploy.prometheus.alerts import OBJECTIVES, Objective
from deploy.promql import edge
from shared import metrics

_ROUTING, _CLOCK = OBJECTIVES


def _in_time(one: Objective) -> str:
    """Return the share that was in time over the time that is shown."""
    fast = pick(one.metric, "bucket", le=edge(one.metric, one.seconds))
    return f"sum(increase({fast}[$__range])) / sum(increase({pick(one.metric, 'count')}[$__range]))"


def _allowance(one: Objective) -> str:
    """Return how much of the allowance for late ones is left, of what the time that is shown has earned."""
    return f"1 - (1 - {_in_time(one)}) / {one.budget:g}"


def _burn(one: Objective) -> str:
    """Return how many times faster than allowed the allowance is used."""
    late = rate(one.metric, part="bucket", le=edge(one.metric, one.seconds))
    return f"(1 - {late} / {rate(one.metric, part='count')}) / {one.budget:g}"


OVERVIEW = Dashboard(
    "baton-overview",
    "Baton: overview and SLO",
    "Is every lead reaching someone in time?",
    (
        Row(
            "Is every lead reaching someone in time?",
            (
                Panel(
                    "Do leads have an owner within 60 s?",
                    "Of the leads that left the buffer in the time shown, the share with a first owner within 60 s. "
                    "Promised: 99 %.",
                    "percentunit",
                    (Query(_in_time(_ROUTING)),),
                    "stat",
                    4,
                    "BatonRoutingBudgetBurnsFast",
                    0.99,
                    True,
                ),
                Panel(
                    "How much of that allowance is left?",
                    "1 in 100 may be late. 100 %: none was; 0 %: all that is allowed; below: the promise is broken.",
                    "percentunit",
                    (Query(_allowance(_ROUTING)),),
                    "stat",
                    4,
                    "BatonRoutingBudgetBurnsSlowly",
                    0,
                    True,
                ),
                Panel(
                    "Do clocks fire within 30 s?",
                    "Of the steps that fired in the time shown, the share at most 30 s late. Promised: 99.9 %.",
                    "percentunit",
                    (Query(_in_time(_CLOCK)),),
                    "stat",
                    4,
                    "BatonClockBudgetBurnsFast",
                    0.999,
                    True,
                ),
                Panel(
                    "How long has the oldest lead waited?",
                    "In received or matched, where leads pass within seconds; those in the buffer wait on purpose.",
                    "s",
                    (Query(f"max({pick(metrics.LEADS_OLDEST, status='received|matched')})"),),
                    "stat",
                    4,
                    "BatonLeadsStand",
                    300,
                ),
                Panel(
                    "How long has a step been due?",
                    "The oldest step of a clock that should have fired and has not.",
                    "s",
                    (Query(f"max({pick(metrics.DUE_OLDEST)})"),),
                    "stat",
                    4,
                    "BatonClockStands",
                    60,
                ),
                Panel(
                    "Do the books balance?",
                    "Events read as leads less the leads that there are, and offenders that the laws' checks found.",
                    "short",
                    (
                        Query(f"max({pick(metrics.CONSERVATION_DELTA)})", "delta"),
                        Query(f"sum(max by (law) ({pick(metrics.LAW_BREACHES)}))", "breaches"),
                    ),
                    "stat",
                    4,
                    "BatonConservationBroken",
                    1,
                ),
            ),
        ),
        Row(
            "Leads",
            (
                Panel(
                    "How many leads come in, and how many get an owner?",
                    "Leads captured, duplicates of known events, and custodies of reps that began, per second.",
                    "ops",
                    (
                        Query(rate(metrics.EVENTS_RECEIVED, outcome="leads"), "captured"),
                        Query(rate(metrics.EVENTS_RECEIVED, outcome="duplicates"), "known already"),
                        Query(rate(metrics.LEADS_ASSIGNED), "given to a rep"),
                    ),
                ),
                Panel(
                    "How long does routing take?",
                    "From leaving the buffer to the first owner.",
                    "s",
                    spread(metrics.ROUTING),
                    alert="BatonRoutingBudgetBurnsFast",
                    bad=60,
                ),
                Panel(
                    "Where do leads stand on their way?",
                    "Leads that no owner has yet, and those held as exceptions.",
                    "short",
                    (
                        Query(
                            f"max by (status) ({pick(metrics.LEADS, status='received|buffering|matched|held')})",
                            "{{status}}",
                        ),
                    ),
                    stacked=True,
                    alert="BatonLeadsStand",
                ),
            ),
        ),
        Row(
            "Clocks",
            (
                Panel(
                    "How late do clocks fire?",
                    "From due, or from the end of a stated deferral, to fired.",
                    "s",
                    spread(metrics.ESCALATION_LATENESS),
                    alert="BatonClockBudgetBurnsFast",
                    bad=30,
                ),
                Panel(
                    "Who fires the steps?",
                    "Countdowns should; the keeper fires what no countdown fired, an answer what was due when it came.",
                    "ops",
                    (
                        Query(
                            rate(
                                metrics.ESCALATIONS, "fired_by", action="remind|flag_overdue|move_to|escalate|re_engage"
                            ),
                            "{{fired_by}}",
                        ),
                    ),
                    alert="BatonSweepDoesCountdowns",
                    stacked=True,
                ),
                Panel(
                    "How fast are the allowances used?",
                    "1: exactly as fast as is allowed for ever. At 14.4 a month's allowance is gone in two days.",
                    "none",
                    (Query(_burn(_ROUTING), "owner within 60 s"), Query(_burn(_CLOCK), "fired within 30 s")),
                    alert="BatonRoutingBudgetBurnsFast",
                    bad=14.4,
                ),
            ),
        ),
    ),
)

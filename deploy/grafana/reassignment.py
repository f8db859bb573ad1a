"""Bulk reassignment: how far the move is, and whether it hurts anybody."""

from deploy.grafana.panels import Dashboard, Panel, Query, Row, pick, quantile, rate, spread
from shared import metrics

_PLAN = f"max by (state) ({pick(metrics.PLAN_MOVES)})"
_TO_DO = f"sum(max by (state) ({pick(metrics.PLAN_MOVES, state='pending|moved|skipped')}))"

REASSIGNMENT = Dashboard(
    "baton-reassignment",
    "Baton: bulk reassignment",
    "How far is the move, and does it hurt anybody?",
    (
        Row(
            "How far is the move, and does it hurt anybody?",
            (
                Panel(
                    "How far are the plans?",
                    "Leads that are settled, of those of the plans that run or ended within the hour.",
                    "percentunit",
                    (
                        Query(
                            f"sum(max by (state) ({pick(metrics.PLAN_MOVES, state='moved|skipped')})) / ({_TO_DO} > 0)"
                        ),
                    ),
                    "stat",
                    6,
                ),
                Panel(
                    "How many leads are still to move?",
                    "Pending leads of plans.",
                    "short",
                    (Query(f"max({pick(metrics.PLAN_MOVES, state='pending')})"),),
                    "stat",
                    6,
                ),
                Panel(
                    "How many were left where they are?",
                    "Skipped, because they had changed since the plan was made.",
                    "short",
                    (Query(f"max({pick(metrics.PLAN_MOVES, state='skipped')})"),),
                    "stat",
                    6,
                ),
                Panel(
                    "Does the next batch wait?",
                    "How long the next batch of a plan that runs has been due.",
                    "s",
                    (Query(f"max({pick(metrics.PLAN_WAIT)})"),),
                    "stat",
                    6,
                    "BatonPlanStuck",
                    300,
                ),
            ),
        ),
        Row(
            "The move",
            (
                Panel(
                    "What became of the plans' leads?",
                    "Leads of plans that run or ended within the hour, by state.",
                    "short",
                    (Query(_PLAN, "{{state}}"),),
                    stacked=True,
                ),
                Panel(
                    "How fast do leads move?",
                    "Leads per second by what the plan is about; undo: those that went back.",
                    "ops",
                    (Query(rate(metrics.REASSIGNMENTS, "reason"), "{{reason}}"),),
                    stacked=True,
                ),
                Panel(
                    "How long does a batch of the move take?",
                    "95 of 100 batches of the room took less.",
                    "s",
                    (Query(quantile(0.95, metrics.TASK_DURATION, "task", task="reassignment.+"), "{{task}}"),),
                ),
            ),
        ),
        Row(
            "The others",
            (
                Panel(
                    "Does the move slow routing down?",
                    "From leaving the buffer to the first owner, while leads are moved.",
                    "s",
                    spread(metrics.ROUTING),
                    alert="BatonRoutingBudgetBurnsFast",
                    bad=60,
                    width=12,
                ),
                Panel(
                    "Do clocks still fire in time?",
                    "From due to fired, while leads are moved.",
                    "s",
                    spread(metrics.ESCALATION_LATENESS),
                    alert="BatonClockBudgetBurnsFast",
                    bad=30,
                    width=12,
                ),
            ),
        ),
    ),
)

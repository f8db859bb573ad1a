"""Routing quality: whether leads come to the right people, and people answer."""

from deploy.grafana.panels import Dashboard, Panel, Query, Row, pick, rate, spread
from deploy.grafana.tables import BY_CAMPAIGN, BY_POOL, BY_REASON, BY_REP, BY_TEAM
from shared import metrics

QUALITY = Dashboard(
    "baton-quality",
    "Baton: routing quality",
    "Do leads come to the right people, and do people answer?",
    (
        Row(
            "Do leads come to the right people, and do people answer?",
            (
                Panel(
                    "What share is held as exceptions?",
                    "Of all leads in custody; the line is the policy's own alarm.",
                    "percentunit",
                    (
                        Query(f"max({pick(metrics.HELD_SHARE)})", "held"),
                        Query(f"max({pick(metrics.HELD_SHARE_ALARM)})", "alarm"),
                    ),
                    alert="BatonHeldShareHigh",
                ),
                Panel(
                    "How many leads are overdue?",
                    "Running offers that are marked overdue now.",
                    "short",
                    (Query(f"max({pick(metrics.LEADS_OVERDUE)})", "overdue"),),
                ),
                Panel(
                    "How often does nobody answer?",
                    "Offers marked overdue, and leads taken away for silence, beside the custodies that began.",
                    "ops",
                    (
                        Query(rate(metrics.ESCALATIONS, action="flag_overdue"), "marked overdue"),
                        Query(rate(metrics.ESCALATIONS, action="move_to"), "taken away"),
                        Query(rate(metrics.LEADS_ASSIGNED), "given to a rep"),
                    ),
                ),
            ),
        ),
        Row(
            "Who gets leads, and why",
            (
                Panel(
                    "Why do leads get their owners?",
                    "Custodies of reps that began, by reason.",
                    "ops",
                    (Query(rate(metrics.LEADS_ASSIGNED, "reason"), "{{reason}}"),),
                    stacked=True,
                ),
                Panel(
                    "Which segments are they from?",
                    "Custodies of reps that began, by the lead's segment in the policy.",
                    "ops",
                    (Query(rate(metrics.LEADS_ASSIGNED, "segment"), "{{segment}}"),),
                    stacked=True,
                ),
                Panel(
                    "Where do leads stand with people?",
                    "Leads in custody by status.",
                    "short",
                    (
                        Query(
                            f"max by (status) ({pick(metrics.LEADS, status='offered|accepted|pooled|held')})",
                            "{{status}}",
                        ),
                    ),
                    stacked=True,
                ),
            ),
        ),
        Row(
            "Speed",
            (
                Panel(
                    "How long from the form to a rep?",
                    "From the event's acceptance to the first rep, the buffer and closed hours included.",
                    "s",
                    spread(metrics.TIME_TO_ASSIGNMENT),
                ),
                Panel(
                    "How long from the form to the first touch?",
                    "From the event's acceptance to the first call or message of a rep.",
                    "s",
                    spread(metrics.TIME_TO_FIRST_TOUCH),
                ),
                Panel(
                    "How old is the oldest lead of each status?",
                    "How long it has stood there, by what leads wait for.",
                    "s",
                    (
                        Query(
                            f"max by (status) ({pick(metrics.LEADS_OLDEST, status='offered|pooled|held|buffering')})",
                            "{{status}}",
                        ),
                    ),
                ),
            ),
        ),
        Row(
            "What goes in and out",
            (
                Panel(
                    "What becomes of events?",
                    "Leads, other events, known ones, and those that could not be read.",
                    "ops",
                    (Query(rate(metrics.EVENTS_RECEIVED, "outcome"), "{{outcome}}"),),
                    stacked=True,
                ),
                Panel(
                    "Do vendors know the companies?",
                    "Questions to providers by outcome.",
                    "ops",
                    (Query(rate(metrics.ENRICHMENT_REQUESTS, "provider, outcome"), "{{provider}} {{outcome}}"),),
                    alert="BatonVendorFails",
                ),
                Panel(
                    "Are people told?",
                    "Notices by what became of them.",
                    "ops",
                    (Query(rate(metrics.NOTIFICATIONS, "outcome"), "{{outcome}}"),),
                    alert="BatonNotificationsFail",
                ),
            ),
        ),
        Row(
            "By rep, campaign, reason and pool (asks PostgreSQL)",
            (BY_REP, BY_CAMPAIGN, BY_REASON, BY_TEAM, BY_POOL),
            closed=True,
        ),
    ),
    asks_reports=True,
)

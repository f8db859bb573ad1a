"""What must never be a label, by rep, campaign and reason: tables that ask the report views as `baton_reader`."""

from deploy.grafana.panels import Panel, Query

BY_REP = Panel(
    "Who has much to answer, and who does not answer?",
    "Active reps with the most leads lost to silence: what they hold, may hold, ever got, and missed.",
    "short",
    (
        Query(
            "SELECT rep_id AS rep, team, open_leads, capacity, assigned_total, overdue_total, missed_total "
            "FROM report.rep WHERE status = 'active' "
            "ORDER BY missed_total DESC, overdue_total DESC, rep_id LIMIT 20"
        ),
    ),
    "table",
)
BY_CAMPAIGN = Panel(
    "Which campaigns bring leads, and what becomes of them?",
    "Leads received in the time shown, by campaign: those with a rep, accepted, held, and become opportunities.",
    "short",
    (
        Query(
            "SELECT coalesce(campaign, 'none') AS campaign, count(*) AS leads, count(assigned_at) AS assigned, "
            "count(accepted_at) AS accepted, count(*) FILTER (WHERE status = 'held') AS held, "
            "count(converted_at) AS converted "
            "FROM report.lead WHERE $__timeFilter(received_at) AND NOT test "
            "GROUP BY 1 ORDER BY leads DESC, campaign LIMIT 20"
        ),
    ),
    "table",
)
BY_REASON = Panel(
    "What are leads held for?",
    "Leads that are held now, by reason and rule.",
    "short",
    (
        Query(
            "SELECT hold_reason, coalesce(rule, 'none') AS rule, count(*) AS leads, min(received_at) AS oldest "
            "FROM report.lead WHERE status = 'held' GROUP BY 1, 2 ORDER BY leads DESC, hold_reason LIMIT 20"
        ),
    ),
    "table",
    alert="BatonHeldShareHigh",
)

"""What must never be a label, by rep, campaign and reason: tables that ask the report views as `baton_reader`."""

from deploy.grafana.panels import Panel, Query

BY_REP = Panel(
    "Who has much to answer, and who does not answer?",
    "Active reps with the most leads lost to silence: what they hold, may hold, ever got, and missed.",
    "short",
    (
        Query(
            "SELECT rep_id AS rep, team, open_leads AS open, capacity, assigned_total AS given, "
            "overdue_total AS overdue, missed_total AS missed "
            "FROM report.rep WHERE status = 'active' "
            "ORDER BY missed_total DESC, overdue_total DESC, rep_id LIMIT 20"
        ),
    ),
    "table",
    width=12,
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
    width=12,
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
    width=12,
    alert="BatonHeldShareHigh",
)
BY_TEAM = Panel(
    "How evenly does the work of a team fall?",
    "Leads given by rules in the time shown, tests included: what the reps of a team got at least, in the mean and at "
    "most. Weights, absences and capacities make a difference on purpose.",
    "short",
    (
        Query(
            "WITH given AS (SELECT team, rep.rep_id, count(assignment_id) AS leads FROM report.rep "
            "LEFT JOIN report.assignment ON owner_kind = 'rep' AND owner = rep_id AND reason = 'rule' "
            "AND $__timeFilter(started_at) WHERE status = 'active' GROUP BY 1, 2) "
            "SELECT team, count(*) AS reps, sum(leads) AS leads, min(leads) AS least, round(avg(leads), 1) AS mean, "
            "max(leads) AS most FROM given GROUP BY team ORDER BY leads DESC, team LIMIT 20"
        ),
    ),
    "table",
    width=12,
)
BY_POOL = Panel(
    "Which pools pass their leads on, and why?",
    "Leads for which a pool was asked in vain in the time shown, by the reason: they went to its overflow, to the next "
    "target of their rule, or into a queue.",
    "short",
    (
        Query(
            "SELECT tried ->> 'target' AS pool, tried ->> 'result' AS why, count(*) AS leads FROM report.decision "
            "CROSS JOIN LATERAL jsonb_array_elements(detail -> 'tried') AS tried "
            "WHERE $__timeFilter(decided_at) AND stage = 'assignment' AND starts_with(tried ->> 'target', 'pool:') "
            "AND tried ->> 'result' <> 'taken' GROUP BY 1, 2 ORDER BY leads DESC, pool LIMIT 20"
        ),
    ),
    "table",
    width=12,
)

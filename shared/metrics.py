"""Every metric of Baton in one place: names, help, units; labels are bounded, never a lead, a person or a message.

What counts batches, waits and calls is counted in the process that does them. What counts leads, events and steps is
tallied in their transactions, and what lies in database and broker is looked at; the exporter serves both.
"""

from prometheus_client import Counter, Gauge, Histogram

from shared.metric_slots import use_slots
from shared.tallied import Observed, counter, histogram

# Before the first metric is made: where the metrics of a prefork worker lie is settled by then.
use_slots()

#: Edges carry the thresholds of the objectives (60 s, 5 min, 2 h), so that their ratios are exact.
_RUNTIME = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_WAIT = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
_TO_OWNER = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400)
_TO_TOUCH = (60, 300, 600, 1800, 3600, 7200, 14400, 28800, 86400, 259200)
_LATENESS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600)
_BATCH = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)

# Counted by the process that does it ---------------------------------------------------------------------------------

TASK_DURATION = Histogram("baton_task_duration_seconds", "How long a batch took.", ["task"], buckets=_RUNTIME)
QUEUE_WAIT = Histogram("baton_task_queue_wait_seconds", "How long a message waited.", ["queue"], buckets=_WAIT)
TASKS = Counter("baton_tasks", "Batches by outcome: succeeded, failed.", ["task", "outcome"])
BATCH_SIZE = Histogram("baton_batch_size", "Leads in a batch.", ["task"], buckets=_BATCH)
HAND_ON_FAILURES = Counter("baton_hand_on_failures", "Hints that could not be published; the sweep repairs.", ["task"])
ENRICHMENT_REQUESTS = Counter(
    "baton_enrichment_requests", "Questions to a provider by outcome.", ["provider", "outcome"]
)
SWEPT = Counter("baton_swept_leads", "Leads that a sweep handed on because no message had.", ["status"])
KEEPER_TICK = Gauge(
    "baton_keeper_last_tick_timestamp_seconds",
    "When the keeper last finished a tick; 0 in every other process.",
    multiprocess_mode="max",
)

# Tallied in the transaction of what they count; the exporter serves them ---------------------------------------------

EVENTS_RECEIVED = counter(
    "baton_events_received",
    "Events read, by the way in and what became of them.",
    channel=("stream", "celery", "file", "http", "replay", "other"),
    outcome=("leads", "captured", "duplicates", "quarantined"),
)
LEADS_ASSIGNED = counter(
    "baton_leads_assigned",
    "Custodies of reps that began, by the reason and the lead's segment; test leads do not count.",
    reason=("rule", "open_opportunity", "account_owner", "claim", "reassignment", "escalation", "manual"),
    segment=("unknown",),
)
TIME_TO_ASSIGNMENT = histogram(
    "baton_time_to_assignment_seconds", "From the event's acceptance to the lead's first rep.", _TO_OWNER
)
ROUTING = histogram(
    "baton_routing_seconds",
    "From leaving the buffer to the lead's first owner: a rep, or a queue to claim from.",
    _TO_OWNER,
)
TIME_TO_FIRST_TOUCH = histogram(
    "baton_time_to_first_touch_seconds", "From the event's acceptance to the first touch by a rep.", _TO_TOUCH
)
ESCALATIONS = counter(
    "baton_escalations",
    "Steps of clocks that fired, and by whom: a countdown, the keeper, or the answer that came first.",
    action=("remind", "flag_overdue", "move_to", "release", "escalate", "re_engage"),
    fired_by=("countdown", "keeper", "answer"),
)
ESCALATION_LATENESS = histogram(
    "baton_escalation_lateness_seconds", "From due, or from the end of a stated deferral, to fired.", _LATENESS
)
NOTIFICATIONS = counter(
    "baton_notifications",
    "Notices by the channel that carried them and what became of them: sent, retried, failed, not_configured.",
    channel=("slack", "webhook", "none"),
    outcome=("sent", "retried", "failed", "not_configured"),
)
REASSIGNMENTS = counter(
    "baton_reassignments",
    "Leads that bulk plans moved, by what the plan was about; undo: those that went back.",
    reason=("rep", "team", "territory", "rule", "policy", "status", "file", "undo"),
)
TALLIED = (
    EVENTS_RECEIVED,
    LEADS_ASSIGNED,
    TIME_TO_ASSIGNMENT,
    ROUTING,
    TIME_TO_FIRST_TOUCH,
    ESCALATIONS,
    ESCALATION_LATENESS,
    NOTIFICATIONS,
    REASSIGNMENTS,
)

# Looked at by the exporter -------------------------------------------------------------------------------------------

QUEUE_MESSAGES = Observed("baton_queue_messages", "Messages that wait in a queue.", ("queue",))
QUEUE_OLDEST = Observed("baton_queue_oldest_message_age_seconds", "Age of the next message.", ("queue",))
STREAM_LAG = Observed("baton_stream_lag", "Events that are not captured yet.")
LEADS = Observed("baton_leads", "Leads by status.", ("status",))
LEADS_OLDEST = Observed(
    "baton_leads_oldest_age_seconds",
    "How long the oldest lead has stood in its status; to the minute for a day, to the hour for a month.",
    ("status",),
)
LEADS_OVERDUE = Observed("baton_leads_overdue", "Leads that run and are marked overdue.")
DUE_OLDEST = Observed(
    "baton_escalation_oldest_due_age_seconds", "How long the oldest step has been due that has not fired; 0 for none."
)
HELD_SHARE = Observed("baton_held_share_ratio", "Leads held as exceptions, of all that are in custody.")
HELD_SHARE_ALARM = Observed(
    "baton_held_share_alarm_ratio", "The lowest share at which the policy raises an alarm for a queue of exceptions."
)
CONSERVATION_DELTA = Observed(
    "baton_conservation_delta", "Events read as leads, less the leads that there are; always 0."
)
LAW_BREACHES = Observed("baton_law_breaches", "Offenders that the last check of each law found; always 0.", ("law",))
LAW_CHECKED = Observed(
    "baton_law_last_check_timestamp_seconds", "When the check of a law that was made longest ago was made.", ("law",)
)
PLAN_MOVES = Observed(
    "baton_reassignment_plan_moves",
    "Leads of the bulk plans that run or ended within the hour, by what became of them.",
    ("state",),
)
PLAN_WAIT = Observed(
    "baton_reassignment_oldest_wait_seconds", "How long the next batch of a plan that runs has been due; 0 for none."
)
POLICY_INFO = Observed("baton_policy_info", "1 for the policy version in force.", ("version",))
LAST_LOOK = Observed(
    "baton_exporter_last_look_timestamp_seconds", "When the exporter last saw the database, and the broker.", ("look",)
)

# Shown by every process ----------------------------------------------------------------------------------------------

BUILD_INFO = Observed("baton_build_info", "1 for the release and the kind of a process.", ("version", "role"))
WORKER_INFO = Observed("baton_worker_info", "1 for each queue that a worker listens to.", ("queue",))

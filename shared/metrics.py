"""Every metric of Baton in one place: names, help, units; labels are bounded, never a lead, a person or a message."""

from prometheus_client import Counter, Gauge, Histogram

from shared.metric_slots import use_slots

# Before the first metric is made: where the metrics of a prefork worker lie is settled by then.
use_slots()

#: Edges carry the thresholds of the objectives (60 s, 5 min, 2 h), so that their ratios are exact.
_RUNTIME = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_WAIT = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
_TO_OWNER = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400)
_BATCH = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)

EVENTS_RECEIVED = Counter(
    "baton_events_received", "Events read, by the way in and what became of them.", ["channel", "outcome"]
)
LEADS_ASSIGNED = Counter("baton_leads_assigned", "Leads that got an owner.", ["reason", "segment"])
TIME_TO_ASSIGNMENT = Histogram(
    "baton_time_to_assignment_seconds", "From the event's acceptance to its owner.", buckets=_TO_OWNER
)
ROUTING = Histogram("baton_routing_seconds", "From leaving the buffer to an owner.", buckets=_TO_OWNER)
TASK_DURATION = Histogram("baton_task_duration_seconds", "How long a batch took.", ["task"], buckets=_RUNTIME)
QUEUE_WAIT = Histogram("baton_task_queue_wait_seconds", "How long a message waited.", ["queue"], buckets=_WAIT)
TASKS = Counter("baton_tasks", "Batches by outcome.", ["task", "outcome"])
BATCH_SIZE = Histogram("baton_batch_size", "Leads in a batch.", ["task"], buckets=_BATCH)
HAND_ON_FAILURES = Counter("baton_hand_on_failures", "Hints that could not be published; the sweep repairs.", ["task"])
ENRICHMENT_REQUESTS = Counter(
    "baton_enrichment_requests", "Questions to a provider by outcome.", ["provider", "outcome"]
)
NOTIFICATIONS = Counter(
    "baton_notifications",
    "Notices by the channel that carried them and what became of them: sent, retried, failed, not_configured.",
    ["channel", "outcome"],
)
SWEPT = Counter("baton_swept_leads", "Leads that a sweep handed on because no message had.", ["status"])
ESCALATIONS = Counter("baton_escalations", "Steps of clocks that fired.", ["action", "fired_by"])
ESCALATION_LATENESS = Histogram(
    "baton_escalation_lateness_seconds", "From due to fired.", buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600)
)
QUEUE_MESSAGES = Gauge("baton_queue_messages", "Messages that wait in a queue.", ["queue"], multiprocess_mode="max")
QUEUE_OLDEST = Gauge(
    "baton_queue_oldest_message_age_seconds", "Age of the next message.", ["queue"], multiprocess_mode="max"
)
STREAM_LAG = Gauge("baton_stream_lag", "Events that are not captured yet.", multiprocess_mode="max")
LEADS = Gauge("baton_leads", "Leads by status.", ["status"], multiprocess_mode="max")
HELD_SHARE = Gauge(
    "baton_held_share_ratio", "Leads held as exceptions, of all that are in custody.", multiprocess_mode="max"
)
CONSERVATION_DELTA = Gauge(
    "baton_conservation_delta", "Events read that are in no place or in two; always 0.", multiprocess_mode="max"
)
POLICY_INFO = Gauge("baton_policy_info", "1 for the policy version in force.", ["version"], multiprocess_mode="max")
KEEPER_TICK = Gauge(
    "baton_keeper_last_tick_timestamp_seconds", "When the keeper last finished a tick.", multiprocess_mode="max"
)

"""Workers and queues: whether every room works off what comes to it."""

from deploy.grafana.panels import Dashboard, Panel, Query, Row, pick, quantile, rate
from shared import metrics
from shared.bus.queues import TaskQueue

#: Queues whose messages are worked off as they come.
_HINTED = "|".join(queue.value for queue in TaskQueue if queue is not TaskQueue.TIMERS)

WORKERS = Dashboard(
    "baton-workers",
    "Baton: workers and queues",
    "Does every room work off what comes to it?",
    (
        Row(
            "Does every room work off what comes to it?",
            (
                Panel(
                    "How many workers listen to each queue?",
                    "None is an alert.",
                    "short",
                    (Query(f"count by (queue) ({pick(metrics.WORKER_INFO)})", "{{queue}}"),),
                    "stat",
                    12,
                    "BatonRoomWithoutWorker",
                    1,
                    True,
                ),
                Panel(
                    "When were the servers last seen?",
                    "How long ago the exporter saw the database and the broker.",
                    "s",
                    (Query(f"time() - max by (look) ({pick(metrics.LAST_LOOK, look='database|broker')})", "{{look}}"),),
                    "stat",
                    6,
                    "BatonServerAway",
                    60,
                ),
                Panel(
                    "When did the keeper last tick?",
                    "Every process has this gauge; only the keeper's is not 0.",
                    "s",
                    (Query(f"time() - max({pick(metrics.KEEPER_TICK)})"),),
                    "stat",
                    6,
                    "BatonKeeperStands",
                    60,
                ),
            ),
        ),
        Row(
            "Queues",
            (
                Panel(
                    "What waits in the queues?",
                    "Messages; each is a batch of leads.",
                    "short",
                    (Query(f"max by (queue) ({pick(metrics.QUEUE_MESSAGES)})", "{{queue}}"),),
                    stacked=True,
                ),
                Panel(
                    "How long has the next message waited?",
                    "The oldest message of each queue.",
                    "s",
                    (Query(f"max by (queue) ({pick(metrics.QUEUE_OLDEST)})", "{{queue}}"),),
                    alert="BatonOldestMessage",
                    bad=120,
                ),
                Panel(
                    "How many events are not captured yet?",
                    "The lag of the stream: what publishers have sent and intake has not stored.",
                    "short",
                    (Query(f"max({pick(metrics.STREAM_LAG)})", "events"),),
                    alert="BatonStreamLagGrows",
                ),
                Panel(
                    "How long had messages waited when their task began?",
                    "95 of 100 messages had waited for less. Countdowns wait on purpose, and are not shown.",
                    "s",
                    (Query(quantile(0.95, metrics.QUEUE_WAIT, "queue", queue=_HINTED), "{{queue}}"),),
                ),
                Panel(
                    "How long does a batch take?",
                    "95 of 100 batches took less.",
                    "s",
                    (Query(quantile(0.95, metrics.TASK_DURATION, "task"), "{{task}}"),),
                ),
                Panel(
                    "How many leads does a batch hold?",
                    "The mean. One at low load, up to the batch size under load.",
                    "short",
                    (
                        Query(
                            f"{rate(metrics.BATCH_SIZE, 'task', 'sum')} / {rate(metrics.BATCH_SIZE, 'task', 'count')}",
                            "{{task}}",
                        ),
                    ),
                ),
            ),
        ),
        Row(
            "Work",
            (
                Panel(
                    "How many leads does each stage work off?",
                    "Leads per second in batches that were begun.",
                    "ops",
                    (Query(rate(metrics.BATCH_SIZE, "task", "sum"), "{{task}}"),),
                ),
                Panel(
                    "Which batches fail?",
                    "Failed batches per second; leads are tried again in smaller ones.",
                    "ops",
                    (Query(rate(metrics.TASKS, "task", outcome="failed"), "{{task}}"),),
                    alert="BatonTasksFail",
                ),
                Panel(
                    "Do hints get lost?",
                    "Hints that could not be published, and leads that the sweep handed on because no message had.",
                    "ops",
                    (
                        Query(f"{rate(metrics.HAND_ON_FAILURES)} or vector(0)", "not published"),
                        Query(rate(metrics.SWEPT, "status"), "swept in {{status}}"),
                    ),
                ),
                Panel(
                    "Which releases run?",
                    "Processes by release and kind; two releases side by side is a rollout.",
                    "short",
                    (Query(f"count by (version, role) ({pick(metrics.BUILD_INFO)})", "{{role}} {{version}}"),),
                    "stat",
                    24,
                    "BatonProcessMissing",
                ),
            ),
        ),
    ),
)

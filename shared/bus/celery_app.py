"""The Celery application: every setting is checked by name, because Celery takes a misspelt one in silence."""

from collections.abc import Mapping, Sequence
from typing import Any

from celery import Celery
from celery.app.defaults import SETTING_KEYS
from kombu.entity import Queue

from shared.bus.queues import ROUTES, TaskQueue
from shared.errors import InternalError
from shared.redis_client import broker_of

#: A task is over long before its message could be delivered a second time.
TASK_SOFT_SECONDS = 90
TASK_HARD_SECONDS = 120

#: What kombu's Redis transport reads from `broker_transport_options`; it ignores any other key without a word.
TRANSPORT_KEYS = frozenset(
    {
        "visibility_timeout",
        "unacked_restore_interval",
        "unacked_restore_throttle",
        "socket_timeout",
        "socket_connect_timeout",
        "socket_keepalive",
        "health_check_interval",
        "global_keyprefix",
        "master_name",
        "sentinel_kwargs",
    }
)


def transport_options(visibility_timeout: int) -> dict[str, object]:
    """Return how kombu holds its Redis connection: a dead link is noticed in seconds and not never."""
    return {
        "visibility_timeout": visibility_timeout,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 5,
    }


def celery_settings(redis_url: str, visibility_timeout: int) -> dict[str, Any]:
    """Return the settings that every process shares; `docs/decisions` says why each matters over Redis."""
    url, sentinels = broker_of(redis_url)
    return {
        **_BROKER,
        **_TASKS,
        **_WORKERS,
        "broker_url": url,
        "broker_transport_options": {**transport_options(visibility_timeout), **sentinels},
        "task_queues": [Queue(name.value, routing_key=name.value) for name in TaskQueue],  # type: ignore[no-untyped-call]
        "task_routes": {task.value: {"queue": queue.value} for task, queue in ROUTES.items()},
    }


_BROKER: Mapping[str, Any] = {
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_channel_error_retry": True,
}

_TASKS: Mapping[str, Any] = {
    "task_serializer": "json",
    "accept_content": ["json"],
    # At-least-once hints: redelivered after a lost worker, never looped by a child that dies of its own batch.
    "task_acks_late": True,
    "task_reject_on_worker_lost": False,
    "task_acks_on_failure_or_timeout": True,
    # PostgreSQL holds every result.
    "task_ignore_result": True,
    "task_store_errors_even_if_ignored": False,
    "task_soft_time_limit": TASK_SOFT_SECONDS,
    "task_time_limit": TASK_HARD_SECONDS,
    "task_create_missing_queues": False,
    "task_default_queue": TaskQueue.ENRICHMENT.value,
    # The row is the message: a publish that fails is repaired by the sweep and must not hold anybody up.
    "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.5},
    "task_send_sent_event": False,
}

_WORKERS: Mapping[str, Any] = {
    "worker_prefetch_multiplier": 1,
    "worker_hijack_root_logger": False,
    "worker_redirect_stdouts": False,
    # Two fifths of a worker's own time; Flower turns them on, and `celery -A workers.app control enable_events` does.
    "worker_send_task_events": False,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    # Memory that a long day collects goes back: about an hour of full load.
    "worker_max_tasks_per_child": 10_000,
}


def make_app(redis_url: str, *, visibility_timeout: int = 600, include: Sequence[str] = ()) -> Celery:
    """Return a Celery application whose every setting exists; raises InternalError for one that does not."""
    settings = celery_settings(redis_url, visibility_timeout)
    check_settings(settings)
    app = Celery("baton", include=list(include))
    app.conf.update(settings)
    app.set_default()
    return app


def check_settings(settings: Mapping[str, Any]) -> None:
    """Refuse a setting or transport option that Celery or kombu would ignore."""
    unknown = [name for name in settings if name not in SETTING_KEYS]
    unknown += [name for name in settings.get("broker_transport_options", {}) if name not in TRANSPORT_KEYS]
    if unknown:
        message = f"Celery knows no setting {', '.join(sorted(unknown))}: correct the name in shared/bus/celery_app.py."
        raise InternalError(message)

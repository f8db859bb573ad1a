"""The least that a chain of four Celery tasks per lead can cost: tasks that do nothing."""

import os

from celery import Celery, chain

#: Where the messages go; set by who starts the worker.
BROKER = "BENCH_NOOP_REDIS"

app = Celery("noop", broker=os.environ.get(BROKER, "redis://127.0.0.1:6379/2"))
app.conf.update(task_ignore_result=True, task_acks_late=True, worker_prefetch_multiplier=4)


@app.task  # type: ignore[untyped-decorator]  # as everybody writes it
def enrich(lead: int) -> int:
    """Hand the lead on."""
    return lead


@app.task  # type: ignore[untyped-decorator]  # as everybody writes it
def deduplicate(lead: int) -> int:
    """Hand the lead on."""
    return lead


@app.task  # type: ignore[untyped-decorator]  # as everybody writes it
def assign(lead: int) -> int:
    """Hand the lead on."""
    return lead


@app.task  # type: ignore[untyped-decorator]  # as everybody writes it
def arm(lead: int) -> int:
    """End the chain."""
    return lead


def submit(lead: int) -> None:
    """Publish the chain of one lead."""
    chain(enrich.s(lead), deduplicate.s(), assign.s(), arm.s()).apply_async()

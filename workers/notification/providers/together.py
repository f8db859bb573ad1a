"""Makes calls at once, each in its own thread, and does not wait for those that take too long."""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import structlog

T = TypeVar("T")

log = structlog.get_logger()


def call_together(calls: Mapping[int, Callable[[], T]], seconds: float) -> dict[int, T]:
    """Return what the calls returned by key; one that raised, or that is late, is not there.

    A thread that is late ends when its socket does; being a daemon, it never holds up the end of the process.
    """
    done: queue.SimpleQueue[tuple[int, T | None]] = queue.SimpleQueue()

    def run(key: int, call: Callable[[], T]) -> None:
        result: T | None = None
        try:
            result = call()
        except Exception:  # a mistake in one message must not keep the others from being told
            log.exception("call_failed", key=key)
        done.put((key, result))

    for key, call in calls.items():
        threading.Thread(target=run, args=(key, call), name=f"notice-{key}", daemon=True).start()
    deadline = time.monotonic() + seconds
    found: dict[int, T] = {}
    for _ in calls:
        try:
            key, result = done.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        if result is not None:
            found[key] = result
    return found

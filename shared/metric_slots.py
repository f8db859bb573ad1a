"""Metrics of a prefork worker, exact and bounded: one set of files per place in the pool and not per process number.

By default prometheus_client keeps files for every child that ever lived; a worker that renews its children fills the
disk with them. Celery gives a child the place of the one it replaces, so the place is a good name for the files.

Call `use_slots()` before the first metric is made. It does nothing in a process without PROMETHEUS_MULTIPROC_DIR.
"""

import os
from pathlib import Path

from billiard.process import current_process
from prometheus_client import values
from prometheus_client.multiprocess import mark_process_dead

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def slot() -> str:
    """Return the name of this process's place: `main`, or `slot` and the number that Celery gave."""
    index = getattr(current_process(), "index", None)
    return "main" if index is None else f"slot{index}"


def use_slots() -> None:
    """Name the files of all metrics to come by place."""
    if _FOLDER in os.environ:
        Path(os.environ[_FOLDER]).mkdir(parents=True, exist_ok=True)
        values.ValueClass = values.MultiProcessValue(slot)


def clear_folder() -> None:
    """Delete what an earlier life of this worker counted; call it once in the parent, before children start."""
    if _FOLDER in os.environ:
        for file in Path(os.environ[_FOLDER]).glob("*.db"):
            file.unlink()


def forget_live_values() -> None:
    """Delete what only the living may claim; call it when a child starts: the one before may have been killed."""
    if _FOLDER in os.environ:
        mark_process_dead(slot())

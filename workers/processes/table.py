"""Which processes make the system, and what each is told."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.bus.queues import ROOMS
from shared.settings import FOREIGN_NAMES, PREFIX, Settings

#: Without any heartbeat a worker has no way to send events, and `celery events` and Flower see nothing. Celery's own
#: two seconds are for clusters that elect leaders by them; who looks at a page is well served by ten.
_HEARTBEAT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """A process: its name, the command that runs it, and whether its children count metrics into a shared folder."""

    name: str
    command: tuple[str, ...]
    has_children: bool = False


def process_table(settings: Settings) -> tuple[ProcessSpec, ...]:
    """Return the processes of a whole system on one machine."""
    singles = [ProcessSpec(name, baton_command(name)) for name in ("intake", "keeper", "exporter")]
    concurrency = settings.worker_concurrency
    workers = [ProcessSpec(f"worker-{room}", celery_command(room, concurrency), has_children=True) for room in ROOMS]
    return (*singles, *workers)


def baton_command(*arguments: str) -> tuple[str, ...]:
    """Return the command line of `baton` by this very interpreter."""
    return (sys.executable, "-m", "workers", *arguments)


def celery_command(room: str, concurrency: int) -> tuple[str, ...]:
    """Return the command line of the Celery worker of a room.

    Gossip and mingle serve clusters of one broker that elect leaders; each costs messages and gives us nothing.
    Prefetching would hide waiting messages in one worker while another is idle.
    """
    queues = ",".join(queue.value for queue in ROOMS[room])
    return (
        *(sys.executable, "-m", "celery", "--quiet", "--app", "workers.app", "worker"),
        *("--queues", queues, "--hostname", f"{room}@%h", "--concurrency", str(concurrency)),
        *("--optimization", "fair", "--disable-prefetch"),
        *("--without-gossip", "--without-mingle", "--heartbeat-interval", str(_HEARTBEAT_SECONDS)),
    )


def child_environment(settings: Settings, port: int, metrics_folder: Path | None) -> Mapping[str, str]:
    """Return the environment of a process: ours, with the servers' addresses and a port and folder of its own."""
    env = dict(os.environ)
    for field, others in FOREIGN_NAMES.items():
        for variable in (f"{PREFIX}{field.upper()}_FILE", *others):
            env.pop(variable, None)
    env.pop("PROMETHEUS_MULTIPROC_DIR", None)
    return {
        **env,
        "BATON_HOME": str(settings.home),
        "BATON_DATABASE_URL": settings.database_url or "",
        "BATON_REDIS_URL": settings.redis_url or "",
        "BATON_METRICS_PORT": str(port),
        **({"PROMETHEUS_MULTIPROC_DIR": str(metrics_folder)} if metrics_folder else {}),
    }

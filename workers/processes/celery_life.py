"""What a Celery worker does beside its tasks: logs in our form, exact metrics, and answers whether it is well.

`attach` connects to Celery's signals and to its start, so a worker started with plain `celery` lives the same life.
"""

import os
import signal
import threading
import time
from collections.abc import Sequence
from typing import Any

import structlog
from celery import Celery, bootsteps, current_app, signals
from celery.exceptions import WorkerShutdown

from shared import log, tracing
from shared.bus.acknowledging import OUTSTANDING
from shared.bus.queues import ROUTES
from shared.errors import UnavailableError
from shared.health import HealthServer, serve
from shared.metric_slots import clear_folder, forget_live_values
from shared.metrics import TASKS, WORKER_INFO
from shared.settings import Settings
from shared.tallied import BOARD
from workers.processes.build import show_build

logger = structlog.get_logger()

#: Often enough beside the patience that an acknowledgement has.
LOOK_SECONDS = 5.0


class WorkerLife:
    """The life of one worker process; kept by who attached it, for signals hold their receivers weakly."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server: HealthServer | None = None
        self._worker: Any = None
        self._consumes = False
        self._ended = threading.Event()

    def attach(self, app: Celery) -> "WorkerLife":
        """Connect to the signals of this process's worker, and to its start."""
        app.steps["worker"].add(_step(self))
        app.Task.Request = "shared.bus.acknowledging:WatchedRequest"
        signals.setup_logging.connect(self._configure_logs)
        signals.worker_init.connect(self._begin)
        signals.worker_process_init.connect(self._begin_child)
        signals.worker_process_shutdown.connect(self._end_child)
        signals.worker_ready.connect(self._become_ready)
        signals.worker_shutting_down.connect(self._become_unready)
        signals.worker_shutdown.connect(self._end)
        return self

    def _configure_logs(self, **_: Any) -> None:
        log.configure(self._settings, "worker")

    def _begin(self, **_: Any) -> None:
        clear_folder()

    def _begin_child(self, **_: Any) -> None:
        forget_live_values()
        queues = _queues(current_app)
        _begin_at_zero(queues)
        tracing.begin(f"worker-{'-'.join(queues)}")

    def _end_child(self, **_: Any) -> None:
        tracing.end()

    def begin_to_answer(self, worker: Any) -> None:
        """Serve the pages: a worker that waits for its broker is alive."""
        # The pool has been forked by now, so that no child inherits the socket.
        self._worker = worker
        show_build("worker")
        if self._settings.metrics_port:
            self._server = self._serve()
        threading.Thread(target=self._look_after_acknowledgements, name="acknowledgements", daemon=True).start()

    def _become_ready(self, **_: Any) -> None:
        self._consumes = True
        BOARD.put(WORKER_INFO, dict.fromkeys(((queue,) for queue in _queues(current_app)), 1))

    def _serve(self) -> HealthServer:
        settings = self._settings
        try:
            return serve(
                settings.metrics_port,
                host=settings.metrics_host,
                ready=self._trouble,
            )
        except UnavailableError as error:
            # Celery logs and forgets errors of signals; a worker that nobody can watch must not go on.
            logger.error("worker_cannot_be_watched", reason=str(error))  # noqa: TRY400  the reason says it all
            raise WorkerShutdown(error.exit_code) from error

    def _trouble(self) -> str | None:
        """Say why this worker does not consume, None when it does."""
        if not self._consumes:
            return "not consuming: it is starting, or stopping"
        # Celery lets go of the connection as long as it tries to get another.
        return None if self._worker.consumer.connection is not None else "the broker is away"

    def _look_after_acknowledgements(self) -> None:
        """End this worker when it cannot fetch messages any more; it is started anew, and what it had comes again."""
        while not self._ended.wait(LOOK_SECONDS):
            if OUTSTANDING.is_any_lost(time.monotonic()):
                logger.error("acknowledgement_lost", mend="the worker ends and is to be started again")
                os.kill(os.getpid(), signal.SIGTERM)
                return

    def _become_unready(self, **_: Any) -> None:
        self._consumes = False

    def _end(self, **_: Any) -> None:
        self._ended.set()
        if self._server is not None:
            self._server.close()


def _queues(app: Celery) -> list[str]:
    return sorted(app.amqp.queues.consume_from)


def _begin_at_zero(queues: Sequence[str]) -> None:
    """Show a failure as a step from 0: a series that begins with 1 has no rate.

    In the child, because the parent's own files were deleted when the worker began.
    """
    for task, queue in ROUTES.items():
        if queue in queues:
            for outcome in ("succeeded", "failed"):
                TASKS.labels(task=task.value, outcome=outcome)


def _step(life: WorkerLife) -> type[bootsteps.Step]:
    """Return a step of Celery's start: after the pool, before the consumer, which waits for the broker."""

    class Answers(bootsteps.StartStopStep):  # type: ignore[misc]
        """Begins to answer whether the worker is well."""

        requires = ("celery.worker.components:Pool",)

        def start(self, parent: Any) -> None:
            """Called once, in the main process."""
            life.begin_to_answer(parent)

    return Answers

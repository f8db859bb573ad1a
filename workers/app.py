"""The Celery application of all rooms: `celery -A workers.app worker -Q QUEUE` works as it stands."""

from shared.bus.assembly import assemble
from shared.settings import load_settings
from workers.processes.celery_life import WorkerLife

#: The modules that declare tasks; every room that has any is here.
TASK_MODULES = (
    "workers.intake.tasks",
    "workers.enrichment.tasks",
    "workers.deduplication.tasks",
    "workers.assignment.tasks",
    "workers.escalation.tasks",
    "workers.reassignment.tasks",
    "workers.notification.tasks",
)

app = assemble(TASK_MODULES)
#: Kept here, because Celery's signals hold their receivers weakly.
life = WorkerLife(load_settings()).attach(app)

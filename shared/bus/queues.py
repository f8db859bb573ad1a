"""Every task queue and every task by name: a wrong name is a type error here and not a lost message there."""

from enum import StrEnum
from types import MappingProxyType


class TaskQueue(StrEnum):
    """A Celery queue; each has its own worker, so that none can starve another."""

    INTAKE = "intake"
    ENRICHMENT = "enrichment"
    DEDUPLICATION = "deduplication"
    ASSIGNMENT = "assignment"
    ESCALATION = "escalation"
    #: Countdown tasks: their worker holds them unacknowledged and may exit when Redis restarts.
    TIMERS = "timers"
    REASSIGNMENT = "reassignment"
    NOTIFICATION = "notification"


class TaskName(StrEnum):
    """A Celery task, `<room>.<verb>`; a name is never reused for another meaning."""

    SUBMIT = "intake.submit"
    ENRICH = "enrichment.enrich"
    DEDUPLICATE = "deduplication.deduplicate"
    ASSIGN = "assignment.assign"
    ARM = "escalation.arm"
    ANSWER = "escalation.answer"
    FIRE = "escalation.fire"
    SEND = "notification.send"
    PLAN = "reassignment.plan"
    APPLY = "reassignment.apply"
    PAUSE = "reassignment.pause"
    RESUME = "reassignment.resume"
    CANCEL = "reassignment.cancel"
    UNDO = "reassignment.undo"
    #: Moves batches of plans: its ids are plans.
    MOVE = "reassignment.move"
    #: Plans what the policy version in force changes: its ids are versions.
    DIFFERENCE = "reassignment.difference"


ROUTES = MappingProxyType(
    {
        TaskName.SUBMIT: TaskQueue.INTAKE,
        TaskName.ENRICH: TaskQueue.ENRICHMENT,
        TaskName.DEDUPLICATE: TaskQueue.DEDUPLICATION,
        TaskName.ASSIGN: TaskQueue.ASSIGNMENT,
        TaskName.ARM: TaskQueue.ESCALATION,
        TaskName.ANSWER: TaskQueue.ESCALATION,
        TaskName.FIRE: TaskQueue.TIMERS,
        TaskName.SEND: TaskQueue.NOTIFICATION,
        TaskName.PLAN: TaskQueue.REASSIGNMENT,
        TaskName.APPLY: TaskQueue.REASSIGNMENT,
        TaskName.PAUSE: TaskQueue.REASSIGNMENT,
        TaskName.RESUME: TaskQueue.REASSIGNMENT,
        TaskName.CANCEL: TaskQueue.REASSIGNMENT,
        TaskName.UNDO: TaskQueue.REASSIGNMENT,
        TaskName.MOVE: TaskQueue.REASSIGNMENT,
        TaskName.DIFFERENCE: TaskQueue.REASSIGNMENT,
    }
)

#: The queues that `baton worker ROOM` listens to.
ROOMS = MappingProxyType(
    {
        "intake": (TaskQueue.INTAKE,),
        "enrichment": (TaskQueue.ENRICHMENT,),
        "deduplication": (TaskQueue.DEDUPLICATION,),
        "assignment": (TaskQueue.ASSIGNMENT,),
        "escalation": (TaskQueue.ESCALATION,),
        "timers": (TaskQueue.TIMERS,),
        "reassignment": (TaskQueue.REASSIGNMENT,),
        "notification": (TaskQueue.NOTIFICATION,),
    }
)

"""What ops tooling triggers by name, and the task that moves a plan on; a refusal is a sentence in the log."""

from typing import Any

from shared.bus.batch_task import batch_task
from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.bus.request_task import request_id, request_task
from workers.reassignment.asking import ask, named_of
from workers.reassignment.control import Said, say_to_plan
from workers.reassignment.moving import move_on
from workers.reassignment.planning import make_plan
from workers.reassignment.policy.states import Word


@request_task(TaskName.PLAN)
def plan(context: Context, *, leads: list[Any] | None = None, **words: Any) -> None:
    """Make a plan; the words are those of `baton reassign plan` (`rep`, `to`, `created_before`, …), nothing moves."""
    named = None if leads is None else named_of(leads)
    make_plan(context, ask(context, {"by": "celery", "request_id": request_id(), **words}, named).order)


@request_task(TaskName.APPLY)
def apply(context: Context, plan_id: int, rate: float | None = None, by: str = "celery") -> None:
    """Move the leads of a plan, at most `rate` a second."""
    say_to_plan(context, plan_id, Said(Word.APPLY, by, rate))


@request_task(TaskName.PAUSE)
def pause(context: Context, plan_id: int, by: str = "celery") -> None:
    """Let a plan rest after the batch in hand."""
    say_to_plan(context, plan_id, Said(Word.PAUSE, by))


@request_task(TaskName.RESUME)
def resume(context: Context, plan_id: int, by: str = "celery") -> None:
    """Let a plan that rests go on the way it went."""
    say_to_plan(context, plan_id, Said(Word.RESUME, by))


@request_task(TaskName.CANCEL)
def cancel(context: Context, plan_id: int, by: str = "celery") -> None:
    """Leave what a plan has not moved where it is, for good."""
    say_to_plan(context, plan_id, Said(Word.CANCEL, by))


@request_task(TaskName.UNDO)
def undo(context: Context, plan_id: int, rate: float | None = None, by: str = "celery") -> None:
    """Bring every lead of a plan that nobody touched back to its former owner."""
    say_to_plan(context, plan_id, Said(Word.UNDO, by, rate))


@request_task(TaskName.DIFFERENCE)
def difference(context: Context, versions: list[int]) -> None:
    """Make the plan of what the policy in force changes for open leads; nothing moves until somebody applies it."""
    words = {"policy_diff": True, "by": f"policy {versions[-1]}", "request_id": f"difference-{versions[-1]}"}
    make_plan(context, ask(context, words).order)


@batch_task(TaskName.MOVE)
def move(context: Context, plan_ids: list[int]) -> None:
    """Move each plan on for a turn, and hand it on until nothing of it is left."""
    for plan_id in plan_ids:
        delay = move_on(context, plan_id)
        if delay:
            context.publisher.publish_later(TaskName.MOVE, [plan_id], delay)
        elif delay is not None:
            context.publisher.publish(TaskName.MOVE, [plan_id])

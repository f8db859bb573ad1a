"""From a policy's ladder to the instants at which its steps fall due; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.custody.move import Step, whole_second
from shared.domain.calendar import ALWAYS, OpenHours
from shared.policy.document import Queue
from shared.policy.document import Step as PolicyStep


@dataclass(frozen=True, slots=True)
class Clocks:
    """Whose hours a clock runs in: the policy's calendars, and which of them each rep keeps."""

    calendars: Mapping[str, OpenHours]
    rep_calendars: Mapping[str, str | None]

    def hours(self, clock: str, rep_id: str | None, pool_calendar: str | None) -> OpenHours:
        """Return the hours of `always`, `owner` (the owner's calendar, else the pool's), or a calendar by name."""
        if clock == "owner":
            name = self.rep_calendars.get(rep_id or "") or pool_calendar
            return self.calendars.get(name or "", ALWAYS)
        return self.calendars.get(clock, ALWAYS)


def ladder_steps(ladder: str, steps: Sequence[PolicyStep], start: datetime, hours: OpenHours) -> tuple[Step, ...]:
    """Return the steps of a ladder that starts now; due instants are rounded up to whole seconds."""
    return tuple(
        Step(ladder, number, str(step.do), whole_second(hours.add(start, step.after)), _step_detail(step))
        for number, step in enumerate(steps, start=1)
    )


def _step_detail(step: PolicyStep) -> dict[str, Any] | None:
    detail = {"notify": step.notify, "to": str(step.to) if step.to else None, "log": step.log}
    return {name: value for name, value in detail.items() if value is not None} or None


def queue_steps(queue: Queue, start: datetime) -> tuple[Step, ...]:
    """Return the escalation of a queue: whom to tell, and when, if nobody takes the lead out of it."""
    if queue.escalate_after is None:
        return ()
    due_at = whole_second(start + queue.escalate_after)
    return (Step("queue", 1, "escalate", due_at, {"notify": queue.escalate_to or queue.owner}),)


def track_steps(start: datetime, after: timedelta | None) -> tuple[Step, ...]:
    """Return the return from a nurture track, where one is scheduled."""
    return () if after is None else (Step("track", 1, "re_engage", whole_second(start + after)),)

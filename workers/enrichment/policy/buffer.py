"""How long a lead waits in the buffer: at least the minimum, at most the maximum, counted from its capture."""

from dataclasses import dataclass
from datetime import datetime

from shared.custody.move import whole_second
from shared.policy.document import Buffer


@dataclass(frozen=True, slots=True)
class Wait:
    """When a lead may leave the buffer; `due_at` is None when that is now and nobody has to remember it."""

    release_at: datetime
    due_at: datetime | None


def wait_for(buffer: Buffer, received_at: datetime, now: datetime, *, facts_complete: bool) -> Wait:
    """Return the lead's wait: the minimum once its facts are there, the maximum while a vendor still owes some."""
    until = received_at + (buffer.minimum if facts_complete else buffer.maximum)
    if until <= now:
        return Wait(now, None)
    due_at = whole_second(until)
    return Wait(due_at, due_at)

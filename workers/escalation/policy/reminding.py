"""When the keeper says again that notices are due: once for each new one, and ever more seldom for the same ones."""

from collections.abc import Sequence
from dataclasses import dataclass

#: The first repetition; by then a worker that lives has claimed what it was told of.
FIRST_WAIT_SECONDS = 2.0
#: With no worker alive, hints must not fill the broker: one a minute is found soon enough when one comes back.
LONGEST_WAIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Reminded:
    """Of which notices the keeper has spoken, and when it speaks of them again, in monotonic seconds."""

    notice_ids: frozenset[int] = frozenset()
    wait_seconds: float = FIRST_WAIT_SECONDS
    again_at: float = 0.0


def remind(reminded: Reminded, due: Sequence[int], now: float) -> tuple[list[int], Reminded]:
    """Return the notices to hand on at this tick, and what to remember for the next."""
    old = reminded.notice_ids.intersection(due)
    if not old:
        return list(due), Reminded(frozenset(due), again_at=now + FIRST_WAIT_SECONDS)
    if now < reminded.again_at:
        fresh = [notice_id for notice_id in due if notice_id not in old]
        return fresh, Reminded(frozenset(due), reminded.wait_seconds, reminded.again_at)
    wait = min(reminded.wait_seconds * 2, LONGEST_WAIT_SECONDS)
    return list(due), Reminded(frozenset(due), wait, now + wait)

"""How a lead that stands too long is handed on, and when it is given up."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from shared.bus.queues import TaskName
from shared.custody.move import Notice
from shared.domain.lead import Status
from shared.domain.notice import Addressee, NoticeKind
from shared.policy.document import Queue

#: Leads per message at the first, second, … attempt: one poison lead soon stands alone and drags nobody along.
BATCH_BY_ATTEMPT = (500, 50, 5, 1, 1)

#: The task that moves a lead on from each moving status.
NEXT_TASK = MappingProxyType(
    {
        Status.RECEIVED: TaskName.ENRICH,
        Status.BUFFERING: TaskName.DEDUPLICATE,
        Status.MATCHED: TaskName.ASSIGN,
    }
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A lead that stands too long in a moving status, with how often the sweep has handed it on there."""

    lead_id: int
    status: Status
    attempts: int
    test: bool = False


def seconds_until(due_at: datetime, now: datetime) -> float:
    """Return how long to wait, never less than nothing."""
    return max(0.0, (due_at - now).total_seconds())


def hand_ons(standing: Iterable[Standing]) -> dict[tuple[TaskName, int], list[int]]:
    """Group leads by the task that moves them on and the size of its messages."""
    groups: dict[tuple[TaskName, int], list[int]] = {}
    for one in standing:
        if one.attempts <= len(BATCH_BY_ATTEMPT):
            key = (NEXT_TASK[one.status], BATCH_BY_ATTEMPT[one.attempts - 1])
            groups.setdefault(key, []).append(one.lead_id)
    return groups


def alarms(queues: Mapping[str, Queue], shares: Mapping[str, float], told: Collection[str]) -> list[Notice]:
    """Tell the owners of queues that hold more than their alarm allows, unless they were told a while ago."""
    return [
        Notice(NoticeKind.EXCEPTION, queue.owner, Addressee.OPS, (), {"queue": name, "share": round(shares[name], 4)})
        for name, queue in sorted(queues.items())
        if queue.share_alarm is not None and shares.get(name, 0.0) > queue.share_alarm and name not in told
    ]


def given_up(standing: Iterable[Standing]) -> list[Standing]:
    """Return the leads that five attempts could not move: each is held, with its reason, for a person to look at."""
    return [one for one in standing if one.attempts > len(BATCH_BY_ATTEMPT)]

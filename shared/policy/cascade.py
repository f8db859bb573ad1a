"""Where a lead goes when its first place has no room: targets in the order of trying, ending at a queue."""

from collections.abc import Iterable

from shared.domain.target import Target, TargetKind
from shared.policy.document import PolicyDocument, QueueKind


def cascade(targets: Iterable[Target], document: PolicyDocument) -> tuple[Target, ...]:
    """The targets, then the overflow of their pools as the pools come up, and last the catch-all's queue."""
    tried: dict[Target, None] = dict.fromkeys(targets)
    waiting = list(tried)
    for target in waiting:
        pool = document.pools.get(target.name) if target.kind is TargetKind.POOL else None
        for more in pool.overflow if pool else ():
            if more not in tried:
                tried[more] = None
                waiting.append(more)
    last = last_queue(document)
    return tuple(dict.fromkeys((*tried, last))) if last else tuple(tried)


def last_queue(document: PolicyDocument) -> Target | None:
    """The queue of the catch-all: the first that its own cascade reaches, else the first exception queue, else any."""
    for rule in reversed(document.rules):
        if rule.is_catch_all:
            found = _first_queue(rule.targets, document)
            if found is not None:
                return found
    queues = sorted(document.queues.values(), key=lambda queue: queue.kind is not QueueKind.EXCEPTION)
    return Target(TargetKind.QUEUE, queues[0].name) if queues else None


def _first_queue(targets: Iterable[Target], document: PolicyDocument) -> Target | None:
    """The first queue among targets and the overflow of their pools."""
    waiting = list(dict.fromkeys(targets))
    for target in waiting:
        if target.kind is TargetKind.QUEUE:
            return target
        pool = document.pools.get(target.name) if target.kind is TargetKind.POOL else None
        waiting += [more for more in (pool.overflow if pool else ()) if more not in waiting]
    return None

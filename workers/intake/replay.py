"""Quarantine worked: what reads well by now goes to the stream again, and what nobody wants is put aside."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from shared.bus.context import Context
from shared.db.transaction import transaction
from workers.intake.policy.events import Unreadable, read_event
from workers.intake.queries import quarantine as queries

#: Bodies of one transaction; most are below 64 KiB, so it holds a few megabytes.
PAGE = 100


@dataclass(slots=True)
class Replayed:
    """What a replay did: ids that went to the stream again, and ids with the reason why they did not."""

    replayed: list[int] = field(default_factory=list)
    unreadable: dict[int, str] = field(default_factory=dict)


def replay(context: Context, ids: Sequence[int], by: str, tell: Callable[[int], None]) -> Replayed:
    """Publish again what the reader understands by now, and mark it; `tell` gets the number of ids that are done."""
    result = Replayed()
    for page in _pages(ids):
        _replay_page(context, page, by, result)
        tell(len(page))
    return result


def discard(context: Context, ids: Sequence[int], by: str) -> int:
    """Mark what nobody wants; return how many were not resolved before."""
    with transaction(context.engine) as tx:
        return queries.resolve(tx, ids, "discarded", by)


def _replay_page(context: Context, ids: Sequence[int], by: str, result: Replayed) -> None:
    """Publish, then commit the mark: dying in between costs a duplicate key, the other order would cost the event.

    The mark is written before the publishing, so that intake waits for it, should the event come back to quarantine.
    """
    with transaction(context.engine) as tx:
        kept = {one.quarantine_id: one.body for one in queries.lock_open(tx, ids)}
        events = {number: read_event(body) for number, body in kept.items()}
        result.unreadable |= {number: one.reason for number, one in events.items() if isinstance(one, Unreadable)}
        ready = [number for number, one in events.items() if not isinstance(one, Unreadable)]
        queries.resolve(tx, ready, "replayed", by)
        context.stream.publish([kept[number] for number in ready], channel="replay")
    result.replayed += ready


def _pages(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), PAGE):
        yield ids[start : start + PAGE]

"""Intake's steps: a batch of entries becomes rows in one transaction; `intake.submit` forwards to the stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis.exceptions import RedisError

from shared.bus.context import Context
from shared.bus.event_task import event_task
from shared.bus.queues import TaskName
from shared.bus.stream import Entry
from shared.db.transaction import Transaction, transaction
from shared.normal.email import normal_email
from workers.intake.policy.bodies import as_body
from workers.intake.policy.events import REFERENCES, Event, Sorted, Unreadable, lead_id_of, sort_bodies
from workers.intake.policy.records import KINDS, read_record
from workers.intake.queries import capture as queries
from workers.intake.reference import apply_records


@dataclass(frozen=True, slots=True)
class Tally:
    """What a batch became; the numbers add up to the entries that nobody had counted before."""

    received: int = 0
    leads: int = 0
    captured: int = 0
    duplicates: int = 0
    quarantined: int = 0


def capture_batch(context: Context, entries: Sequence[Entry], *, reclaimed: bool = False) -> Tally:
    """Capture entries in one transaction; those that a committed batch has counted are left out."""
    with transaction(context.engine, context.publisher) as tx:
        queries.lock_tally(tx, alone=reclaimed)
        counted = queries.load_counted(tx, entries)
        fresh = [entry for entry in entries if entry.number not in counted]
        return _capture(context, tx, fresh) if fresh else Tally()


def quarantine_entry(context: Context, entry: Entry, reason: str, *, reclaimed: bool = False) -> Tally:
    """Keep an entry that cannot be captured although it reads well; nothing of it but its bytes is stored."""
    with transaction(context.engine) as tx:
        queries.lock_tally(tx, alone=reclaimed)
        if queries.load_counted(tx, [entry]):
            return Tally()
        new = queries.quarantine(tx, [Unreadable(entry.body, reason)])
        queries.write_tally(tx, [entry], 0, 0, 1 - new, new)
    return Tally(received=1, duplicates=1 - new, quarantined=new)


def _capture(context: Context, tx: Transaction, entries: Sequence[Entry]) -> Tally:
    batch = sort_bodies([entry.body for entry in entries])
    captured = queries.capture(tx, batch.events) if batch.events else queries.Captured([], {}, 0)
    quarantined = queries.quarantine(tx, batch.unreadable) if batch.unreadable else 0
    _settle(context, tx, batch, captured.open_events)
    tx.hand_on(TaskName.ENRICH, captured.lead_ids)
    tally = Tally(
        received=len(entries),
        leads=len(captured.lead_ids),
        captured=len(captured.open_events),
        duplicates=len(entries) - captured.fresh - quarantined,
        quarantined=quarantined,
    )
    queries.write_tally(tx, entries, tally.leads, tally.captured, tally.duplicates, tally.quarantined)
    return tally


def _settle(context: Context, tx: Transaction, batch: Sorted, open_events: dict[tuple[str, str], int]) -> None:
    """Apply at once what intake itself can apply; answers go to the room that keeps the clock."""
    if not open_events:
        return
    fresh = [event for event in batch.events if event.key in open_events]
    _apply_engagements(tx, [event for event in fresh if event.kind == "engagement"], open_events)
    for name in REFERENCES.values():
        records = [event for event in fresh if REFERENCES.get(event.type) == name]
        _apply_references(context, tx, name, records, open_events)
    # Intake counts a signal; what it does to a nurtured lead is for the room that keeps the clock.
    later = [open_events[event.key] for event in fresh if event.kind != "reference"]
    tx.hand_on(TaskName.ANSWER, later)


def _apply_engagements(tx: Transaction, events: Sequence[Event], numbers: dict[tuple[str, str], int]) -> None:
    if not events:
        return
    emails = queries.load_emails(tx, [number for event in events if (number := lead_id_of(event.data))])
    signals: list[tuple[str, str, datetime]] = []
    refused: list[tuple[int, str]] = []
    for event in events:
        given = normal_email(event.data.get("email"))
        email = given.key if given else emails.get(lead_id_of(event.data) or 0)
        if email is None:
            refused.append((numbers[event.key], f"no lead {event.data.get('lead_id')} with an email"))
        else:
            signals.append((email, str(event.data["signal"]), event.time or tx.started_at))
    queries.add_engagements(tx, signals)
    queries.settle(tx, (), refused)


def _apply_references(
    context: Context, tx: Transaction, name: str, events: Sequence[Event], numbers: dict[tuple[str, str], int]
) -> None:
    if not events:
        return
    kind = KINDS[name]
    # Nothing is true of the future: a publisher's wrong clock must not keep later truths out.
    records = [(read_record(kind, event.data), min(event.time or tx.started_at, tx.started_at)) for event in events]
    outcomes = apply_records(tx, context.policies, kind, records)
    stale = {place for place, outcome in enumerate(outcomes) if outcome == "stale"}
    queries.settle(
        tx,
        [numbers[event.key] for place, event in enumerate(events) if place not in stale],
        [(numbers[events[place].key], "older than what is stored") for place in sorted(stale)],
    )


@event_task(TaskName.SUBMIT, retry_on=(RedisError, OSError))
def submit(context: Context, events: Any) -> None:
    """Forward one event or a list of events, as documents or as JSON texts, to the stream."""
    items = events if isinstance(events, list) else [events]
    context.stream.publish([as_body(item) for item in items], channel="celery")

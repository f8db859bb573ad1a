"""Every statement of intake: capture, the tally, quarantine and reference data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.bus.stream import Entry
from shared.db.arrays import rows_as_json
from shared.db.transaction import Transaction
from shared.metrics import EVENTS_RECEIVED
from workers.intake.policy.events import Event, Unreadable

#: Readers of fresh entries share this lock, a reader of reclaimed ones holds it alone: "BINT" as a number.
_TALLY_LOCK = 0x42494E54


@dataclass(frozen=True, slots=True)
class Captured:
    """What the database made of a batch: new lead ids, events that still have to be settled, keys that were new."""

    lead_ids: list[int]
    #: Key -> number of the event row, for what is not a lead.
    open_events: dict[tuple[str, str], int]
    fresh: int


def lock_tally(tx: Transaction, *, alone: bool) -> None:
    """Wait until no batch that may hold the same entries is under way."""
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    tx.row(f"SELECT {function}({_TALLY_LOCK})")


def load_counted(tx: Transaction, entries: Sequence[Entry]) -> set[int]:
    """Return the numbers of those entries that a committed batch has already counted."""
    numbers = [entry.number for entry in entries]
    rows = tx.rows(
        """
        SELECT entry
        FROM intake_batch, unnest(entries) AS entry
        WHERE last_entry >= %(first)s AND first_entry <= %(last)s AND entry = ANY(%(numbers)s::bigint[])
        """,
        first=min(numbers),
        last=max(numbers),
        numbers=numbers,
    )
    return {row[0] for row in rows}


def capture(tx: Transaction, events: Sequence[Event]) -> Captured:
    """Write each new event once, each new `lead.submitted` as one lead; a known key changes nothing."""
    rows = tx.rows(
        """
        WITH incoming AS (
            -- The id comes first, so that the key can name the lead; ids that repeated events draw are never used.
            SELECT *, CASE WHEN kind = 'lead' THEN nextval('lead_lead_id_seq') END AS lead_id
            FROM json_to_recordset(%(events)s) AS event(
                place integer, source text, id text, type text, kind text, time timestamptz, data jsonb, test boolean)
        ), fresh AS (
            -- Sorted, so that two batches with the same keys wait for each other and never for a circle.
            INSERT INTO event_key (source, id, lead_id) SELECT source, id, lead_id FROM incoming ORDER BY source, id
            ON CONFLICT DO NOTHING RETURNING source, id
        ), numbered AS (
            SELECT incoming.* FROM incoming JOIN fresh USING (source, id) ORDER BY place
        ), captured AS (
            INSERT INTO lead (lead_id, event_source, event_id, test) OVERRIDING SYSTEM VALUE
            SELECT lead_id, source, id, test FROM numbered WHERE kind = 'lead'
        )
        INSERT INTO event (source, id, type, time, data, lead_id, outcome)
        SELECT source, id, type, time, data, lead_id, CASE WHEN kind = 'lead' THEN 'lead' ELSE 'open' END
        FROM numbered
        RETURNING lead_id, event_number, source, id
        """,
        events=rows_as_json(_row(place, event) for place, event in enumerate(events)),
    )
    return Captured(
        lead_ids=sorted(row.lead_id for row in rows if row.lead_id is not None),
        open_events={(row.source, row.id): row.event_number for row in rows if row.lead_id is None},
        fresh=len(rows),
    )


def _row(place: int, event: Event) -> dict[str, Any]:
    return {
        "place": place,
        "source": event.source,
        "id": event.id,
        "type": event.type,
        "kind": event.kind,
        "time": event.time,
        "data": event.data,
        "test": event.data.get("test") is True,
    }


def settle(tx: Transaction, applied: Sequence[int], refused: Sequence[tuple[int, str]]) -> None:
    """Write what became of captured events: applied, or refused with its reason."""
    tx.run(
        """
        UPDATE event SET reason = settled.reason,
            outcome = CASE WHEN settled.reason IS NULL THEN 'applied' ELSE 'refused' END
        FROM json_to_recordset(%(rows)s) AS settled(number bigint, reason text)
        WHERE event_number = number AND outcome = 'open'
        """,
        rows=rows_as_json(
            [{"number": number, "reason": None} for number in applied]
            + [{"number": number, "reason": reason} for number, reason in refused]
        ),
    )


def add_engagements(tx: Transaction, signals: Sequence[tuple[str, str, datetime]]) -> None:
    """Count signals of people by their normal e-mail; `signals` are (e-mail, signal, instant)."""
    tx.run(
        """
        INSERT INTO engagement (email, signal, times, last_at)
        SELECT email, signal, count(*), max(at)
        FROM json_to_recordset(%(rows)s) AS engaged(email text, signal text, at timestamptz)
        GROUP BY email, signal ORDER BY email, signal
        ON CONFLICT (email, signal) DO UPDATE SET times = engagement.times + excluded.times,
            last_at = greatest(engagement.last_at, excluded.last_at)
        """,
        rows=rows_as_json({"email": email, "signal": signal, "at": at} for email, signal, at in signals),
    )


def load_emails(tx: Transaction, lead_ids: Sequence[int]) -> dict[int, str]:
    """Return the normal e-mail of leads that have one."""
    rows = tx.rows(
        "SELECT lead_id, email FROM fact_sheet WHERE lead_id = ANY(%(ids)s::bigint[]) AND email IS NOT NULL",
        ids=list(lead_ids),
    )
    return {row.lead_id: row.email for row in rows}


def quarantine(tx: Transaction, unreadable: Sequence[Unreadable]) -> int:
    """Keep what cannot be read, whole; the same bytes again open their row again; return how many rows are new."""
    rows = tx.rows(
        """
        INSERT INTO quarantine (sha256, body, event_source, event_id, reason)
        SELECT sha256, body, source, id, reason
        -- Bodies as bytes: they may be large, and as JSON they would be three times as large.
        FROM unnest(%(digests)b::bytea[], %(bodies)b::bytea[], %(sources)s::text[], %(ids)s::text[],
            %(reasons)s::text[]) AS row(sha256, body, source, id, reason)
        ORDER BY sha256
        ON CONFLICT (sha256) DO UPDATE SET resolved_at = NULL, resolution = NULL, resolved_by = NULL,
            reason = excluded.reason
        RETURNING xmax = 0
        """,
        digests=[item.digest for item in unreadable],
        bodies=[item.body for item in unreadable],
        sources=[item.source for item in unreadable],
        ids=[item.id for item in unreadable],
        reasons=[item.reason for item in unreadable],
    )
    return sum(row[0] for row in rows)


def channel_of(entry: Entry) -> str:
    """Return the way in that an entry names, or `other`: publishers write what they like, a metric's words are few."""
    channels = EVENTS_RECEIVED.words[0]
    return entry.channel if entry.channel in channels else "other"


def write_tally(
    tx: Transaction, entries: Sequence[Entry], leads: int, captured: int, duplicates: int, quarantined: int
) -> None:
    """Count a batch of one way in, once and for good, with the entries that it counted."""
    numbers = [entry.number for entry in entries]
    tx.run(
        """
        INSERT INTO intake_batch (
            channel, first_entry, last_entry, entries, received, leads, captured, duplicates, quarantined)
        VALUES (%(channel)s, %(first)s, %(last)s, %(numbers)s::bigint[], %(received)s, %(leads)s, %(captured)s,
            %(duplicates)s, %(quarantined)s)
        """,
        channel=channel_of(entries[0]),
        first=min(numbers),
        last=max(numbers),
        numbers=numbers,
        received=len(numbers),
        leads=leads,
        captured=captured,
        duplicates=duplicates,
        quarantined=quarantined,
    )

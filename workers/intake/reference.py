"""Applies reference records: the same careful way for files and for events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.bus.queues import TaskName
from shared.custody import departure, write_notices
from shared.db.policies import PolicyShelf
from shared.db.transaction import Transaction
from workers.intake.departing import departure_notices
from workers.intake.policy.records import Kind
from workers.intake.queries import reference as queries
from workers.intake.queries import rep as rep_queries

#: A record as `read_record` gives it, and the instant at which it was true.
Record = tuple[dict[str, Any], datetime]


def apply_records(
    tx: Transaction, policies: PolicyShelf, kind: Kind, records: Sequence[Record], *, made_by: str | None = None
) -> list[str]:
    """Write (record, as of) pairs and say of each: inserted, updated, unchanged, stale, or superseded within the batch.

    `made_by` puts a person's change on the record; events name their source themselves. Reps that have departed lose
    their leads in this very transaction; leads that wait for somebody are tried again.
    """
    last = {_key(kind, record): place for place, (record, _) in _by_instant(records)}
    chosen = sorted(last.values())
    leaving = {place: records[place][0]["rep_id"] for place in chosen if records[place][0].get("status") == "departed"}
    departure.close_doors(tx, list(leaving.values()))
    here = rep_queries.load_active(tx, list(leaving.values()))
    written = queries.upsert(
        tx, kind.table, [records[place][0] for place in chosen], [records[place][1] for place in chosen]
    )
    outcomes = dict(zip(chosen, written, strict=True))
    if made_by is not None:
        queries.record_change(tx, kind.name, made_by, written.count("inserted"), written.count("updated"))
    if kind.name in {"reps", "absences"} and {"inserted", "updated"} & set(written):
        queries.mark_roster(tx)
        queries.release_waiting(tx)
    # Who is known to be back since then keeps the leads.
    left = [rep_id for place, rep_id in leaving.items() if outcomes[place] != "stale"]
    version = policies.active(tx) if left else None
    departure.take_back(tx, version, left)
    if version is not None:
        told = departure_notices(tx, version, [rep_id for rep_id in left if rep_id in here])
        tx.hand_on(TaskName.SEND, write_notices(tx, told))
    return [outcomes.get(place, "superseded") for place in range(len(records))]


def _by_instant(records: Sequence[Record]) -> list[tuple[int, Record]]:
    return sorted(enumerate(records), key=lambda item: (item[1][1], item[0]))


def _key(kind: Kind, record: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(record[column] for column in kind.key)

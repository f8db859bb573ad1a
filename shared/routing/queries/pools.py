"""Statements about pools: their lock, their ledgers, and the record of how they stood."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.db.arrays import as_json, rows_as_json
from shared.db.transaction import Transaction
from shared.routing.policy.balance import PoolState, Seat
from shared.routing.policy.pools import Ledger, LedgerLine
from shared.routing.policy.record import CoverageRecord


def lock_pools(tx: Transaction, names: Sequence[str]) -> dict[str, int]:
    """Lock the pools in order and return how many leads each has given; a pool seen for the first time is made."""
    if not names:
        return {}
    locked = _lock_pools(tx, names)
    if len(locked) < len(names):
        tx.run(
            "INSERT INTO pool (pool) SELECT unnest(%(names)s::text[]) ON CONFLICT DO NOTHING",
            names=sorted(set(names) - set(locked)),
        )
        locked = _lock_pools(tx, names)
    return locked


def _lock_pools(tx: Transaction, names: Sequence[str]) -> dict[str, int]:
    rows = tx.rows(
        "SELECT pool, given FROM pool WHERE pool = ANY(%(names)s::text[]) ORDER BY pool FOR NO KEY UPDATE",
        names=sorted(names),
    )
    return {row.pool: row.given for row in rows}


def load_given(tx: Transaction, names: Sequence[str]) -> dict[str, int]:
    """Return how many leads each pool has given, without any lock; a pool that never gave one has given none."""
    rows = tx.rows("SELECT pool, given FROM pool WHERE pool = ANY(%(names)s::text[])", names=sorted(names))
    return dict.fromkeys(names, 0) | {row.pool: row.given for row in rows}


def load_ledgers(
    tx: Transaction, given: Mapping[str, int], windows: Mapping[str, timedelta], until: datetime | None = None
) -> dict[str, Ledger]:
    """Return the ledgers of pools, with what each rep was given inside the window of a pool's cap, up to an instant.

    A cap governs what comes in; what a bulk move gave does not use it up.
    """
    if not given:
        return {}
    lines: dict[str, dict[str, LedgerLine]] = {name: {} for name in given}
    rows = tx.rows(
        """
        SELECT pool, rep_id, credit, turns, owed, present, last_given FROM pool_ledger
        WHERE pool = ANY(%(names)s::text[])
        """,
        names=sorted(given),
    )
    for row in rows:
        lines[row.pool][row.rep_id] = LedgerLine(row.credit, row.turns, row.owed, row.present, row.last_given)
    counts = _load_given_in_window(tx, windows, until) if windows else {}
    return {name: Ledger(given[name], lines[name], counts.get(name, {})) for name in given}


def _load_given_in_window(
    tx: Transaction, windows: Mapping[str, timedelta], until: datetime | None
) -> dict[str, dict[str, int]]:
    rows = tx.rows(
        """
        SELECT assignment.pool, owner, count(*) AS leads
        FROM unnest(%(pools)s::text[], %(seconds)s::double precision[]) AS window_(pool, seconds)
        JOIN assignment ON assignment.pool = window_.pool
            AND started_at > coalesce(%(until)s::timestamptz, now()) - make_interval(secs => seconds)
        WHERE owner_kind = 'rep' AND plan_id IS NULL
        GROUP BY assignment.pool, owner
        """,
        pools=list(windows),
        seconds=[window.total_seconds() for window in windows.values()],
        until=until,
    )
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        counts.setdefault(row.pool, {})[row.owner] = row.leads
    return counts


def write_ledgers(tx: Transaction, before: Mapping[str, PoolState], after: Mapping[str, PoolState]) -> None:
    """Write the lines that the batch has changed."""
    former = {(name, seat.rep_id): _line(seat) for name, state in before.items() for seat in state.seats}
    changed = [
        {"pool": name, "rep_id": seat.rep_id, **line}
        for name, state in after.items()
        for seat in state.seats
        if (line := _line(seat)) != former[name, seat.rep_id]
    ]
    if not changed:
        return
    tx.run(
        """
        WITH line AS (
            SELECT * FROM json_to_recordset(%(lines)s) AS line(pool text, rep_id text, credit bigint, turns bigint,
                owed integer, present boolean, last_given bigint)
        ), counted AS (
            UPDATE pool SET given = total.given
            FROM json_to_recordset(%(totals)s) AS total(pool text, given bigint) WHERE pool.pool = total.pool
        )
        INSERT INTO pool_ledger (pool, rep_id, credit, turns, owed, present, last_given)
        SELECT pool, rep_id, credit, turns, owed, present, last_given FROM line ORDER BY pool, rep_id
        ON CONFLICT (pool, rep_id) DO UPDATE SET credit = excluded.credit, turns = excluded.turns, owed = excluded.owed,
            present = excluded.present, last_given = excluded.last_given
        """,
        lines=rows_as_json(changed),
        totals=rows_as_json({"pool": name, "given": state.given} for name, state in after.items()),
    )


def _line(seat: Seat) -> dict[str, Any]:
    """Return what the ledger keeps of a seat; loads and caps are counted elsewhere."""
    return {
        "credit": seat.credit,
        "turns": seat.turns,
        "owed": seat.owed,
        "present": seat.present,
        "last_given": seat.last_given,
    }


def write_snapshots(tx: Transaction, policy_version: int, seats: Mapping[str, Any]) -> dict[str, int]:
    """Keep each pool as it stood before the batch, once; return pool -> snapshot id."""
    if not seats:
        return {}
    rows = tx.rows(
        """
        INSERT INTO pool_snapshot (pool, policy_version, seats)
        SELECT pool, %(version)s, seats FROM json_to_recordset(%(rows)s) AS row(pool text, seats jsonb)
        RETURNING pool, snapshot_id
        """,
        version=policy_version,
        rows=rows_as_json({"pool": name, "seats": value} for name, value in seats.items()),
    )
    return {row.pool: row.snapshot_id for row in rows}


def write_coverage(tx: Transaction, record: CoverageRecord) -> int:
    """Keep who could take the leads of a batch; return the record's id."""
    return int(
        tx.value(
            """
            INSERT INTO coverage_snapshot (roster, reps, pools)
            VALUES (%(roster)s, %(reps)s::jsonb, %(pools)s::jsonb) RETURNING coverage_id
            """,
            roster=record.roster,
            reps=as_json(record.reps_document()),
            pools=as_json(record.pools_document()),
        )
    )

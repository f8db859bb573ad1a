"""Reference data: one upsert per kind and batch, guarded by the instant it is true of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from shared.db.arrays import rows_as_json
from shared.db.transaction import Transaction

#: Columns of each table with their types, keys first; CONTRACTS 4 names them.
_COLUMNS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "rep": {
            "rep_id": "text",
            "name": "text",
            "email": "text",
            "manager_email": "text",
            "manager_channel": "text",
            "team": "text",
            "timezone": "text",
            "status": "text",
            "seniority": "text",
            "segments": "text[]",
            "languages": "text[]",
            "skills": "text[]",
            "weight": "numeric",
            "capacity": "integer",
            "calendar": "text",
            "slack_id": "text",
        },
        "absence": {
            "rep_id": "text",
            "starts_at": "timestamptz",
            "ends_at": "timestamptz",
            "cover_rep_id": "text",
            "stop_before": "interval",
        },
        "account": {
            "account_id": "text",
            "name": "text",
            "company_key": "text",
            "domain": "text",
            "country": "text",
            "state": "text",
            "postal_code": "text",
            "employees": "integer",
            "employees_upper": "integer",
            "industry": "text",
            "status": "text",
            "owner_rep_id": "text",
            "named": "boolean",
            "parent_account_id": "text",
        },
        "opportunity": {
            "opportunity_id": "text",
            "account_id": "text",
            "name": "text",
            "stage": "text",
            "is_open": "boolean",
            "owner_rep_id": "text",
            "amount": "numeric",
            "opened_at": "timestamptz",
            "closed_at": "timestamptz",
        },
    }
)
_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "rep": ("rep_id",),
        "absence": ("rep_id", "starts_at"),
        "account": ("account_id",),
        "opportunity": ("opportunity_id",),
    }
)
#: What tells readers that a row has changed, and stays as it is where nothing has.
_MARKS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "rep": {"updated_at": "now()"},
        "absence": {},
        "account": {"updated_at": "now()", "revision": "pg_current_xact_id()"},
        "opportunity": {"updated_at": "now()"},
    }
)
#: The words of the files where the tables have better ones.
_RENAMED = MappingProxyType({"from": "starts_at", "until": "ends_at"})


def upsert(tx: Transaction, table: str, records: Sequence[Mapping[str, Any]], as_of: Sequence[datetime]) -> list[str]:
    """Write records and say of each: inserted, updated, unchanged, or stale (older than what is stored).

    `as_of` gives the instant at which each record was true; keys must not repeat within the batch.
    """
    rows = tx.rows(
        _upsert_sql(table),
        rows=rows_as_json(
            {_RENAMED.get(name, name): value for name, value in record.items()} | {"place": place, "as_of": instant}
            for place, (record, instant) in enumerate(zip(records, as_of, strict=True))
        ),
    )
    return [row.outcome for row in sorted(rows, key=lambda row: int(row.place))]


def _upsert_sql(table: str) -> str:
    columns, keys = _COLUMNS[table], _KEYS[table]
    names = ", ".join(columns)
    others = [name for name in columns if name not in keys]
    same_key = " AND ".join(f"{table}.{key} = incoming.{key}" for key in keys)
    marks = "".join(
        f", {name} = CASE WHEN {_differ(others, table, 'excluded')} THEN {value} ELSE {table}.{name} END"
        for name, value in _MARKS[table].items()
    )
    return f"""
        WITH incoming AS (
            SELECT * FROM json_to_recordset(%(rows)s) AS row(
                place integer, as_of timestamptz, {", ".join(f"{name} {kind}" for name, kind in columns.items())})
        ), written AS (
            INSERT INTO {table} ({names}, as_of)
            SELECT {names}, as_of FROM incoming ORDER BY {", ".join(keys)}
            ON CONFLICT ({", ".join(keys)}) DO UPDATE
            SET {", ".join(f"{name} = excluded.{name}" for name in (*others, "as_of"))}{marks}
            -- A record that says the same again is written too: what is older than it is refused from then on.
            WHERE {table}.as_of <= excluded.as_of
            RETURNING {", ".join(keys)}, xmax = 0 AS is_new
        )
        SELECT incoming.place,
            CASE WHEN written.is_new IS NULL THEN 'stale' WHEN written.is_new THEN 'inserted'
                WHEN {_differ(others, table, "incoming")} THEN 'updated' ELSE 'unchanged' END AS outcome
        FROM incoming
        LEFT JOIN written USING ({", ".join(keys)})
        -- As it stood when the statement began.
        LEFT JOIN {table} ON {same_key}
        """  # noqa: S608  every name comes from the constants above


def _differ(columns: Sequence[str], one: str, other: str) -> str:
    return "({}) IS DISTINCT FROM ({})".format(
        ", ".join(f"{one}.{name}" for name in columns), ", ".join(f"{other}.{name}" for name in columns)
    )


def record_change(tx: Transaction, kind: str, made_by: str, inserted: int, updated: int) -> None:
    """Put a change by file or command on the record."""
    if inserted or updated:
        tx.run(
            """
            INSERT INTO reference_change (kind, made_by, inserted, updated)
            VALUES (%(kind)s, %(made_by)s, %(inserted)s, %(updated)s)
            """,
            kind=kind,
            made_by=made_by,
            inserted=inserted,
            updated=updated,
        )


def mark_roster(tx: Transaction) -> None:
    """Give every rep a row that counts what the rep holds, and tell every process to read the reps again."""
    tx.run("UPDATE roster SET revision = revision + 1")
    tx.run("INSERT INTO rep_load (rep_id) SELECT rep_id FROM rep ORDER BY rep_id ON CONFLICT DO NOTHING")


def release_waiting(tx: Transaction) -> None:
    """Let leads that are held because nobody was available be decided again at the keeper's next tick.

    Reps are locked already, and leads come before them: a lead that somebody works on is left to the keeper's pause.
    """
    tx.run(
        """
        UPDATE lead SET next_attempt_at = now() FROM (
            SELECT lead_id FROM lead WHERE status = 'held' AND next_attempt_at > now() FOR UPDATE SKIP LOCKED
        ) AS waiting
        WHERE lead.lead_id = waiting.lead_id
        """
    )

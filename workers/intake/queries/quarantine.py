"""Quarantine as people work it: what waits there, one body, and what became of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.db.transaction import Transaction

_COLUMNS = """quarantine_id, event_source, event_id, reason, received_at, octet_length(body) AS size, resolution,
    resolved_at, resolved_by"""


@dataclass(frozen=True, slots=True)
class Kept:
    """Something in quarantine, without its body; `size` in bytes."""

    quarantine_id: int
    event_source: str | None
    event_id: str | None
    reason: str
    received_at: datetime
    size: int
    resolution: str | None
    resolved_at: datetime | None
    resolved_by: str | None


@dataclass(frozen=True, slots=True)
class KeptBody:
    """Something in quarantine with its bytes as they came."""

    quarantine_id: int
    body: bytes


def load_kept(tx: Transaction, *, limit: int, reason: str | None, resolved: bool) -> list[Kept]:
    """Return the newest first; `reason` is a part of it in any case, `resolved` adds what is done with."""
    rows = tx.rows(
        f"""
        SELECT {_COLUMNS} FROM quarantine
        WHERE (%(resolved)s OR resolved_at IS NULL)
            AND (%(reason)s::text IS NULL OR position(lower(%(reason)s) IN lower(reason)) > 0)
        ORDER BY quarantine_id DESC LIMIT %(limit)s
        """,  # noqa: S608  the columns are the constant above
        limit=limit,
        reason=reason,
        resolved=resolved,
    )
    return [Kept(*tuple(row)) for row in rows]


def load_one(tx: Transaction, quarantine_id: int) -> tuple[Kept, bytes] | None:
    """Return one with its body, None when there is none of this id."""
    row = tx.row(
        f"SELECT {_COLUMNS}, body FROM quarantine WHERE quarantine_id = %(id)s",  # noqa: S608  as above
        id=quarantine_id,
    )
    return None if row is None else (Kept(*tuple(row)[:-1]), bytes(row.body))


def choose_open(tx: Transaction, *, ids: Collection[int] | None, reason: str | None) -> list[int]:
    """Return the ids of what is not resolved, all of it or of these ids or with this in its reason."""
    rows = tx.rows(
        """
        SELECT quarantine_id FROM quarantine
        WHERE resolved_at IS NULL AND (%(ids)s::bigint[] IS NULL OR quarantine_id = ANY(%(ids)s::bigint[]))
            AND (%(reason)s::text IS NULL OR position(lower(%(reason)s) IN lower(reason)) > 0)
        ORDER BY quarantine_id
        """,
        ids=None if ids is None else sorted(ids),
        reason=reason,
    )
    return [row.quarantine_id for row in rows]


def lock_open(tx: Transaction, ids: Sequence[int]) -> list[KeptBody]:
    """Lock those that are still not resolved, in order, and return their bodies."""
    rows = tx.rows(
        """
        SELECT quarantine_id, body FROM quarantine
        WHERE quarantine_id = ANY(%(ids)s::bigint[]) AND resolved_at IS NULL
        ORDER BY quarantine_id FOR UPDATE
        """,
        ids=list(ids),
    )
    return [KeptBody(row.quarantine_id, bytes(row.body)) for row in rows]


def resolve(tx: Transaction, ids: Sequence[int], resolution: str, by: str) -> int:
    """Mark what is not resolved as replayed or discarded, by whom; return how many."""
    return tx.run(
        """
        UPDATE quarantine SET resolved_at = now(), resolution = %(resolution)s, resolved_by = %(by)s
        WHERE quarantine_id = ANY(%(ids)s::bigint[]) AND resolved_at IS NULL
        """,
        ids=list(ids),
        resolution=resolution,
        by=by,
    )

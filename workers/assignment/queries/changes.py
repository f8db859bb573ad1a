"""Every statement behind what ops change: a lead under its lock, corrections, retries, credits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.db.arrays import as_json
from shared.db.transaction import Transaction
from shared.routing.policy.case import Case
from shared.routing.queries.cases import cases_of

_EMPTY_SHEET = '{"facts": {}, "origins": {}, "bad": {}}'


@dataclass(frozen=True, slots=True)
class Holding:
    """A lead under its lock: its case, who holds it, and what else a change has to respect."""

    case: Case
    sheet: Mapping[str, Any]
    owner_kind: str | None
    owner: str | None
    track: str | None
    account_id: str | None


def lock_lead(tx: Transaction, lead_id: int) -> Holding | None:
    """Lock a lead in whatever status it stands and return it with its holder."""
    if not tx.rows("SELECT 1 FROM lead WHERE lead_id = %(id)s FOR UPDATE", id=lead_id):
        return None
    rows = tx.rows(
        """
        SELECT lead.lead_id, lead.status, lead.received_at, coalesce(lead.release_at, lead.received_at) AS released_at,
            lead.account_id, lead.test, lead.track, lead.directive, lead.hold_reason,
            holder.owner_kind, holder.owner, coalesce(fact_sheet.sheet, %(empty)s::jsonb) AS sheet,
            coalesce(fact_sheet.sheet -> 'facts', '{}') AS facts, coalesce(fact_sheet.sheet -> 'bad', '{}') AS bad
        FROM lead LEFT JOIN fact_sheet USING (lead_id)
        LEFT JOIN assignment AS holder ON holder.lead_id = lead.lead_id AND holder.ended_at IS NULL
        WHERE lead.lead_id = %(id)s
        """,
        id=lead_id,
        empty=_EMPTY_SHEET,
    )
    row = rows[0]
    return Holding(cases_of(tx, rows)[0], row.sheet, row.owner_kind, row.owner, row.track, row.account_id)


def load_held_in(tx: Transaction, queue: str, reason: str | None, after: int, limit: int) -> list[int]:
    """Return held leads of a queue by id, behind `after`; a reason is whole, or its part before the colon."""
    rows = tx.rows(
        """
        SELECT lead_id FROM assignment JOIN lead USING (lead_id)
        WHERE owner_kind = 'queue' AND owner = %(queue)s AND ended_at IS NULL AND status = 'held'
            AND lead_id > %(after)s
            AND (%(reason)s::text IS NULL OR hold_reason = %(reason)s OR starts_with(hold_reason, %(reason)s || ':'))
        ORDER BY lead_id LIMIT %(limit)s
        """,
        queue=queue,
        reason=reason,
        after=after,
        limit=limit,
    )
    return [row.lead_id for row in rows]


def holds_any(tx: Transaction, queue: str) -> bool:
    """Say whether a queue has any lead, also one that no policy names any more."""
    return bool(
        tx.value(
            """
            SELECT EXISTS (SELECT FROM assignment
                WHERE owner_kind = 'queue' AND owner = %(queue)s AND ended_at IS NULL)
            """,
            queue=queue,
        )
    )


def write_sheet(tx: Transaction, lead_id: int, sheet: Mapping[str, Any]) -> None:
    """Write a corrected sheet; the person's match key and the domain stand beside it for look-ups."""
    facts = sheet["facts"]
    tx.run(
        """
        INSERT INTO fact_sheet (lead_id, email, domain, sheet) VALUES (%(id)s, %(email)s, %(domain)s, %(sheet)s::jsonb)
        ON CONFLICT (lead_id) DO UPDATE SET email = excluded.email, domain = excluded.domain, sheet = excluded.sheet
        """,
        id=lead_id,
        email=facts.get("email_key"),
        domain=facts.get("domain"),
        sheet=as_json(sheet),
    )


def write_account(tx: Transaction, lead_id: int, account_id: str | None) -> None:
    """Write the account that a person has named for a lead."""
    tx.run("UPDATE lead SET account_id = %(account)s WHERE lead_id = %(id)s", account=account_id, id=lead_id)


def forget_recycling(tx: Transaction, lead_id: int) -> None:
    """A lead that wakes begins anew: why it was recycled is in its decisions."""
    tx.run("UPDATE lead SET recycle_reason = NULL WHERE lead_id = %(id)s", id=lead_id)


def has_account(tx: Transaction, account_id: str) -> bool:
    """Say whether an account exists."""
    return bool(tx.value("SELECT EXISTS (SELECT FROM account WHERE account_id = %(id)s)", id=account_id))


def take_key(tx: Transaction, key: str, lead_id: int) -> int:
    """Take a person's key for a lead, unless another lead has it; return who has it now."""
    tx.run(
        "INSERT INTO person_key (key, lead_id) VALUES (%(key)s, %(id)s) ON CONFLICT (key) DO NOTHING",
        key=key,
        id=lead_id,
    )
    return int(tx.value("SELECT lead_id FROM person_key WHERE key = %(key)s", key=key))


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Leads that ops owe a member of a pool (negative: that the member owes), with who says so and why."""

    adjustment_id: str
    pool: str
    rep_id: str
    leads: int
    note: str
    made_by: str
    made_at: datetime | None = None


def add_adjustment(tx: Transaction, adjustment: Adjustment) -> bool:
    """Write an adjustment and its effect on the ledger, once per id; say whether it is new. The pool is locked."""
    added = tx.run(
        """
        WITH new AS (
            INSERT INTO pool_adjustment (adjustment_id, pool, rep_id, leads, note, made_by)
            VALUES (%(id)s, %(pool)s, %(rep)s, %(leads)s, %(note)s, %(by)s)
            ON CONFLICT (adjustment_id) DO NOTHING RETURNING pool, rep_id, leads
        )
        INSERT INTO pool_ledger (pool, rep_id, owed) SELECT pool, rep_id, leads FROM new
        ON CONFLICT (pool, rep_id) DO UPDATE SET owed = pool_ledger.owed + excluded.owed
        """,
        id=adjustment.adjustment_id,
        pool=adjustment.pool,
        rep=adjustment.rep_id,
        leads=adjustment.leads,
        note=adjustment.note,
        by=adjustment.made_by,
    )
    return added == 1


def load_adjustment(tx: Transaction, adjustment_id: str) -> Adjustment | None:
    """Return an adjustment by its id."""
    row = tx.row(
        """
        SELECT adjustment_id, pool, rep_id, leads, note, made_by, made_at FROM pool_adjustment
        WHERE adjustment_id = %(id)s
        """,
        id=adjustment_id,
    )
    return None if row is None else Adjustment(**row._asdict())

"""Finds the leads that a person means: by id, by e-mail address, or by the event that made them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.db.transaction import Transaction
from shared.domain.lead import LIVING, Status
from shared.errors import RefusedError
from shared.normal.email import normal_email

#: A person with more leads than this is a test address; the newest ones are named.
_MOST = 20


@dataclass(frozen=True, slots=True)
class Found:
    """A lead that a key names."""

    lead_id: int
    status: Status
    merged_into: int | None


def find_leads(tx: Transaction, key: str) -> list[Found]:
    """Return the leads that a key names, the newest first; raises RefusedError when there is none."""
    found = _look_up(tx, key.strip())
    if not found:
        message = f"No lead has the key {key!r}: give a lead id, an e-mail address, or SOURCE:ID of its event."
        raise RefusedError(message)
    return found


def find_one(tx: Transaction, key: str) -> int:
    """Return the one lead that a change is meant for: the living one, where a person has several."""
    found = find_leads(tx, key)
    chosen = [one for one in found if one.status in LIVING] if len(found) > 1 else found
    if len(chosen) == 1:
        return chosen[0].lead_id
    named = ", ".join(f"{one.lead_id} ({one.status})" for one in found)
    raise RefusedError(f"{key!r} names several leads; give the id of one: {named}.")


def _look_up(tx: Transaction, key: str) -> list[Found]:
    if key.isascii() and key.isdigit():
        # A PostgreSQL bigint; a longer number is nobody's id.
        return find_by_id(tx, int(key)) if len(key) < 19 else []
    colons = [place for place, letter in enumerate(key) if letter == ":"]
    pairs = [(key[:place], key[place + 1 :]) for place in colons]
    if pairs and (found := find_by_event(tx, pairs)):
        return found
    email = normal_email(key)
    return find_by_email(tx, email.key, _MOST) if email else []


def find_by_id(tx: Transaction, lead_id: int) -> list[Found]:
    """Return the lead with this id."""
    return _found(tx.rows("SELECT lead_id, status, merged_into FROM lead WHERE lead_id = %(id)s", id=lead_id))


def find_by_email(tx: Transaction, email_key: str, limit: int) -> list[Found]:
    """Return the person's leads, the newest first."""
    return _found(
        tx.rows(
            """
            SELECT lead_id, status, merged_into FROM fact_sheet JOIN lead USING (lead_id)
            WHERE fact_sheet.email = %(email)s ORDER BY lead_id DESC LIMIT %(limit)s
            """,
            email=email_key,
            limit=limit,
        )
    )


def find_by_event(tx: Transaction, pairs: Sequence[tuple[str, str]]) -> list[Found]:
    """Return the leads of events; there are several pairs when a colon stands in the source or in the id."""
    return _found(
        tx.rows(
            """
            SELECT lead.lead_id, status, merged_into
            FROM unnest(%(sources)s::text[], %(ids)s::text[]) AS named(source, id)
            JOIN event_key USING (source, id) JOIN lead ON lead.lead_id = event_key.lead_id
            ORDER BY lead.lead_id DESC
            """,
            sources=[source for source, _ in pairs],
            ids=[event_id for _, event_id in pairs],
        )
    )


def _found(rows: Sequence[Any]) -> list[Found]:
    return [Found(row.lead_id, Status(row.status), row.merged_into) for row in rows]

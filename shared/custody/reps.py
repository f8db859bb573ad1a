"""The lock on reps, and what is known of them under it."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from shared.custody.states import Absence, RepState
from shared.db.transaction import Transaction
from shared.domain.rep import Rep, RepStatus, Seniority


def lock(tx: Transaction, rep_ids: Collection[str]) -> None:
    """Lock reps in order: their status and load stay as they are until the transaction ends."""
    if rep_ids:
        tx.rows(
            "SELECT 1 FROM rep_load WHERE rep_id = ANY(%(ids)s::text[]) ORDER BY rep_id FOR NO KEY UPDATE",
            ids=sorted(rep_ids),
        )


@dataclass(slots=True)
class RosterShelf:
    """The roster of this process, read again when a rep has changed."""

    revision: int = -1
    roster: dict[str, Rep] = field(default_factory=dict)


def load_roster(tx: Transaction, shelf: RosterShelf) -> dict[str, Rep]:
    """Return every rep, the departed as well; five hundred of them are not worth reading for every batch."""
    revision = tx.value("SELECT revision FROM roster")
    if revision != shelf.revision:
        shelf.roster = {row.rep_id: rep_of(row) for row in tx.rows("SELECT * FROM rep ORDER BY rep_id")}
        shelf.revision = revision
    return shelf.roster


def load_states(
    tx: Transaction, roster: dict[str, Rep], rep_ids: Collection[str], at: datetime | None = None
) -> dict[str, RepState]:
    """Return the reps with load and absences; a statement of its own, so that it sees what the lock waited for.

    The loads are those of now; `at` is the instant from which on absences count, the transaction's by default.
    """
    if not rep_ids:
        return {}
    loads = tx.rows(
        """
        SELECT rep_load.rep_id, rep_load.open_leads, rep.status
        FROM rep_load JOIN rep USING (rep_id) WHERE rep_id = ANY(%(ids)s::text[])
        """,
        ids=sorted(rep_ids),
    )
    absences = load_absences(tx, rep_ids, at)
    return {
        row.rep_id: RepState(_with_status(roster[row.rep_id], row.status), row.open_leads, absences.get(row.rep_id, ()))
        for row in loads
        if row.rep_id in roster
    }


def load_absences(
    tx: Transaction, rep_ids: Collection[str], at: datetime | None = None
) -> dict[str, tuple[Absence, ...]]:
    """Return absences that have not ended at an instant, the transaction's by default, by rep."""
    rows = tx.rows(
        """
        SELECT rep_id, starts_at, ends_at, stop_before, cover_rep_id FROM absence
        WHERE ends_at > coalesce(%(at)s, now()) AND rep_id = ANY(%(ids)s::text[]) ORDER BY rep_id, starts_at
        """,
        ids=sorted(rep_ids),
        at=at,
    )
    found: dict[str, tuple[Absence, ...]] = {}
    for row in rows:
        absence = Absence(row.starts_at, row.ends_at, row.stop_before, row.cover_rep_id)
        found[row.rep_id] = (*found.get(row.rep_id, ()), absence)
    return found


def _with_status(rep: Rep, status: str) -> Rep:
    return rep if rep.status == status else replace(rep, status=RepStatus(status))


def rep_of(row: Any) -> Rep:
    """Return the rep of a row that has every column of the roster."""
    return Rep(
        rep_id=row.rep_id,
        name=row.name,
        email=row.email,
        manager_email=row.manager_email,
        manager_channel=row.manager_channel,
        team=row.team,
        timezone=row.timezone,
        status=RepStatus(row.status),
        seniority=Seniority(row.seniority),
        segments=tuple(row.segments),
        languages=tuple(row.languages),
        skills=tuple(row.skills),
        weight=Fraction(row.weight),
        capacity=row.capacity,
        calendar=row.calendar,
        slack_id=row.slack_id,
    )

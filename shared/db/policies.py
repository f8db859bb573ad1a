"""Policies as immutable versions: stored, activated, and compiled once per process and version."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.db.arrays import as_json
from shared.db.transaction import Transaction
from shared.domain.calendar import OpenHours
from shared.errors import InternalError, RefusedError
from shared.policy.compile import Policy, compile_policy
from shared.policy.holidays_of import build_calendar
from shared.policy.parse import parse_policy


@dataclass(frozen=True, slots=True)
class Version:
    """A policy with the number under which its decisions are recorded."""

    number: int
    policy: Policy
    _calendars: dict[int, Mapping[str, OpenHours]] = field(default_factory=dict, repr=False, compare=False)

    def calendars(self, now: datetime) -> Mapping[str, OpenHours]:
        """Return the policy's calendars with the holidays around the instant; kept for the rest of its year."""
        if now.year not in self._calendars:
            years = range(now.year - 1, now.year + 4)
            self._calendars[now.year] = {
                name: build_calendar(spec, years) for name, spec in self.policy.calendars.items()
            }
        return self._calendars[now.year]

    @property
    def last_queue(self) -> str:
        """Return the queue that takes what nobody else can; a policy without any queue cannot become active."""
        if self.policy.last_queue is None:
            raise InternalError(self.policy.name)
        return self.policy.last_queue.name


@dataclass(frozen=True, slots=True)
class Planned:
    """An activation that has not taken effect yet."""

    activation_id: int
    version: int
    name: str
    effective_at: datetime
    requested_at: datetime
    requested_by: str
    approved_by: str | None
    note: str | None


@dataclass(slots=True)
class PolicyShelf:
    """The compiled policies of this process; a version never changes, so it is compiled once."""

    _compiled: dict[int, Version] = field(default_factory=dict)

    def active(self, tx: Transaction, at: datetime | None = None) -> Version | None:
        """Return the policy in force at the transaction's instant or at a given one, None when there is none."""
        number = tx.value(
            """
            SELECT version FROM policy_activation WHERE effective_at <= coalesce(%(at)s, now())
            ORDER BY effective_at DESC, activation_id DESC LIMIT 1
            """,
            at=at,
        )
        return None if number is None else self.version(tx, number)

    def version(self, tx: Transaction, number: int) -> Version:
        """Return a version by its number; raises RefusedError when there is none."""
        if number not in self._compiled:
            document = tx.value("SELECT document FROM policy_version WHERE version = %(number)s", number=number)
            if document is None:
                message = f"There is no policy version {number}: baton policy list shows those there are."
                raise RefusedError(message)
            self._compiled[number] = Version(number, compile_policy(parse_policy(document)))
        return self._compiled[number]


def take_turn(tx: Transaction) -> datetime:
    """Wait until nobody else changes what is in force, and return the instant; readers are not kept waiting.

    Whoever changes last has the later instant, and so has the last word.
    """
    tx.run("LOCK TABLE policy_activation IN SHARE ROW EXCLUSIVE MODE")
    instant: datetime = tx.value("SELECT clock_timestamp()")
    return instant


def store(tx: Transaction, document: str, *, name: str, by: str) -> int:
    """Keep a document as a version; the same text again is the same version."""
    digest = hashlib.sha256(document.encode()).hexdigest()
    tx.run(
        """
        INSERT INTO policy_version (name, document, sha256, created_by)
        SELECT %(name)s, %(document)s, %(digest)s, %(by)s
        -- A conflict alone would use up a number, and people ask what became of version 2.
        WHERE NOT EXISTS (SELECT FROM policy_version WHERE sha256 = %(digest)s)
        ON CONFLICT (sha256) DO NOTHING
        """,
        name=name,
        document=document,
        digest=digest,
        by=by,
    )
    return int(tx.value("SELECT version FROM policy_version WHERE sha256 = %(digest)s", digest=digest))


def activate(
    tx: Transaction,
    number: int,
    *,
    by: str,
    note: str | None = None,
    approved_by: str | None = None,
    overridden: list[Any] | None = None,
    effective_at: datetime | None = None,
) -> None:
    """Put a version into force, now or at a later instant, on the record."""
    tx.run(
        """
        INSERT INTO policy_activation (version, effective_at, requested_by, approved_by, note, overridden)
        VALUES (%(number)s, coalesce(%(effective_at)s, now()), %(by)s, %(approved_by)s, %(note)s,
            %(overridden)s::jsonb)
        """,
        number=number,
        effective_at=effective_at,
        by=by,
        approved_by=approved_by,
        note=note,
        overridden=as_json(overridden or []),
    )


def load_planned(tx: Transaction) -> list[Planned]:
    """Return the activations that are still to come, the next one first."""
    rows = tx.rows(
        """
        SELECT activation_id, version, name, effective_at, requested_at, requested_by, approved_by, note
        FROM policy_activation JOIN policy_version USING (version)
        WHERE effective_at > now() ORDER BY effective_at, activation_id
        """
    )
    return [Planned(**row._asdict()) for row in rows]


def cancel(tx: Transaction, activation_ids: list[int], *, by: str, note: str | None = None) -> int:
    """Take plans back and return how many, on the record; the database refuses it once their second has come."""
    return tx.run(
        """
        WITH gone AS (
            DELETE FROM policy_activation WHERE activation_id = ANY(%(ids)s::bigint[]) RETURNING *
        )
        INSERT INTO policy_cancellation (activation_id, version, effective_at, requested_at, requested_by, approved_by,
            note, overridden, cancelled_at, cancelled_by, cancel_note)
        SELECT activation_id, version, effective_at, requested_at, requested_by, approved_by, note, overridden,
            clock_timestamp(), %(by)s, %(note)s
        FROM gone
        """,
        ids=activation_ids,
        by=by,
        note=note,
    )

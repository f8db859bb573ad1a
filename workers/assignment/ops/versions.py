"""The versions of the policy with their history, and plans that are taken back before their minute has come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.custody import write_notices
from shared.db import policies
from shared.db.policies import Planned
from shared.db.transaction import Transaction, transaction
from shared.errors import RefusedError
from shared.policy.reigns import Activation, Reign, in_force, reigns
from workers.assignment.policy.heralding import cancelled_words, heralds
from workers.assignment.queries import versions as queries

#: The database refuses to forget a plan in its last second; before that a person gets a sentence.
_TOO_LATE = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class VersionPage:
    """A version with its author, and when it was, is or will be in force.

    `activations` have taken effect, `planned` have not; both with who asked, who approved and why.
    """

    version: int
    name: str
    sha256: str
    created_at: datetime
    created_by: str
    active: bool
    reigns: tuple[Reign, ...]
    activations: tuple[dict[str, Any], ...]
    planned: tuple[dict[str, Any], ...]
    cancelled: tuple[dict[str, Any], ...]

    @property
    def latest(self) -> dict[str, Any]:
        """Return the activation that counts: the last that took effect, else the next one; empty without any."""
        if self.activations:
            return max(self.activations, key=lambda one: (one["effective_at"], one["activation_id"]))
        return min(self.planned, key=lambda one: (one["effective_at"], one["activation_id"]), default={})

    def as_record(self) -> dict[str, Any]:
        """Give the version as a document, with its latest activation beside it."""
        names = ("effective_at", "requested_by", "approved_by", "note", "overridden")
        return {
            "version": self.version,
            "name": self.name,
            "sha256": self.sha256,
            "created_at": self.created_at,
            "created_by": self.created_by,
            **{name: self.latest.get(name) for name in names},
            "active": self.active,
            "reigns": self.reigns,
            "planned": self.planned,
            "cancelled": self.cancelled,
        }


def version_pages(tx: Transaction) -> list[VersionPage]:
    """Return every version with its history, the newest first."""
    rows, cancelled = queries.load_activations(tx), queries.load_cancellations(tx)
    timeline = [Activation(row["activation_id"], row["version"], row["effective_at"]) for row in rows]
    now, stretches = tx.started_at, reigns(timeline)
    return [
        VersionPage(
            **one,
            active=in_force(timeline, now) == one["version"],
            reigns=tuple(reign for reign in stretches if reign.version == one["version"]),
            activations=_of(one, [row for row in rows if row["effective_at"] <= now]),
            planned=_of(one, [row for row in rows if row["effective_at"] > now]),
            cancelled=_of(one, cancelled),
        )
        for one in queries.load_versions(tx)
    ]


def _of(version: dict[str, Any], rows: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    return tuple(row for row in rows if row["version"] == version["version"])


def cancel_plan(
    context: Context, number: int, *, made_by: str, at: datetime | None = None, note: str | None = None
) -> Planned:
    """Take a planned activation back, on the record; `at` says which, where a version is planned more than once."""
    with transaction(context.engine, context.publisher) as tx:
        instant = policies.take_turn(tx)
        plan = _the_plan(tx, number, at)
        if plan.effective_at - instant <= _TOO_LATE:
            raise RefusedError(
                f"Version {number} takes effect at {plan.effective_at:%Y-%m-%d %H:%M:%S} UTC, too soon to be cancelled "
                "everywhere at once: put the former one back with `baton policy rollback`."
            )
        policies.cancel(tx, [plan.activation_id], by=made_by, note=note)
        document = context.policies.version(tx, number).policy.document
        text = cancelled_words(number, document, by=made_by, at=plan.effective_at)
        tx.hand_on(TaskName.SEND, write_notices(tx, heralds(document, document, text)))
    return plan


def _the_plan(tx: Transaction, number: int, at: datetime | None) -> Planned:
    planned = policies.load_planned(tx)
    meant = [one for one in planned if one.version == number and at in {None, one.effective_at}]
    if not meant:
        listed = ", ".join(f"version {one.version} for {one.effective_at:%Y-%m-%d %H:%M:%S} UTC" for one in planned)
        when = f" for {at:%Y-%m-%d %H:%M:%S} UTC" if at else ""
        raise RefusedError(
            f"Version {number} is not planned{when}: {f'planned is {listed}' if listed else 'no one is'}."
        )
    if len(meant) > 1:
        times = " and ".join(f"{one.effective_at:%Y-%m-%dT%H:%M:%SZ}" for one in meant)
        raise RefusedError(f"Version {number} is planned for {times}: say with --at which of them is meant.")
    return meant[0]

"""What `baton status` and `baton doctor` say of the policy: the version in force, what is planned, when it is due."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from shared.db.engine import open_engine
from shared.db.policies import Planned, PolicyShelf, load_planned
from shared.db.transaction import Transaction, transaction
from shared.policy.cadence import Review, review_of


@dataclass(frozen=True, slots=True)
class Standing:
    """Which version is in force, since when, and what is planned; None where there is none."""

    version: int | None
    name: str | None
    since: datetime | None
    planned: tuple[Planned, ...]
    review: Review | None = None
    review_is_due: bool = False

    @property
    def words(self) -> str:
        """Say it in one line."""
        words = [f"version {self.version} ({self.name})" if self.version else "none: leads wait in `received`"]
        planned = [f"version {one.version} ({one.name}) planned for {_second(one)} UTC" for one in self.planned]
        return "; ".join([*words, *planned, *self._review_words])

    @property
    def _review_words(self) -> list[str]:
        """Say that it should be looked through, once it should."""
        if self.review is None or not self.review_is_due:
            return []
        return [f"to be looked through ({self.review.every}) since {self.review.due_at:%Y-%m-%d}"]


def _second(planned: Planned) -> str:
    return f"{planned.effective_at:%Y-%m-%d %H:%M:%S}"


def load_standing(tx: Transaction) -> Standing:
    """Return what is in force at the transaction's instant, and what is to come."""
    row = tx.row(
        """
        SELECT version, name, effective_at, requested_by FROM policy_activation JOIN policy_version USING (version)
        WHERE effective_at <= now() ORDER BY effective_at DESC, activation_id DESC LIMIT 1
        """
    )
    planned = tuple(load_planned(tx))
    if row is None:
        return Standing(None, None, None, planned)
    review = load_review(tx, row.version, row.effective_at, row.requested_by)
    return Standing(row.version, row.name, row.effective_at, planned, review, review.is_due(tx.started_at))


def load_review(tx: Transaction, version: int, since: datetime, by: str) -> Review:
    """Return when the version in force was last looked at: changed, or looked through and left as it is."""
    row = tx.row(
        """
        SELECT reviewed_at, reviewed_by FROM policy_review
        WHERE version = %(version)s AND reviewed_at > %(since)s ORDER BY reviewed_at DESC LIMIT 1
        """,
        version=version,
        since=since,
    )
    every = PolicyShelf().version(tx, version).policy.document.review
    return review_of(every, since, by) if row is None else review_of(every, row.reviewed_at, row.reviewed_by)


def record_review(tx: Transaction, version: int, *, by: str, note: str | None = None) -> None:
    """Put on record that a version was looked through and left as it is."""
    tx.run(
        "INSERT INTO policy_review (version, reviewed_by, note) VALUES (%(version)s, %(by)s, %(note)s)",
        version=version,
        by=by,
        note=note,
    )


def look_at_policy(database_url: str) -> Standing | None:
    """Return what is in force and planned; None when the database cannot say."""
    engine: Engine = open_engine(database_url)
    try:
        with transaction(engine) as tx:
            return load_standing(tx)
    except SQLAlchemyError:
        return None
    finally:
        engine.dispose()

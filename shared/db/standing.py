"""What `baton status` and `baton doctor` say of the policy: the version in force, and what is planned."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from shared.db.engine import open_engine
from shared.db.policies import Planned, load_planned
from shared.db.transaction import Transaction, transaction


@dataclass(frozen=True, slots=True)
class Standing:
    """Which version is in force, since when, and what is planned; None where there is none."""

    version: int | None
    name: str | None
    since: datetime | None
    planned: tuple[Planned, ...]

    @property
    def words(self) -> str:
        """Say it in one line."""
        words = [f"version {self.version} ({self.name})" if self.version else "none: leads wait in `received`"]
        planned = [f"version {one.version} ({one.name}) planned for {_second(one)} UTC" for one in self.planned]
        return "; ".join(words + planned)


def _second(planned: Planned) -> str:
    return f"{planned.effective_at:%Y-%m-%d %H:%M:%S}"


def load_standing(tx: Transaction) -> Standing:
    """Return what is in force at the transaction's instant, and what is to come."""
    row = tx.row(
        """
        SELECT version, name, effective_at FROM policy_activation JOIN policy_version USING (version)
        WHERE effective_at <= now() ORDER BY effective_at DESC, activation_id DESC LIMIT 1
        """
    )
    planned = tuple(load_planned(tx))
    if row is None:
        return Standing(None, None, None, planned)
    return Standing(row.version, row.name, row.effective_at, planned)


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

"""One task, one transaction: it commits at the edge, and what it wants to tell others leaves after the commit."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, CursorResult, Engine, Row

from shared.db.arrays import as_array, rows_as_json
from shared.tallied import Entry, Tallied


class Publisher(Protocol):
    """Hands lead ids to the next room; losing what it carries costs latency and nothing else."""

    def publish(self, task: str, ids: list[int]) -> None:
        """Send the ids as one or more batches."""


@dataclass(slots=True)
class Transaction:
    """An open transaction, its instant by the database's clock, and the ids that leave when it has committed."""

    connection: Connection
    started_at: datetime
    handed_on: dict[str, list[int]] = field(default_factory=dict)
    tally: Counter[Entry] = field(default_factory=Counter)

    def rows(self, sql: str, **parameters: Any) -> list[Row[Any]]:
        """Run one statement and return all its rows."""
        return list(self._execute(sql, parameters).fetchall())

    def row(self, sql: str, **parameters: Any) -> Row[Any] | None:
        """Run one statement and return its first row, if there is one."""
        return self._execute(sql, parameters).fetchone()

    def value(self, sql: str, **parameters: Any) -> Any:
        """Run one statement and return the first column of its first row, or None."""
        row = self.row(sql, **parameters)
        return None if row is None else row[0]

    def stream(self, sql: str, *, at_once: int, **parameters: Any) -> Iterator[Sequence[Row[Any]]]:
        """Run one statement by a cursor of the server and yield its rows in portions, so that memory stays bounded."""
        options = {"stream_results": True, "max_row_buffer": at_once}
        with self.connection.exec_driver_sql(sql, parameters, execution_options=options) as result:
            yield from result.partitions(at_once)

    def run(self, sql: str, **parameters: Any) -> int:
        """Run one statement and return how many rows it changed."""
        return self._execute(sql, parameters).rowcount

    def _execute(self, sql: str, parameters: Mapping[str, Any]) -> CursorResult[Any]:
        written = {name: as_array(one) if isinstance(one, list) else one for name, one in parameters.items()}
        return self.connection.exec_driver_sql(sql, written)

    def hand_on(self, task: str, lead_ids: Iterable[int]) -> None:
        """Remember ids for the next room; they are published after the commit."""
        self.handed_on.setdefault(task, []).extend(lead_ids)

    def count(self, metric: Tallied, *labels: str, amount: int = 1) -> None:
        """Add to a counter; what a transaction counts is written with its commit, in one statement."""
        self.tally[Entry(metric.name, labels, None)] += amount

    def observe(self, metric: Tallied, seconds: Iterable[float]) -> None:
        """Add values to a histogram; no clock runs backwards for it."""
        for value in seconds:
            counted = max(0.0, value)
            self.tally[Entry(metric.name, (), metric.bucket(counted))] += 1
            # Whole microseconds, so that the sum is exact and never steps back.
            self.tally[Entry(metric.name, (), None)] += round(counted * 1_000_000)

    def write_tally(self) -> None:
        """Insert what was counted; differences only, so that no batch waits for another's row."""
        rows = [
            {
                "metric": one.metric,
                "labels": one.labels,
                "edge": None if one.edge is None else str(one.edge),
                "amount": amount,
            }
            for one, amount in self.tally.items()
            if amount
        ]
        if rows:
            self.run(
                """
                INSERT INTO metric_tally (metric, labels, edge, amount)
                SELECT * FROM json_to_recordset(%(rows)s) AS row(metric text, labels text[], edge float8, amount bigint)
                """,
                rows=rows_as_json(rows),
            )


@contextmanager
def transaction(engine: Engine, publisher: Publisher | None = None) -> Iterator[Transaction]:
    """Open a transaction; commit when the block ends, roll back when it raises, then publish what was handed on."""
    with engine.begin() as connection:
        started_at: datetime = connection.exec_driver_sql("SELECT now()").scalar_one()
        tx = Transaction(connection, started_at)
        yield tx
        tx.write_tally()
    if publisher is not None:
        _publish(publisher, tx.handed_on)


def _publish(publisher: Publisher, handed_on: Mapping[str, list[int]]) -> None:
    for task, lead_ids in handed_on.items():
        if lead_ids:
            publisher.publish(task, lead_ids)

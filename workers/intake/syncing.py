"""Files of reference data: read row by row, applied in batches, each its own transaction."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import DBAPIError

from shared.bus.batch_task import TRANSIENT, TRIES
from shared.bus.context import Context
from shared.db.transaction import transaction
from shared.errors import InputFileError
from workers.intake.halving import apply_in_halves
from workers.intake.policy.columns import strangers
from workers.intake.policy.records import Kind, RecordError, read_record
from workers.intake.reading.table import Rejected, Row, Table
from workers.intake.reference import apply_records

#: Rows of one transaction: some tens of milliseconds, in which nobody waits long for the same reps.
BATCH_ROWS = 1000


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    values: dict[str, Any]


@dataclass(slots=True)
class Synced:
    """What became of the rows of a file; `superseded` ones are among the unchanged."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    #: Followed by another row of the same key in the same batch.
    superseded: int = 0
    rejections: list[Rejected] = field(default_factory=list)

    def count(self, outcomes: Counter[str]) -> None:
        """Add what `apply_records` said of records."""
        self.inserted += outcomes["inserted"]
        self.updated += outcomes["updated"]
        self.unchanged += outcomes["unchanged"] + outcomes["superseded"]
        self.superseded += outcomes["superseded"]


def check_columns(kind: Kind, table: Table, name: str) -> list[str]:
    """Return the columns that nothing knows, described; raises InputFileError when a required one is missing."""
    missing = [column for column in kind.required if column not in table.columns]
    if missing:
        raise InputFileError(
            f"{name}: there is no column {', '.join(missing)}; {kind.name} need {', '.join(kind.required)}, "
            f"and the file has {', '.join(filter(None, table.columns))}"
        )
    return strangers(table.columns, kind.columns)


def sync(
    context: Context, kind: Kind, rows: Iterable[Row | Rejected], tell: Callable[[int], None], *, made_by: str
) -> Synced:
    """Apply rows, which are true as of now; a row that fails is reported and the rest goes on."""
    result = Synced()
    for batch in _batches(_records(kind, rows, result), BATCH_ROWS):
        apply_in_halves(
            batch,
            lambda records: result.count(_applied(context, kind, records, made_by)),
            lambda record, error: result.rejections.append(Rejected(record.line, _explained(error))),
        )
        tell(len(batch))
    result.rejections.sort(key=lambda rejected: rejected.line)
    return result


def _records(kind: Kind, rows: Iterable[Row | Rejected], result: Synced) -> Iterator[_Record]:
    for row in rows:
        if isinstance(row, Rejected):
            result.rejections.append(row)
            continue
        try:
            yield _Record(row.line, read_record(kind, row.cells))
        except RecordError as error:
            result.rejections.append(Rejected(row.line, str(error)))


def _applied(context: Context, kind: Kind, records: Sequence[_Record], made_by: str, attempt: int = 1) -> Counter[str]:
    try:
        with transaction(context.engine, context.publisher) as tx:
            pairs = [(record.values, tx.started_at) for record in records]
            return Counter(apply_records(tx, context.policies, kind, pairs, made_by=made_by))
    except DBAPIError as error:
        if attempt == TRIES or not isinstance(error.orig, TRANSIENT):
            raise
    # Jitter, so that two batches that met once do not meet again at the same moment.
    time.sleep(random.uniform(0.01, 0.1) * attempt)  # noqa: S311  not a secret
    return _applied(context, kind, records, made_by, attempt + 1)


def _explained(error: Exception) -> str:
    text = str(error).strip().partition("\n")[0]
    return f"the database refuses it: {text}"


def _batches(records: Iterator[_Record], size: int) -> Iterator[list[_Record]]:
    batch: list[_Record] = []
    for record in records:
        batch.append(record)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch

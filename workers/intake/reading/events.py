"""The events in a file: JSON lines as they are, CSV rows by the columns of `lead.submitted`."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import PurePath

import orjson

from shared.errors import InputFileError
from workers.intake.policy.records import RecordError
from workers.intake.policy.submission import CONTACTS, KNOWN, content_key, row_id, source_of, submission
from workers.intake.reading.lines import STANDARD_INPUT, numbered_lines, open_input
from workers.intake.reading.table import Rejected, Row, open_table

Reject = Callable[[Rejected], None]

_JSON_LINES = {".jsonl", ".ndjson"}


def check_file(name: str) -> None:
    """Refuse a file that cannot be opened, or whose name does not say what it holds, before anything is published."""
    if name == STANDARD_INPUT:
        return
    with open_input(name):
        pass
    if PurePath(name).suffix.lower() not in {*_JSON_LINES, ".csv"}:
        raise InputFileError(
            f"{name}: publish reads .jsonl and .csv files, and JSON lines from standard input for -; rename the file"
        )


def read_events(name: str, reject: Reject) -> Iterator[bytes]:
    """Give the events of a file one by one; rows of a CSV file that make no event go to `reject`."""
    if PurePath(name).suffix.lower() == ".csv":
        yield from _read_table(name, reject)
        return
    with open_input(name) as file:
        for _, line in numbered_lines(file, name):
            if line.strip():
                yield line.removesuffix(b"\n").removesuffix(b"\r")


def _read_table(name: str, reject: Reject) -> Iterator[bytes]:
    source = source_of(PurePath(name).name)
    seen: Counter[bytes] = Counter()
    with open_table(name, KNOWN) as table:
        if not set(CONTACTS) & set(table.columns):
            raise InputFileError(
                f"{name}: there is neither a column email nor a column phone; its columns are "
                f"{', '.join(filter(None, table.columns))}"
            )
        for row in table.rows:
            body = _event(row, source, seen) if isinstance(row, Row) else row
            if isinstance(body, Rejected):
                reject(body)
            else:
                yield body


def _event(row: Row, source: str, seen: Counter[bytes]) -> bytes | Rejected:
    key = content_key(row.cells)
    seen[key] += 1
    try:
        return orjson.dumps(submission(row.cells, source, row_id(key, seen[key])))
    except RecordError as error:
        return Rejected(row.line, f"test: {error}")

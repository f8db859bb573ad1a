"""CSV files as rows of named cells; a row that cannot be read says why, and the rest goes on."""

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain

from shared.errors import InputFileError
from workers.intake.policy.columns import delimiter_of, repeated, resolve
from workers.intake.reading.lines import numbered_lines, open_input, shown

#: No cell of an export is larger; what is larger begins with a quote that nobody closed.
MAX_CELL = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the line on which it starts, and its cells by column; blank ones are left out."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot be used: the line on which it starts, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a CSV file, and its rows, which can be read once."""

    columns: tuple[str, ...]
    rows: Iterator[Row | Rejected]


@contextmanager
def open_table(name: str, known: Collection[str]) -> Iterator[Table]:
    """Open a CSV file in UTF-8 with a header; `known` are the columns whose names are forgiving.

    Raises InputFileError, before the first row is given, for a file that is empty or not in UTF-8.
    """
    with open_input(name) as file:
        _check_text(file, name)
        csv.field_size_limit(MAX_CELL)
        records = _records(_decoded(file, name))
        columns = _header(records, name, known)
        yield Table(columns, _rows(records, columns))


def _records(lines: Iterator[str]) -> Iterator[tuple[int, list[str] | str]]:
    """Give each record with its first line: its cells, or why it cannot be read."""
    first = next(lines, "")
    reader = csv.reader(chain([first], lines), delimiter=delimiter_of(first), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, _explained(error)


def _header(records: Iterator[tuple[int, list[str] | str]], name: str, known: Collection[str]) -> tuple[str, ...]:
    _, cells = next(records, (1, []))
    if isinstance(cells, str):
        raise InputFileError(f"{shown(name)} line 1: {cells}")
    columns = resolve(cells, known)
    if not any(columns):
        raise InputFileError(f"{shown(name)}: there is no header; the first line must name the columns")
    twice = repeated(columns)
    if twice:
        raise InputFileError(f"{shown(name)}: the column {twice[0]} stands there twice; rename one of them")
    return columns


def _rows(records: Iterator[tuple[int, list[str] | str]], columns: tuple[str, ...]) -> Iterator[Row | Rejected]:
    for line, cells in records:
        if isinstance(cells, str):
            yield Rejected(line, cells)
        elif any(cell.strip() for cell in cells[len(columns) :]):
            yield Rejected(line, f"{len(cells)} cells where the header has {len(columns)}")
        elif any(cell.strip() for cell in cells):
            named = zip(columns, cells, strict=False)
            yield Row(line, {column: cell for column, cell in named if column and cell.strip()})


def _explained(error: csv.Error) -> str:
    text = str(error)
    if "field larger" in text or "unexpected end" in text:
        return "a quote is opened here and never closed"
    if "new-line character" in text:
        return "a carriage return stands alone; save the file with ordinary line ends"
    return f"not readable as CSV: {text}"


def _check_text(file: io.BufferedReader, name: str) -> None:
    """Read the file once to see that it is UTF-8 to its end, so that a wrong one is not half done."""
    if file.seekable():
        start = file.tell()
        for _ in _decoded(file, name):
            pass
        file.seek(start)


def _decoded(file: io.BufferedReader, name: str) -> Iterator[str]:
    for number, line in numbered_lines(file, name):
        try:
            yield line.decode()
        except UnicodeDecodeError as error:
            place = f"{shown(name)} line {number}: byte 0x{line[error.start]:02x} at column {error.start + 1}"
            raise InputFileError(f"{place} is not UTF-8; save the file as CSV UTF-8") from error

"""CSV files as people save and open them: read with the line of each row, written so that no text becomes a formula."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from shared.errors import InputFileError

#: What makes a spreadsheet take a text for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def read_rows(file: Path, key: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a file, each with its line; columns are known by their names in lower case.

    The first column that has one of the names in `key` comes under the first of these names; InputFileError says what
    cannot be read, or that there is no such column.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, restkey="", restval="")
            columns = [column.strip().lower() for column in reader.fieldnames or ()]
            found = next((name for name in key if name in columns), None)
            if found is None:
                there = ", ".join(columns) or "nothing"
                raise InputFileError(
                    f"{file} has no column `{key[0]}`: its first line names the columns, and has {there}."
                )
            reader.fieldnames = [key[0] if name == found else name for name in columns]
            for row in reader:
                yield reader.line_num, {name: value.strip() for name, value in row.items() if name}
    except OSError as error:
        raise InputFileError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputFileError(f"{file} is not UTF-8 at byte {error.start}: save it as CSV UTF-8.") from error
    except csv.Error as error:
        raise InputFileError(f"{file} is no CSV file: {error}.") from error


@contextmanager
def writing(file: Path, columns: Sequence[str]) -> Iterator[Callable[[Sequence[object]], None]]:
    """Write a file while the block runs: it calls what it gets with each row; InputFileError when the disk says no."""
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(columns)
            yield lambda row: writer.writerow([_cell(value) for value in row])
    except OSError as error:
        raise InputFileError(f"{file} cannot be written: {error.strerror}.") from error


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

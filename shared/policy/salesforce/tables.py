"""The tables that a person adds to an import: CSV with a header, forgiving in names and blanks."""

import csv
import io
from collections.abc import Iterator

from shared.errors import InputFileError
from shared.policy.words import suggestion


def rows_of(text: str, file: str, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a table with the line on which each ends; InputFileError for a missing column or cell."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        names = {name.strip().casefold(): name for name in reader.fieldnames or () if name}
        for name in needed:
            if name not in names:
                mend = suggestion(name, names)
                raise InputFileError(f"{file} has no column `{name}` ({mend}); its first line names the columns.")
        for row in reader:
            cells = {name: str(row[column] or "").strip() for name, column in names.items()}
            blank = next((name for name in needed if not cells[name]), None)
            if blank is not None:
                raise InputFileError(f"{file}, line {reader.line_num}: `{blank}` is blank.")
            yield reader.line_num, cells
    except csv.Error as error:
        raise InputFileError(f"{file} is not CSV at line {reader.line_num}: {error}.") from error

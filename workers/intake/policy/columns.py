"""Columns of files: the header as people write it, and the names that are meant by it."""

import csv
import difflib
import re
from collections.abc import Collection, Sequence

#: What separates cells, in the order in which a tie is decided.
_DELIMITERS = (",", ";", "\t")
_GAP = re.compile(r"[\s-]+")


def delimiter_of(header: str) -> str:
    """Return what separates the cells of a header line: comma, semicolon or tab, whichever makes most cells."""
    return max(_DELIMITERS, key=lambda delimiter: _cells(header, delimiter))


def _cells(header: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([header], delimiter=delimiter), []))
    except csv.Error:
        return 0


def resolve(header: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """Return the names of columns: `Rep ID` is `rep_id` where that is known; what is not known keeps its own name."""
    names = (_GAP.sub("_", cell.strip()).casefold() for cell in header)
    return tuple(name if name in known else cell.strip() for name, cell in zip(names, header, strict=True))


def repeated(columns: Sequence[str]) -> list[str]:
    """Return the names that stand twice in a header; columns without a name are none."""
    return sorted({name for name in columns if name and columns.count(name) > 1})


def nearest(name: str, known: Collection[str]) -> str | None:
    """Return the known name that somebody may have meant."""
    found = difflib.get_close_matches(name.casefold(), sorted(known), n=1, cutoff=0.6)
    return found[0] if found else None


def strangers(columns: Sequence[str], known: Collection[str]) -> list[str]:
    """Describe the columns that nothing knows, each with the known name it may have meant."""
    unknown = [name for name in columns if name and name not in known]
    near = {name: nearest(name, set(known) - set(columns)) for name in unknown}
    return [f"{name} (did you mean {near[name]}?)" if near[name] else name for name in unknown]

"""Lines of a file or of standard input as bytes, each with its number; nothing is decoded and nothing is kept."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import InputFileError

#: The name of standard input on the command line.
STANDARD_INPUT = "-"
#: A line that is longer is no event and no row, but a file of another kind; it must not fill the memory.
MAX_LINE = 16 * 1024 * 1024

_UTF8_MARK = b"\xef\xbb\xbf"
#: How files begin that people take for text, and what they can do about it.
_NO_TEXT = {
    b"\xff\xfe": "is UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "is UTF-16 text: save it as UTF-8",
    b"\x1f\x8b": "is compressed: unpack it first",
    b"PK\x03\x04": "is an archive or a workbook: save its sheet as CSV UTF-8",
}


def shown(name: str) -> str:
    """Return the name of a file as a message shows it."""
    return "standard input" if name == STANDARD_INPUT else name


@contextmanager
def open_input(name: str) -> Iterator[io.BufferedReader]:
    """Open a file, or standard input for `-`; raises InputFileError for what cannot be read as text."""
    if name == STANDARD_INPUT:
        # Not ours to close.
        yield _checked(io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False)), name)
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115  closed below; only its opening is explained here
    except OSError as error:
        raise InputFileError(f"{name}: {_reason(error)}") from error
    with file:
        yield _checked(file, name)


def numbered_lines(file: io.BufferedReader, name: str) -> Iterator[tuple[int, bytes]]:
    """Give each line with its number and as it stands, its end included; blank ones as well."""
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise InputFileError(f"{shown(name)} line {number}: longer than 16 MiB, which is no event and no row")
        yield number, line


def _checked(file: io.BufferedReader, name: str) -> io.BufferedReader:
    """Pass over the byte order mark that Windows writes; refuse what is no text."""
    try:
        start = file.peek(4)
    except OSError as error:
        raise InputFileError(f"{shown(name)}: {_reason(error)}") from error
    for mark, reason in _NO_TEXT.items():
        if start.startswith(mark):
            raise InputFileError(f"{shown(name)}: {reason}")
    if start.startswith(_UTF8_MARK):
        file.read(len(_UTF8_MARK))
    return file


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, IsADirectoryError):
        return "is a folder; name the files in it"
    return os.strerror(error.errno) if error.errno else str(error)

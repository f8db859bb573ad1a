"""CSV files: cells come out as they went in, and what is wrong is said with its place."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.errors import InputFileError
from workers.intake.policy.columns import delimiter_of, nearest, resolve, strangers
from workers.intake.reading import lines, table
from workers.intake.reading.table import Rejected, Row, Table, open_table

KNOWN = ("rep_id", "name", "status")


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], tuple[Table, list[Row | Rejected]]]:
    """Write a file and read it back."""

    def read_back(content: bytes) -> tuple[Table, list[Row | Rejected]]:
        path = tmp_path / "file.csv"
        path.write_bytes(content)
        with open_table(str(path), KNOWN) as opened:
            return opened, list(opened.rows)

    return read_back


_cells = st.text(st.characters(codec="utf-8"), max_size=12)


@given(
    rows=st.lists(st.lists(_cells, min_size=3, max_size=3), max_size=5),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(("\n", "\r\n")),
    mark=st.sampled_from(("", "\ufeff")),
)
@example(rows=[["a\r\nb", 'say "hi"', "x;y\tz,"], ["\ufeff", "\0", "\x85"]], delimiter=";", end="\r\n", mark="")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cells_come_out_as_they_went_in(
    read: Callable[[bytes], tuple[Table, list[Row | Rejected]]],
    rows: list[list[str]],
    delimiter: str,
    end: str,
    mark: str,
) -> None:
    """Whatever text is in them, however the file is written; only blank cells and blank rows are left out."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([KNOWN, *rows])

    _, found = read((mark + text.getvalue()).encode())

    expected = [{name: cell for name, cell in zip(KNOWN, row, strict=True) if cell.strip()} for row in rows]
    assert [row.cells for row in found if isinstance(row, Row)] == [cells for cells in expected if cells]
    assert not any(isinstance(row, Rejected) for row in found)


def test_rows_have_the_line_on_which_they_start(read: Callable[[bytes], tuple[Table, list[Row | Rejected]]]) -> None:
    """Also after cells of several lines and after blank lines."""
    _, rows = read(b'rep_id,name\n1,"a\nb"\n\n2,c\n,\n3,d')

    assert [(row.line, row.cells["rep_id"]) for row in rows if isinstance(row, Row)] == [(2, "1"), (5, "2"), (7, "3")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b'"a"b,c,d', "not readable as CSV: ',' expected"),
        (b"1,2,3,4", "4 cells where the header has 3"),
        (b"1,2\r3,4", "a carriage return stands alone"),
        (b'1,"' + b"x" * (table.MAX_CELL + 1) + b'"', "a quote is opened here and never closed"),
    ],
)
def test_a_row_that_cannot_be_read_is_reported_and_the_rest_goes_on(
    read: Callable[[bytes], tuple[Table, list[Row | Rejected]]], row: bytes, reason: str
) -> None:
    """With its line, and with a reason that a person understands."""
    _, rows = read(b"rep_id,name,status\n1,one,active\n" + row + b"\n3,three,active\n")

    assert [(found.line, isinstance(found, Row)) for found in rows] == [(2, True), (3, False), (4, True)]
    assert isinstance(rows[1], Rejected)
    assert rows[1].reason.startswith(reason)


def test_a_quote_that_is_never_closed_is_reported_where_it_opens(
    read: Callable[[bytes], tuple[Table, list[Row | Rejected]]],
) -> None:
    """It takes the rest of the file with it, and that must not go unnoticed."""
    _, rows = read(b'rep_id,name\n1,one\n2,"two\n3,three\n')

    assert [row.line for row in rows] == [2, 3]
    assert rows[1] == Rejected(3, "a quote is opened here and never closed")


def test_a_short_row_has_blanks_at_its_end(read: Callable[[bytes], tuple[Table, list[Row | Rejected]]]) -> None:
    """As spreadsheets write them; more blanks than columns do no harm either."""
    _, rows = read(b"rep_id,name,status\n1\n2,two,active,,\n")

    assert [row.cells for row in rows if isinstance(row, Row)] == [
        {"rep_id": "1"},
        {"rep_id": "2", "name": "two", "status": "active"},
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "there is no header"),
        (b"\n1,2\n", "there is no header"),
        (b",,\n1,2\n", "there is no header"),
        (b"name,Name\n", "the column name stands there twice"),
        (b"a,b\r1,2\r", "line 1: a carriage return stands alone"),
        (b"rep_id,name\n1,one\n2,Ren\xe9\n", "line 3: byte 0xe9 at column 6 is not UTF-8"),
        (b"\xff\xfer\x00e\x00p\x00", "is UTF-16 text"),
        (b"PK\x03\x04....", "is an archive or a workbook"),
        (b"\x1f\x8b....", "is compressed"),
        (b"x" * (lines.MAX_LINE + 1), "line 1: longer than 16 MiB"),
    ],
)
def test_a_file_that_is_no_table_is_refused_before_its_first_row(
    read: Callable[[bytes], tuple[Table, list[Row | Rejected]]], content: bytes, sentence: str
) -> None:
    """The sentence names the file and the place."""
    with pytest.raises(InputFileError, match=rf"file\.csv:? ?{sentence}"):
        read(content)


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [("a,b,c", ","), ("a;b", ";"), ("a\tb\tc", "\t"), ("one", ","), ('"a,b";c;d', ";"), ("a,b;c", ","), ("", ",")],
)
def test_the_delimiter_is_what_makes_most_cells(header: str, delimiter: str) -> None:
    """A tie is a comma."""
    assert delimiter_of(header) == delimiter


def test_known_columns_are_recognised_as_people_write_them() -> None:
    """Case, spaces and hyphens do not matter; what is not known keeps its own name."""
    assert resolve(["Rep ID", " NAME", "Status ", "Shoe-Size"], KNOWN) == ("rep_id", "name", "status", "Shoe-Size")


def test_unknown_columns_are_described_with_what_they_may_have_meant() -> None:
    """A column that is there already is not suggested."""
    assert strangers(("rep_id", "nmae", "Zodiac", "", "rep_di"), KNOWN) == [
        "nmae (did you mean name?)",
        "Zodiac",
        "rep_di",
    ]
    assert nearest("STATSU", KNOWN) == "status"

"""CSV files that people make and open."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InputFileError
from shared.spreadsheet import read_rows, writing

_NAMES = ("lead", "key")


def test_a_column_may_have_any_of_its_names(tmp_path: Path) -> None:
    """What Excel saves has a mark at its start, capitals, spaces, and short or long rows."""
    file = tmp_path / "leads.csv"
    file.write_bytes(b"\xef\xbb\xbf Key ,Owner\r\n 1 ,ana,too much\r\n\r\n2\r\n")

    assert list(read_rows(file, _NAMES)) == [(2, {"lead": "1", "owner": "ana"}), (4, {"lead": "2", "owner": ""})]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has no column `lead`: its first line names the columns, and has nothing."),
        (b"name,owner\n", "has no column `lead`: its first line names the columns, and has name, owner."),
        (b"lead\nRen\xe9\n", "is not UTF-8 at byte 8: save it as CSV UTF-8."),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    """The sentence names the file, the place and the mend."""
    file = tmp_path / "leads.csv"
    file.write_bytes(content)

    with pytest.raises(InputFileError) as caught:
        list(read_rows(file, _NAMES))
    assert str(caught.value) == f"{file} {said}"


def test_a_file_of_another_kind_is_said(tmp_path: Path) -> None:
    """Something without line breaks is one endless cell."""
    file = tmp_path / "leads.csv"
    file.write_bytes(b"lead\n" + b"a" * (csv.field_size_limit() + 1))

    with pytest.raises(InputFileError, match=r"leads\.csv is no CSV file: field larger than field limit"):
        list(read_rows(file, _NAMES))


def test_a_file_that_is_not_there_and_one_that_cannot_be_made(tmp_path: Path) -> None:
    """The disk's own words stand in the sentence."""
    with pytest.raises(InputFileError, match=r"none\.csv cannot be read: No such file or directory\."):
        list(read_rows(tmp_path / "none.csv", _NAMES))
    with pytest.raises(InputFileError, match=r"out\.csv cannot be written"), writing(tmp_path / "no/out.csv", _NAMES):
        pass


@given(texts=st.lists(st.text("=+-@',;\"aé1 \n").map(str.strip)))
def test_no_text_becomes_a_formula(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """A name that begins like a formula has a quote before it, and everything else stands as it was."""
    file = tmp_path_factory.mktemp("csv") / "out.csv"
    with writing(file, _NAMES) as write:
        for text in texts:
            write([text, "x"])

    cells = [row["lead"] for _line, row in read_rows(file, _NAMES)]
    assert [cell.removeprefix("'") for cell in cells] == [text.removeprefix("'") for text in texts]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]

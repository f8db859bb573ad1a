"""CSV rows as lead events, and their ids, which make a file harmless to publish twice."""

from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.errors import InputFileError
from workers.intake.policy.events import Event, read_event
from workers.intake.policy.records import RecordError
from workers.intake.policy.submission import content_key, row_id, source_of, submission
from workers.intake.reading.events import check_file, read_events
from workers.intake.reading.table import Rejected

_CELLS = {"email": "ana@acme.example"}


def _events(path: Path, text: str) -> tuple[list[bytes], list[Rejected]]:
    path.write_text(text, encoding="utf-8")
    rejected: list[Rejected] = []
    return list(read_events(str(path), rejected.append)), rejected


def test_columns_become_the_event() -> None:
    """Envelope, data and attributes each get what is theirs; what nobody knows is kept as context."""
    cells = {
        **_CELLS,
        "first_name": "Ana",
        "employees": "200-500",
        "hand_raise": "Yes",
        "test": "FALSE",
        "attributes.persona": "CFO",
        "Score": "7",
        "id": "f-1",
        "source": "/forms/demo",
        "time": " 2026-11-21T09:12:00Z",
    }

    assert submission(cells, "/files/x.csv", "row-1") == {
        "specversion": "1.0",
        "id": "f-1",
        "source": "/forms/demo",
        "type": "lead.submitted",
        "time": "2026-11-21T09:12:00Z",
        "data": {
            **_CELLS,
            "first_name": "Ana",
            "employees": "200-500",
            "hand_raise": True,
            "test": False,
            "attributes": {"persona": "CFO"},
            "Score": "7",
        },
    }


def test_a_row_without_an_envelope_gets_one() -> None:
    """And `event_id` is another name of the id."""
    bare = submission(_CELLS, "/files/x.csv", "row-1")
    named = submission({**_CELLS, "event_id": "e-7"}, "/files/x.csv", "row-1")

    assert (bare["id"], bare["source"], bare["data"]) == ("row-1", "/files/x.csv", _CELLS)
    assert "time" not in bare
    assert (named["id"], named["data"]) == ("e-7", _CELLS)


def test_a_hand_raise_that_is_not_understood_stays_for_enrichment() -> None:
    """It is an unknown fact and no reason to lose the lead."""
    assert submission({**_CELLS, "hand_raise": "maybe"}, "/f", "1")["data"]["hand_raise"] == "maybe"


def test_a_test_that_is_not_understood_is_refused() -> None:
    """A test lead that is routed for real disturbs somebody."""
    with pytest.raises(RecordError, match="'maybe' is neither true nor false"):
        submission({**_CELLS, "test": "maybe"}, "/f", "1")


def test_the_source_is_a_uri_reference() -> None:
    """Whatever the file is called."""
    assert source_of("leads märz #1.csv") == "/files/leads%20m%C3%A4rz%20%231.csv"


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=4), st.integers(1, 3))
def test_an_id_depends_on_the_content_alone(cells: dict[str, str], occurrence: int) -> None:
    """Not on the order of the columns; another occurrence or another cell is another id."""
    backwards = dict(reversed(cells.items()))
    other = {**cells, "one more": "x"}

    assert row_id(content_key(cells), occurrence) == row_id(content_key(backwards), occurrence)
    assert row_id(content_key(cells), occurrence) != row_id(content_key(cells), occurrence + 1)
    assert content_key(cells) != content_key(other)


@given(st.lists(st.sampled_from(["ana", "bob", "cy"]), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_file_gives_the_same_events(tmp_path: Path, names: list[str]) -> None:
    """Each row is an event of its own, twins as well, and a longer file begins with the same ones."""
    text = "email\n" + "".join(f"{name}@acme.example\n" for name in names)
    bodies, _ = _events(tmp_path / "a.csv", text)
    again, _ = _events(tmp_path / "a.csv", text)
    longer, _ = _events(tmp_path / "a.csv", text + "dot@acme.example\n")

    events = [read_event(body) for body in bodies]
    assert bodies == again == longer[:-1]
    assert len({event.key for event in events if isinstance(event, Event)}) == len(names)


def test_rows_that_make_no_event_are_reported(tmp_path: Path) -> None:
    """The others go on; one without a contact goes too, for intake has the word on that."""
    bodies, rejected = _events(tmp_path / "a.csv", "email;test\na@x.example;yes\nb@x.example;si\n;no\n1;2;3\n")

    assert [orjson.loads(body)["data"] for body in bodies] == [{"email": "a@x.example", "test": True}, {"test": False}]
    assert [(row.line, row.reason) for row in rejected] == [
        (3, "test: 'si' is neither true nor false"),
        (5, "3 cells where the header has 2"),
    ]


def test_json_lines_go_as_they_are(tmp_path: Path) -> None:
    """Not parsed, not mended; blank lines and the mark of Windows are no part of them."""
    (tmp_path / "a.jsonl").write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\n  \n {not json \xff\n\xef\xbb\xbf{}')

    assert list(read_events(str(tmp_path / "a.jsonl"), print)) == [b'{"a": 1}', b" {not json \xff", b"\xef\xbb\xbf{}"]


def test_a_table_nobody_can_be_reached_by_is_refused(tmp_path: Path) -> None:
    """A file without a header must not become thousands of events in quarantine."""
    with pytest.raises(InputFileError, match=r"neither a column email nor a column phone; its columns are name, city"):
        _events(tmp_path / "a.csv", "name,city\nAna,Rome\n")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("none.jsonl", "there is no such file"),
        ("folder.csv", "is a folder"),
        ("leads.xlsx", "publish reads .jsonl and .csv"),
    ],
)
def test_a_file_that_cannot_be_published_is_refused_first(tmp_path: Path, name: str, sentence: str) -> None:
    """The sentence names it."""
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "leads.xlsx").touch()

    with pytest.raises(InputFileError, match=rf"{name}: {sentence}"):
        check_file(str(tmp_path / name))

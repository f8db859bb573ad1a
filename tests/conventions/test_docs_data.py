"""The pages on events, reference data and requirements: as the code reads them, and as the tests show them."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.domain.duration import format_duration
from workers.enrichment.policy.reading import KNOWN_FIELDS
from workers.intake.policy.events import ANSWERS, REFERENCES, Event, Unreadable, read_event
from workers.intake.policy.records import KINDS

#: The requirements that this release was asked for.
_REQUIREMENTS = [
    f"R{number:03}"
    for number in (
        *range(1, 141),
        *range(141, 152),
        *range(152, 157),
    )
]


def _deep(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


#: A body for every reason that `read_event` can give.
_UNREADABLE: Mapping[str, bytes] = {
    "larger than 64 KiB": b" " * 70_000,
    "not JSON": b"{",
    "not a JSON object": b"[]",
    "no id": b'{"source": "s", "type": "lead.submitted"}',
    "no source": b'{"id": "1", "type": "lead.submitted"}',
    "no type": b'{"id": "1", "source": "s"}',
    "id is not a text": b'{"id": 1, "source": "s", "type": "lead.submitted"}',
    "id contains a NUL character": b'{"id": "\\u0000", "source": "s", "type": "lead.submitted"}',
    "id is longer than 1024 bytes": json.dumps({"id": "x" * 2000, "source": "s", "type": "t"}).encode(),
    "unknown event type": b'{"id": "1", "source": "s", "type": "lead.sold", "data": {}}',
    "data is not an object": b'{"id": "1", "source": "s", "type": "lead.submitted", "data": []}',
    "specversion": b'{"id": "1", "source": "s", "type": "lead.submitted", "data": {}, "specversion": "2.0"}',
    "neither a valid email nor a valid phone": b'{"id": "1", "source": "s", "type": "lead.submitted", "data": {}}',
    "nested deeper than": b'{"id": "1", "source": "s", "type": "lead.submitted", "data": {"a": %s}}' % _deep(500),
    "lead_id is not a number": b'{"id": "1", "source": "s", "type": "lead.accepted", "data": {}}',
    "no rep_id": b'{"id": "1", "source": "s", "type": "lead.accepted", "data": {"lead_id": 1}}',
    "no signal": b'{"id": "1", "source": "s", "type": "lead.engaged", "data": {}}',
    "neither a valid email nor a lead_id": (
        b'{"id": "1", "source": "s", "type": "lead.engaged", "data": {"signal": "x"}}'
    ),
    "no feature": b'{"id": "1", "source": "s", "type": "feature.shipped", "data": {}}',
    "weight: 'x' is not a number": json.dumps(
        {
            "id": "1",
            "source": "s",
            "type": "rep.upserted",
            "data": {"rep_id": "1", "name": "n", "status": "active", "weight": "x"},
        }
    ).encode(),
}
#: The one reason that reading cannot give.
_BY_THE_DATABASE = "the database cannot store it"


@pytest.fixture(scope="module")
def events(root: Path) -> str:
    """The page on events."""
    return (root / "docs/events.md").read_text(encoding="utf-8")


def _rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table behind a heading, without its head."""
    section = text.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^\|(.*)\|$", section, re.MULTILINE)[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in lines]


def test_every_type_of_event_is_documented(events: str) -> None:
    """The table has exactly the types that intake knows."""
    types = {*ANSWERS, *REFERENCES, "lead.submitted", "lead.engaged", "feature.shipped"}

    assert types == {row[0].strip("`") for row in _rows(events, "## Types")}


def test_every_field_of_a_submission_is_documented(events: str) -> None:
    """The list has exactly the fields that enrichment reads; all others are context."""
    listed = events.partition("Fields of `lead.submitted`:")[2].partition(".\n")[0]

    assert set(KNOWN_FIELDS) == set(re.findall(r"`(\w+)`", listed))


def test_the_example_event_is_read(events: str) -> None:
    """What a newcomer copies is accepted."""
    example = re.findall(r"^```json\n(.*?)^```", events, re.MULTILINE | re.DOTALL)[0]

    event = read_event(example.encode())

    assert isinstance(event, Event)
    assert set(event.data) <= KNOWN_FIELDS


@pytest.mark.parametrize("reason", _UNREADABLE)
def test_an_unreadable_event_has_its_documented_reason(reason: str) -> None:
    """The words that quarantine shows begin with those of the page."""
    event = read_event(_UNREADABLE[reason])

    assert isinstance(event, Unreadable)
    assert event.reason.startswith(reason)


def test_every_reason_of_quarantine_is_documented(events: str) -> None:
    """The table has every reason that there is, and none that there is not."""
    listed = {code for row in _rows(events, "## Quarantine") for code in re.findall(r"`([^`]+)`", " ".join(row))}

    assert {*_UNREADABLE, _BY_THE_DATABASE} == listed


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_of_reference_data_is_documented(root: Path, kind: str) -> None:
    """The table of a file has its columns in order, says which are required, and what a blank one means."""
    rows = _rows((root / "docs/reference-data.md").read_text(encoding="utf-8"), f"## {kind}")
    defaults = {row[0].strip("`"): row[2].strip("`") for row in rows}

    assert list(KINDS[kind].columns) == list(defaults)
    assert set(KINDS[kind].required) == {row[0].strip("`") for row in rows if row[1] == "yes"}
    assert {name: _shown(name, value) for name, value in KINDS[kind].defaults.items()} == {
        name: defaults[name] for name in KINDS[kind].defaults
    }


def _shown(name: str, value: Any) -> str:
    if name == "stop_before":
        return format_duration(timedelta(seconds=value))
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if value else "none"


def test_every_requirement_has_its_row(root: Path) -> None:
    """The table names each requirement of this release once, in order."""
    page = (root / "docs/requirements.md").read_text(encoding="utf-8")

    assert re.findall(r"^\| (R\d{3}) \|", page, re.MULTILINE) == _REQUIREMENTS


def test_every_test_of_a_requirement_exists(root: Path) -> None:
    """A row names tests that are there, or says that it is open."""
    page = (root / "docs/requirements.md").read_text(encoding="utf-8")
    missing = []
    for row in re.findall(r"^\| R\d{3} \|.*$", page, re.MULTILINE):
        named = re.findall(r"`(tests/[\w/.-]+\.py)::(\w+)`", row)
        if not named and "open: " not in row:
            missing.append(row)
        for path, name in named:
            code = (root / path).read_text(encoding="utf-8") if (root / path).exists() else ""
            missing += [] if re.search(rf"^def {name}\(", code, re.MULTILINE) else [f"{path}::{name}"]

    assert missing == []

"""A row of a CSV file as a `lead.submitted` event."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import orjson

from shared.policy.fields import FORM_FIELDS
from workers.intake.policy.records import RecordError, read_flag

#: The data of `lead.submitted` (CONTRACTS 3).
FIELDS = FORM_FIELDS | {"test"}
#: Columns that belong to the envelope.
ENVELOPE = frozenset({"source", "id", "event_id", "time"})
#: Columns whose names are understood as people write them.
KNOWN = FIELDS | ENVELOPE
#: Without one of these columns nobody in the file can be reached.
CONTACTS = ("email", "phone")

_ATTRIBUTE = "attributes."


def source_of(file_name: str) -> str:
    """Return the source of events from a file, a URI reference."""
    return f"/files/{quote(file_name)}"


def content_key(cells: Mapping[str, str]) -> bytes:
    """Return a digest that only rows with the same cells share, in whatever order their columns stand."""
    return hashlib.sha256(orjson.dumps(sorted(cells.items()))).digest()[:16]


def row_id(key: bytes, occurrence: int) -> str:
    """Return the id of a row without one: the same for the same row of the same file, however often it is read."""
    return f"row-{key.hex()}" if occurrence == 1 else f"row-{key.hex()}-{occurrence}"


def submission(cells: Mapping[str, str], source: str, event_id: str) -> dict[str, Any]:
    """Return the event of a row; `source` and `event_id` are for rows that name none.

    Raises RecordError where `test` is not understood: a lead that is routed for real is worse than one that is missing.
    """
    envelope = {
        "specversion": "1.0",
        "id": cells.get("id") or cells.get("event_id") or event_id,
        "source": cells.get("source") or source,
        "type": "lead.submitted",
    }
    if "time" in cells:
        envelope["time"] = cells["time"].strip()
    return {**envelope, "data": _data(cells)}


def _data(cells: Mapping[str, str]) -> dict[str, Any]:
    data: dict[str, Any] = {
        name: cell for name, cell in cells.items() if name not in ENVELOPE and not name.startswith(_ATTRIBUTE)
    }
    attributes = {name.removeprefix(_ATTRIBUTE): cell for name, cell in cells.items() if name.startswith(_ATTRIBUTE)}
    if attributes:
        data["attributes"] = attributes
    if "test" in cells:
        data["test"] = read_flag(cells["test"])
    if "hand_raise" in cells:
        # Any other word stays as it is: enrichment says that it was not understood.
        with suppress(RecordError):
            data["hand_raise"] = read_flag(cells["hand_raise"])
    return data

"""Leads that may come, from the files that `baton publish` takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.intake.policy.events import Unreadable, read_event
from workers.intake.reading.events import check_file, read_events


@dataclass(frozen=True, slots=True)
class Prospect:
    """A lead that may come."""

    event_source: str
    event_id: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """What would make no lead, by its place among what the file holds, and why."""

    place: int
    reason: str


def read_prospects(file: str) -> tuple[list[Prospect], list[Refused]]:
    """Read lead events, JSON lines or a table; what is no lead, or would go to quarantine, is named."""
    check_file(file)
    prospects: list[Prospect] = []
    refused: list[Refused] = []
    seen: set[tuple[str, str]] = set()
    rows = read_events(file, lambda row: refused.append(Refused(row.line, row.reason)))
    for place, body in enumerate(rows, start=1):
        event = read_event(body)
        if isinstance(event, Unreadable):
            refused.append(Refused(place, event.reason))
        elif event.type != "lead.submitted":
            refused.append(Refused(place, f"{event.type} is no lead"))
        elif (event.source, event.id) in seen:
            refused.append(Refused(place, "the same event again, which changes nothing"))
        else:
            seen.add((event.source, event.id))
            prospects.append(Prospect(event.source, event.id, event.data))
    return prospects, refused

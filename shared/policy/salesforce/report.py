"""What became of each entry of a rule, for the person who moves over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class EntryReport:
    """One entry: what it asks, where its leads go, the rule that it became (blank: left out, and `why`)."""

    position: int
    line: int
    asks: str
    to: str
    rule: str = ""
    why: str = ""
    not_carried: tuple[str, ...] = ()

    @property
    def is_translated(self) -> bool:
        """Say whether the entry became a rule."""
        return bool(self.rule)

    def as_record(self) -> dict[str, Any]:
        """Give the entry as a document."""
        return {
            "position": self.position,
            "line": self.line,
            "asks": self.asks,
            "to": self.to,
            "translated": self.is_translated,
            "rule": self.rule or None,
            "why": self.why or None,
            "not_carried": list(self.not_carried),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """A whole rule; `send` are the attributes that leads must bring, each with its field of Salesforce."""

    rule: str
    is_active: bool
    entries: tuple[EntryReport, ...]
    other_rules: tuple[str, ...]
    notes: tuple[str, ...]
    send: Mapping[str, str]
    reps: tuple[str, ...]
    calendars: tuple[str, ...]

    @property
    def left_out(self) -> tuple[EntryReport, ...]:
        """The entries that are not translated."""
        return tuple(one for one in self.entries if not one.is_translated)

    def as_record(self) -> dict[str, Any]:
        """Give the report as a document."""
        return {
            "rule": self.rule,
            "active": self.is_active,
            "entries": [one.as_record() for one in self.entries],
            "translated": len(self.entries) - len(self.left_out),
            "left_out": len(self.left_out),
            "other_rules": list(self.other_rules),
            "notes": list(self.notes),
            "attributes_to_send": dict(self.send),
            "reps": list(self.reps),
            "calendars": list(self.calendars),
        }

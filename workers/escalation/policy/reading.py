"""Reads captured events as answers. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workers.escalation.policy.answers import Answer, Kind

KINDS: Mapping[str, Kind] = MappingProxyType({f"lead.{kind.value}": kind for kind in Kind})
_TOLD = ("kind", "outcome", "opportunity_id", "amount")


def read_answer(number: int, event_type: str, data: Mapping[str, Any]) -> Answer:
    """Return the answer of an event; intake has seen to it that it names a lead and a rep."""
    of = data.get("of")
    return Answer(
        kind=KINDS[event_type],
        lead_id=int(data["lead_id"]),
        rep_id=str(data["rep_id"]),
        number=number,
        reason=_text(data.get("reason")),
        note=_text(data.get("note")),
        of=int(of) if isinstance(of, int) or (isinstance(of, str) and of.isdigit()) else None,
        details={name: data[name] for name in _TOLD if data.get(name) is not None},
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None

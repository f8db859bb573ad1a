"""Arbitrary JSON made harmless: bounded, clean and storable, without losing what a person would miss."""

import json
import math
from collections.abc import Mapping

from shared.normal.text import clean

# Context is for people and rules, not for storage: four levels, a hundred entries each and a paragraph per text hold
# every real form.
_DEPTH = 4
_ENTRIES = 100
_TEXT_LIMIT = 2000
_NAME_LIMIT = 100
# The largest integers that JSON readers everywhere keep exactly.
_INTEGER_BITS = 63
_ATTRIBUTES_LIMIT = 16_384

_TRUE = frozenset({"true", "yes", "y", "1", "on", "t"})
_FALSE = frozenset({"false", "no", "n", "0", "off", "f"})


def harmless(value: object, depth: int = _DEPTH) -> object:
    """Return a JSON value with clean texts, bounded in depth and size; what cannot be kept becomes None."""
    if isinstance(value, str):
        return clean(value, _TEXT_LIMIT)
    if isinstance(value, Mapping):
        return harmless_object(value, depth) if depth else None
    if isinstance(value, (list, tuple)):
        return [harmless(item, depth - 1) for item in value[:_ENTRIES]] if depth else None
    return value if _plain(value) else None


def _plain(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not _huge(value)


def harmless_object(value: Mapping[str, object], depth: int = _DEPTH) -> dict[str, object]:
    """Return a JSON object with clean names and harmless values, without entries that are blank."""
    kept: dict[str, object] = {}
    for name, item in list(value.items())[:_ENTRIES]:
        key, entry = clean(name, _NAME_LIMIT), harmless(item, depth - 1)
        if key is not None and entry is not None:
            kept[key] = entry
    return kept


def truth(value: object) -> bool | None:
    """Return a yes or no from JSON booleans, 1 and 0, and the words that forms and spreadsheets use; else None."""
    if isinstance(value, bool):
        return value
    word = (
        value.strip().lower()
        if isinstance(value, str)
        else {0: "0", 1: "1"}.get(value, "")
        if isinstance(value, int)
        else ""
    )
    if word in _TRUE:
        return True
    return False if word in _FALSE else None


def attributes_of(value: object) -> dict[str, object] | None:
    """Return a team's own fields from a JSON object, or from its text in a spreadsheet cell; else None."""
    if isinstance(value, str) and len(value) <= _ATTRIBUTES_LIMIT:
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return harmless_object(value) if isinstance(value, Mapping) else None


def shown(value: object) -> str:
    """Return a short text for a value that was not understood, for a person who looks into it."""
    if isinstance(value, str):
        return clean(value) or ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return "a huge number" if _huge(value) else str(value)
    return "a list" if isinstance(value, (list, tuple)) else "an object"


def _huge(value: object) -> bool:
    return isinstance(value, int) and value.bit_length() > _INTEGER_BITS

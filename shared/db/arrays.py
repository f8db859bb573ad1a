"""Many rows as one parameter: a JSON document for rows, a typed array for ids."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import orjson


def _plain(value: object) -> object:
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    if isinstance(value, (Decimal, Fraction)):
        return str(value)
    raise TypeError(value)


def as_json(value: object) -> str:
    """Encode a value for a `json` or `jsonb` parameter; dataclasses become objects, instants become ISO 8601."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()


def rows_as_json(rows: Iterable[Any]) -> str:
    """Encode rows for `json_to_recordset`."""
    return as_json(list(rows))


def at(value: datetime | None) -> str | None:
    """Give an instant in the form in which JSON carries it."""
    return None if value is None else value.isoformat()

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


def as_array(values: list[Any]) -> object:
    """Write a list of numbers or of texts as PostgreSQL writes an array; leave any other list to the driver.

    The driver looks at each value twice; a statement names the array's type itself (`%(ids)s::bigint[]`).
    """
    kinds = set(map(type, values))
    if kinds == {int}:
        return "{" + ",".join(map(str, values)) + "}"
    if kinds == {str}:
        quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
        return '{"' + '","'.join(quoted) + '"}'
    return values


def at(value: datetime | None) -> str | None:
    """Give an instant in the form in which JSON carries it."""
    return None if value is None else value.isoformat()

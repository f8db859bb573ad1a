"""Durations as people write them: a whole number and a unit, `30s`, `10m`, `2h`, `90d`."""

import re
from datetime import timedelta

from shared.errors import UsageError

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

# Seven or more digits of days would overflow timedelta; no rule of a sales team spans three thousand years.
_PATTERN = re.compile(r"([0-9]{1,6})([smhd])")


class DurationError(UsageError):
    """A text that should be a duration is not."""


def parse_duration(text: str) -> timedelta:
    """Read `30s`, `10m`, `2h` or `90d`; a DurationError says what is wrong otherwise."""
    found = _PATTERN.fullmatch(text.strip())
    if found is None:
        raise DurationError(f"{text!r} is not a duration; write a number and a unit, like 30s, 10m, 2h or 90d")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def format_duration(duration: timedelta) -> str:
    """Write a duration in the largest unit that holds it without a rest; parts of a second are dropped."""
    seconds = int(duration.total_seconds())
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{seconds}s"

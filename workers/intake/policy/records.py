"""Reference records (reps, absences, accounts, opportunities): columns of CONTRACTS 4, from CSV text or event data."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from shared.domain.duration import DurationError, parse_duration
from shared.normal.company import company_key
from shared.normal.country import country_code
from shared.normal.domain import website_domain
from shared.normal.employees import normal_employees
from shared.normal.industry import normal_industry
from shared.normal.state import normal_state
from shared.normal.text import clean


class RecordError(ValueError):
    """A record cannot be used; the message names the column and the mend."""


_Reader = Callable[[str], Any]
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of reference data: its table, key, and columns with their readers."""

    name: str
    table: str
    key: tuple[str, ...]
    required: tuple[str, ...]
    columns: Mapping[str, _Reader]
    defaults: Mapping[str, Any]


def _text(value: str) -> str | None:
    return clean(value)


def _identifier(value: str) -> str:
    # It is a key of an index, whose entries have a limit; the ids of every CRM are far shorter.
    if len(value.strip()) > 200:
        raise RecordError("longer than 200 characters")
    return value.strip()


def _words(value: str) -> list[str]:
    return sorted({word.strip() for word in value.split("|") if word.strip()})


def _one_of(*words: str) -> _Reader:
    def read(value: str) -> str:
        word = value.strip().casefold()
        if word not in words:
            message = f"{value!r} is none of {', '.join(words)}"
            raise RecordError(message)
        return word

    return read


def read_flag(value: str) -> bool:
    """Read true or false as people write it; raises RecordError."""
    word = value.strip().casefold()
    if word in {"true", "t", "yes", "y", "1"}:
        return True
    if word in {"false", "f", "no", "n", "0"}:
        return False
    message = f"{value!r} is neither true nor false"
    raise RecordError(message)


def _count(value: str) -> int:
    if not re.fullmatch(r"\d{1,9}", value.strip()):
        message = f"{value!r} is not a whole number"
        raise RecordError(message)
    return int(value)


def _number(value: str) -> str:
    text = value.strip()
    # 1,234,567.89 is plain; 1234,56 may mean two things, and a hundred times an amount is worse than none.
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    # Sixteen digits carry any amount of money; more is a mistake that would fail in a report.
    if not number.is_finite() or abs(number) >= Decimal(10) ** 16 or int(number.as_tuple().exponent) < -16:
        message = f"{value!r} is not a number such as 1234.56"
        raise RecordError(message)
    return str(number)


def _weight(value: str) -> str:
    number = _number(value)
    if not 0 <= Decimal(number) <= 1000:
        message = f"{value!r} is not a weight between 0 and 1000"
        raise RecordError(message)
    return number


def read_instant(value: str) -> datetime:
    """Read an ISO date or instant as UTC, which a text without an offset is taken to be; raises ValueError."""
    instant = datetime.fromisoformat(value.strip())
    try:
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except OverflowError as error:
        # The first and the last day of the calendar, in a time zone that leads out of it.
        raise ValueError(value) from error


def _instant(value: str) -> str:
    try:
        return read_instant(value).isoformat()
    except ValueError:
        message = f"{value!r} is not an ISO date or instant such as 2026-11-21T09:00:00Z"
        raise RecordError(message) from None


def _duration(value: str) -> float:
    try:
        length: timedelta = parse_duration(value)
    except DurationError:
        message = f"{value!r} is not a duration such as 30m, 2h or 3d"
        raise RecordError(message) from None
    return length.total_seconds()


def _country(value: str) -> str:
    return country_code(value) or value.strip()


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "reps": Kind(
            "reps",
            "rep",
            ("rep_id",),
            ("rep_id", "name", "status"),
            MappingProxyType(
                {
                    "rep_id": _identifier,
                    "name": _text,
                    "email": _text,
                    "manager_email": _text,
                    "manager_channel": _text,
                    "team": _text,
                    "timezone": _text,
                    "status": _one_of("active", "departed"),
                    "seniority": _one_of("junior", "regular", "senior"),
                    "segments": _words,
                    "languages": _words,
                    "skills": _words,
                    "weight": _weight,
                    "capacity": _count,
                    "calendar": _text,
                    "slack_id": _text,
                }
            ),
            MappingProxyType({"seniority": "regular", "segments": [], "languages": [], "skills": [], "weight": "1"}),
        ),
        "absences": Kind(
            "absences",
            "absence",
            ("rep_id", "from"),
            ("rep_id", "from", "until"),
            MappingProxyType(
                {
                    "rep_id": _identifier,
                    "from": _instant,
                    "until": _instant,
                    "cover_rep_id": _identifier,
                    "stop_before": _duration,
                }
            ),
            MappingProxyType({"stop_before": 0.0}),
        ),
        "accounts": Kind(
            "accounts",
            "account",
            ("account_id",),
            ("account_id", "name"),
            MappingProxyType(
                {
                    "account_id": _identifier,
                    "name": _text,
                    "domain": _text,
                    "country": _country,
                    "state": _text,
                    "postal_code": _text,
                    "employees": _text,
                    "industry": normal_industry,
                    "status": _one_of("prospect", "customer", "former"),
                    "owner_rep_id": _identifier,
                    "named": read_flag,
                    "parent_account_id": _identifier,
                }
            ),
            MappingProxyType({"status": "prospect", "named": False}),
        ),
        "opportunities": Kind(
            "opportunities",
            "opportunity",
            ("opportunity_id",),
            ("opportunity_id",),
            MappingProxyType(
                {
                    "opportunity_id": _identifier,
                    "account_id": _identifier,
                    "name": _text,
                    "stage": _text,
                    "is_open": read_flag,
                    "owner_rep_id": _identifier,
                    "amount": _number,
                    "opened_at": _instant,
                    "closed_at": _instant,
                }
            ),
            MappingProxyType({"is_open": True}),
        ),
    }
)


def read_record(kind: Kind, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record with every column of its kind, blank ones as None or their default; raises RecordError."""
    record: dict[str, Any] = {}
    for column, reader in kind.columns.items():
        record[column] = _read(column, reader, row.get(column))
        if record[column] is None:
            if column in kind.required:
                message = f"{column} is missing"
                raise RecordError(message)
            record[column] = kind.defaults.get(column)
    return _completed(kind, record)


def _read(column: str, reader: _Reader, value: object) -> Any:
    if isinstance(value, list):
        value = "|".join(str(item) for item in value)
    elif isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, dict):
        message = f"{column}: is an object and not a text"
        raise RecordError(message)
    text = "" if value is None else str(value)
    if not text.strip():
        return None
    if "\x00" in text:
        message = f"{column}: contains a NUL character"
        raise RecordError(message)
    try:
        return reader(text) or None if reader is _identifier else reader(text)
    except RecordError as error:
        message = f"{column}: {error}"
        raise RecordError(message) from None


def _completed(kind: Kind, record: dict[str, Any]) -> dict[str, Any]:
    """Add what is derived once and looked up often, and check what columns say together."""
    if kind.name == "accounts":
        employees = normal_employees(record["employees"]) if record["employees"] else None
        record["employees"] = employees.lower if employees else None
        record["employees_upper"] = employees.upper if employees else None
        record["company_key"] = company_key(record["name"]) or None
        record["domain"] = website_domain(record["domain"]) if record["domain"] else None
        if record["country"] == "US" and record["state"]:
            record["state"] = normal_state(record["state"]) or record["state"]
    if kind.name == "absences" and record["from"] >= record["until"]:
        message = "until: is not after from"
        raise RecordError(message)
    return record

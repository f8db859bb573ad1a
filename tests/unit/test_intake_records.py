"""Reference records: what columns say, how forgiving they are, and what they refuse."""

from decimal import Decimal
from typing import Any

import pytest

from workers.intake.policy.records import KINDS, RecordError, read_record

_REP = {"rep_id": "r-1", "name": "Rae", "status": "active"}
_ABSENCE = {"rep_id": "r-1", "from": "2026-12-01", "until": "2026-12-02"}
_ACCOUNT = {"account_id": "a-1", "name": "Acme Ltd"}
_OPPORTUNITY = {"opportunity_id": "o-1"}
_ROWS = {"reps": _REP, "absences": _ABSENCE, "accounts": _ACCOUNT, "opportunities": _OPPORTUNITY}


def _read(kind: str, **changes: Any) -> dict[str, Any]:
    return read_record(KINDS[kind], {**_ROWS[kind], **changes})


@pytest.mark.parametrize("kind", list(KINDS))
def test_what_is_not_given_has_its_default(kind: str) -> None:
    """Every column is there, blank ones as None or their default, and blank is as good as absent."""
    record = _read(kind)
    blank = read_record(KINDS[kind], dict.fromkeys(KINDS[kind].columns, "  ") | _ROWS[kind])

    assert blank == record
    assert set(KINDS[kind].columns) <= set(record)
    assert all(record[name] == value for name, value in KINDS[kind].defaults.items())


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_required_column_is_required(kind: str) -> None:
    """The error names it."""
    for column in KINDS[kind].required:
        with pytest.raises(RecordError, match=f"{column} is missing"):
            _read(kind, **{column: " "})


@pytest.mark.parametrize(
    ("kind", "column", "text", "value"),
    [
        ("reps", "rep_id", " r-2 ", "r-2"),
        ("reps", "status", "Departed", "departed"),
        ("reps", "segments", "smb| enterprise |smb|", ["enterprise", "smb"]),
        ("reps", "segments", ["smb", "enterprise"], ["enterprise", "smb"]),
        ("reps", "weight", "0.5", "0.5"),
        ("reps", "capacity", 12, 12),
        ("absences", "stop_before", "2h", 7200.0),
        ("absences", "from", "2026-11-30T23:00:00-02:00", "2026-12-01T01:00:00+00:00"),
        ("accounts", "country", "Deutschland", "DE"),
        ("accounts", "domain", "https://www.acme.example/about", "acme.example"),
        ("accounts", "employees", "200-500", 200),
        ("accounts", "named", "Yes", True),
        ("accounts", "named", False, False),
        ("opportunities", "is_open", "0", False),
        ("opportunities", "amount", "1,234,567.89", "1234567.89"),
        ("opportunities", "amount", -12.5, "-12.5"),
    ],
)
def test_a_column_is_understood_as_people_write_it(kind: str, column: str, text: object, value: object) -> None:
    """Text of a file and values of an event read alike."""
    assert _read(kind, **{column: text})[column] == value


@pytest.mark.parametrize(
    ("kind", "column", "text"),
    [
        ("reps", "rep_id", "r" * 201),
        ("reps", "name", {"first": "Rae"}),
        ("reps", "name", "R\0ae"),
        ("reps", "seniority", "boss"),
        ("reps", "weight", "-1"),
        ("reps", "weight", "1001"),
        ("reps", "capacity", "ten"),
        ("reps", "capacity", "-1"),
        ("reps", "capacity", "9" * 10),
        ("absences", "from", "tomorrow"),
        ("absences", "from", "0001-01-01T00:00:00+14:00"),
        ("absences", "until", "2026-12-01"),
        ("absences", "stop_before", "two hours"),
        ("accounts", "status", "friend"),
        ("accounts", "named", "perhaps"),
        ("opportunities", "amount", "1234,56"),
        ("opportunities", "amount", "1.234,56"),
        ("opportunities", "amount", "NaN"),
        ("opportunities", "amount", "1e99"),
        ("opportunities", "amount", "1e-99999"),
    ],
)
def test_what_is_not_understood_is_refused_by_its_column(kind: str, column: str, text: object) -> None:
    """The reason starts with the column, so that the cell can be found."""
    with pytest.raises(RecordError, match=f"^{column}: "):
        _read(kind, **{column: text})


def test_an_amount_is_a_number() -> None:
    """It comes as a text, so that no digit is lost on its way."""
    assert Decimal(_read("opportunities", amount="12345678901234.56")["amount"]) == Decimal("12345678901234.56")

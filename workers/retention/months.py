"""Months of records; pure."""

from datetime import date


def months_before(today: date, months: int) -> date:
    """Return the first day of the oldest month that is kept, when so many whole months before this one are."""
    past = today.year * 12 + today.month - 1 - months
    return date(past // 12, past % 12 + 1, 1)


def partition(table: str, month: date) -> str:
    """Return the name of the part of a table that a month's rows are in."""
    return f"{table}_{month:%Y%m}"

"""Options that several commands share."""

from datetime import UTC, datetime

import click


def instant(value: str) -> datetime:
    """Read an ISO 8601 instant of a command line; without an offset it is UTC."""
    try:
        at = datetime.fromisoformat(value.strip())
    except ValueError:
        raise click.BadParameter(f"{value!r} is not an instant; write 2026-11-21T09:00:00Z") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def setting(value: str) -> tuple[str, str]:
    """Cut the `field=value` of a correction at its first equals sign."""
    field, equals, text = value.partition("=")
    if not equals or not field.strip():
        raise click.BadParameter(f"{value!r} is not field=value; write --set country=DE")
    return field.strip(), text


def instant_words(at: datetime | None) -> str:
    """Write an instant for a table: UTC, to the second."""
    return "" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"

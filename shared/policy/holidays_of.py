"""Turns the open hours of a policy into a calendar, with the public holidays of its country for the years asked for."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Final

import holidays

from shared.domain.calendar import Calendar
from shared.policy.document import CalendarSpec
from shared.policy.words import fold

#: Countries times years of a whole company's calendars; a year of holidays takes about a millisecond to work out.
_KEPT: Final = 512


@lru_cache(maxsize=_KEPT)
def holidays_in(country: str, subdivision: str | None, year: int) -> tuple[tuple[date, str], ...]:
    """The public holidays of one year, with their names; NotImplementedError for a country that is not known."""
    found = holidays.country_holidays(country, subdiv=subdivision, years=year, language=_language(country))
    return tuple(sorted(found.items()))


@lru_cache(maxsize=_KEPT)
def _language(country: str) -> str | None:
    """English names where there are any, since policies name holidays in English; else the country's own."""
    supported = holidays.list_localized_countries().get(country, [])
    return next((language for language in ("en_US", "en_GB", "en") if language in supported), None)


def known_subdivisions(country: str) -> tuple[str, ...] | None:
    """The subdivisions that have holidays of their own; None when the country itself is not known."""
    subdivisions = holidays.list_supported_countries(include_aliases=True).get(country)
    return None if subdivisions is None else tuple(subdivisions)


def build_calendar(spec: CalendarSpec, years: Iterable[int]) -> Calendar:
    """The calendar of a policy's hours; holidays of the given years are closed, those of other years are not known."""
    closed = frozenset(day for day, _ in kept_holidays(spec, years))
    return Calendar(spec.name, spec.timezone, spec.hours, closed, spec.add)


def kept_holidays(spec: CalendarSpec, years: Iterable[int]) -> tuple[tuple[date, str], ...]:
    """The public holidays of the given years on which the calendar is closed, with their names, in order."""
    removed = {fold(name) for name in spec.remove}
    return tuple(
        (day, name)
        for year in (sorted(set(years)) if spec.country else ())
        for day, name in holidays_in(spec.country or "", spec.subdivision, year)
        if not _is_removed(day, name, removed)
    )


def _is_removed(day: date, name: str, removed: set[str]) -> bool:
    """Say whether a holiday is worked after all, by its date or any of the names that share the day."""
    names = {fold(part) for part in name.split(";")} | {fold(name), day.isoformat()}
    return not names.isdisjoint(removed)

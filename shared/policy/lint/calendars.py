"""Calendars: time zones, countries and holidays must exist."""

from collections.abc import Iterator
from functools import cache
from zoneinfo import available_timezones

from shared.policy.document import CalendarSpec, PolicyDocument
from shared.policy.errors import Finding, error
from shared.policy.holidays_of import holidays_in, known_subdivisions
from shared.policy.words import fold, suggestion

#: Years over which a holiday's name is looked for: some come only every few years, and the answer must not depend on
#: today's date.
_YEARS = range(2024, 2036)


def check_calendars(document: PolicyDocument) -> Iterator[Finding]:
    """Names that no calendar of the world has, and calendars that are never open."""
    for spec in document.calendars.values():
        if spec.timezone not in _zones():
            message = f"the calendar `{spec.name}` names the time zone `{spec.timezone}`, which does not exist"
            yield error("calendar.timezone", message, spec.line, suggestion(spec.timezone, _zones()))
        if not any(spec.hours.values()):
            message = f"the calendar `{spec.name}` is never open"
            yield error("calendar.closed", message, spec.line, 'write hours: {mon-fri: ["09:00-17:00"]}')
        yield from _holidays(spec)


@cache
def _zones() -> frozenset[str]:
    """The time zones there are."""
    return frozenset(available_timezones())


def _holidays(spec: CalendarSpec) -> Iterator[Finding]:
    """Country, subdivision and removed holidays of a calendar."""
    if spec.country is None:
        if spec.subdivision is not None or spec.remove:
            message = f"the calendar `{spec.name}` says more about holidays, and no country"
            yield error("calendar.country", message, spec.line, "add `country: …`")
        return
    subdivisions = known_subdivisions(spec.country)
    if subdivisions is None:
        message = f"the calendar `{spec.name}` names the country `{spec.country}`, whose holidays are not known"
        yield error("calendar.country", message, spec.line, "write the two-letter code, like US or DE")
    elif spec.subdivision is not None and spec.subdivision not in subdivisions:
        message = f"the calendar `{spec.name}` names `{spec.subdivision}`, which is no subdivision of {spec.country}"
        yield error("calendar.subdivision", message, spec.line, suggestion(spec.subdivision, subdivisions))
    else:
        yield from _removed(spec, spec.country)


def _removed(spec: CalendarSpec, country: str) -> Iterator[Finding]:
    """Holidays that are taken out must be there to begin with."""
    if not spec.remove:
        return
    found = [entry for year in _YEARS for entry in holidays_in(country, spec.subdivision, year)]
    names = {part.strip() for _, name in found for part in (name, *name.split(";"))}
    known = {fold(name) for name in names} | {day.isoformat() for day, _ in found}
    for word in spec.remove:
        if fold(word) not in known:
            message = f"the calendar `{spec.name}` removes the holiday `{word}`, which {country} does not have"
            yield error("calendar.holiday", message, spec.line, suggestion(word, names))

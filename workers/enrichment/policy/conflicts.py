"""Facts that contradict each other: listed and counted, never decided here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.normal.domain import website_domain
from shared.normal.phone import Phone, countries_of
from shared.normal.postal import state_of_zip, written_in
from shared.normal.state import country_of_state

_COMPARED: Final = (
    *("country", "phone", "phone_country", "state", "postal_code", "domain", "website", "email_domain"),
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two facts that cannot both be right."""

    field: str
    """Which two, such as `country/phone`: a closed list, fit for counting."""
    a: str
    b: str


def find_conflicts(facts: Mapping[str, object], bad: Mapping[str, str]) -> tuple[Conflict, ...]:
    """Return the conflicts between the country, the telephone, the address and the two domains of a lead."""
    texts = {name: value for name in _COMPARED if isinstance(value := facts.get(name), str)}
    found = (
        _country_and_phone(texts),
        _country_and_state(texts, bad),
        _country_and_postal_code(texts, bad),
        _state_and_postal_code(texts),
        None if facts.get("free_mail") or facts.get("disposable") else _email_and_website(texts),
    )
    return tuple(conflict for conflict in found if conflict)


def _country_and_phone(texts: Mapping[str, str]) -> Conflict | None:
    country, of_phone = texts.get("country"), texts.get("phone_country")
    if country is None or of_phone is None or country == of_phone:
        return None
    # Freephone and shared numbers are valid in many countries of one calling code.
    if country in countries_of(Phone(texts["phone"], of_phone)):
        return None
    return Conflict("country/phone", country, of_phone)


def _country_and_state(texts: Mapping[str, str], bad: Mapping[str, str]) -> Conflict | None:
    country, state = texts.get("country"), bad.get("state") or texts.get("state")
    of_state = country_of_state(state) if country and state else None
    return Conflict("country/state", country, of_state) if country and of_state and country != of_state else None


def _country_and_postal_code(texts: Mapping[str, str], bad: Mapping[str, str]) -> Conflict | None:
    country, code = texts.get("country"), bad.get("postal_code") or texts.get("postal_code")
    # Several small countries write their codes as Britain does; only where a form is fixed is the other one a
    # contradiction.
    written = written_in(code) if code and country in {"US", "CA", "GB", "DE", "FR"} else None
    return Conflict("country/postal_code", country, written) if country and written and written != country else None


def _state_and_postal_code(texts: Mapping[str, str]) -> Conflict | None:
    state, code = texts.get("state"), texts.get("postal_code")
    if texts.get("country") != "US" or state is None or code is None:
        return None
    of_code = state_of_zip(code)
    return Conflict("state/postal_code", state, of_code) if of_code and of_code != state else None


def _email_and_website(texts: Mapping[str, str]) -> Conflict | None:
    mail, website = texts.get("domain"), texts.get("website")
    site = website_domain(website) if website else None
    return Conflict("email/website", mail, site) if mail and site and mail != site and "email_domain" in texts else None

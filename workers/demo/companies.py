"""The companies of the demonstration: real listed ones, as the offline provider knows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pytickersymbols import PyTickerSymbols

from shared.normal.country import country_code
from shared.normal.domain import website_domain
from shared.normal.state import country_of_state


@dataclass(frozen=True, slots=True)
class Company:
    """A company by its name, its domain, and its country where that is known."""

    name: str
    domain: str
    country: str | None


def listed_companies() -> list[Company]:
    """Return every listed company that has a website, one per domain, in the order of the domains."""
    stocks: Iterable[dict[str, Any]] = PyTickerSymbols().get_all_stocks()
    found: dict[str, Company] = {}
    for stock in sorted(stocks, key=lambda stock: str(stock["name"])):
        website = str((stock.get("metadata") or {}).get("website") or "").strip()
        domain = website_domain(website) if website and " " not in website else None
        if domain:
            found.setdefault(domain, Company(stock["name"], domain, _country(str(stock.get("country") or ""))))
    return [found[domain] for domain in sorted(found)]


def _country(text: str) -> str | None:
    """Read "Japan" as well as "Houston, Texas"."""
    city, _, place = text.rpartition(",")
    place = place.strip()
    if city and (country_of_state(place) == "US" or place == "Georgia"):
        return "US"
    return country_code(text) or country_code(place)

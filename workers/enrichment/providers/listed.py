"""The bundled offline provider: real firmographics of some 1,800 listed companies, from pytickersymbols."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pytickersymbols import PyTickerSymbols

from shared.normal.company import company_key
from shared.normal.country import country_code
from shared.normal.domain import host_of, registrable_domain
from shared.normal.employees import normal_employees
from shared.normal.state import country_of_state
from workers.enrichment.policy.company_facts import company_facts
from workers.enrichment.policy.finding import CompanyQuery, Finding, Outcome

_NAME = "listed"
# A key of fewer letters ("ly", "bp") is too often somebody else's abbreviation.
_SHORTEST_KEY = 4

_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+|\d+")
_BRACKETS = re.compile(r"\([^)]*\)")


@dataclass(frozen=True, slots=True)
class _Index:
    by_domain: Mapping[str, Finding]
    by_key: Mapping[str, Finding]


class ListedCompanies:
    """Answers from the list in memory; built at the first look-up of a process, in about half a second."""

    name = _NAME

    def look_up(self, queries: Sequence[CompanyQuery]) -> Mapping[int, Finding]:
        """Return a finding per query, by domain, else by name."""
        index = _index()
        return {query.key: _by_domain(index, query) or _by_name(index, query) or _MISSING for query in queries}


_MISSING = Finding(_NAME, Outcome.MISSING)


def _by_domain(index: _Index, query: CompanyQuery) -> Finding | None:
    return index.by_domain.get(query.domain) if query.domain else None


def _by_name(index: _Index, query: CompanyQuery) -> Finding | None:
    """Take the name's word only from a lead without a company's domain, who is not in another country."""
    if query.domain is not None or query.company_key is None:
        return None
    found = index.by_key.get(query.company_key)
    if found is None:
        return None
    return found if query.country in {None, found.facts.get("country")} else None


@cache
def _index() -> _Index:
    """Return the companies by registrable domain and by key; a key of two companies is left out."""
    by_domain: dict[str, Finding] = {}
    by_key: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
    stocks: Iterable[dict[str, Any]] = PyTickerSymbols().get_all_stocks()
    companies = [(stock, company_facts(_raw(stock))) for stock in stocks]
    # Where two companies share a domain, the larger one is the one whose people write from it.
    companies.sort(key=lambda company: -int(str(company[1].get("employees", 0))))
    for stock, facts in companies:
        for domain in _domains(stock):
            by_domain.setdefault(domain, Finding(_NAME, Outcome.FOUND, facts, "domain"))
        if (key := company_key(stock["name"])) and len(key) >= _SHORTEST_KEY:
            by_key[key].append(facts)
    alone = {key: Finding(_NAME, Outcome.FOUND, found[0], "name") for key, found in by_key.items() if len(found) == 1}
    return _Index(by_domain, alone)


def _raw(stock: Mapping[str, Any]) -> dict[str, object]:
    """Return a stock's values under the names of facts."""
    metadata = stock.get("metadata") or {}
    country, state = _place(str(stock.get("country") or ""), str(metadata.get("headquarters") or ""))
    return {
        "company": stock.get("name"),
        "website": next(iter(_hosts(stock)), None),
        "country": country,
        "state": state,
        "employees": _employees(metadata.get("employees")),
        "industry": stock.get("industries"),
    }


def _place(country: str, headquarters: str) -> tuple[str | None, str | None]:
    """Return country and state from texts such as "Japan", "Houston, Texas" or "Lausanne, Switzerland"."""
    for text in (country, headquarters):
        parts = [part.strip() for part in _BRACKETS.sub(" ", text).split(",")]
        state = next((part for part in reversed(parts) if country_of_state(part) == "US" or part == "Georgia"), None)
        if state and len(parts) > 1 and country_code(country) in {None, "US"}:
            return "US", state
    code = country_code(country) or country_code(country.rpartition(",")[2])
    return code or country_code(headquarters.rpartition(",")[2]), None


def _employees(value: object) -> object:
    """Return a count that is understood; where one text holds several (parent, group), the largest is the group's."""
    if normal_employees(value) or not isinstance(value, str):
        return value
    counts = [int(number.replace(",", "")) for number in _NUMBER.findall(_BRACKETS.sub(" ", value))]
    return max(counts, default=None)


def _hosts(stock: Mapping[str, Any]) -> list[str]:
    text = str((stock.get("metadata") or {}).get("website") or "")
    return [host for word in text.split() if "." in word and (host := host_of(word))]


def _domains(stock: Mapping[str, Any]) -> list[str]:
    return [domain for host in _hosts(stock) if (domain := registrable_domain(host))]

"""What a directory says about a company, in the normal forms that a finding holds."""

from collections.abc import Mapping
from typing import Final

from shared.normal.company import normal_company
from shared.normal.country import country_code
from shared.normal.domain import host_of
from shared.normal.employees import normal_employees
from shared.normal.industry import first_known, normal_industry
from shared.normal.postal import normal_postal
from shared.normal.state import normal_state
from shared.normal.text import NAME_LIMIT, clean

# A crawler lists hundreds of scripts for a large site; rules ask for a handful of products.
_TECH_LIMIT: Final = 100


def company_facts(raw: Mapping[str, object]) -> dict[str, object]:
    """Return the facts of a finding from raw values under the same names; what is not understood is left out.

    `industry` and `tech_stack` may be one text or a list of texts, `employees` a number or a text.
    """
    country = country_code(raw.get("country"))
    company = _text(raw, "company")
    named = normal_company(company) if company else None
    website, state = _text(raw, "website"), _text(raw, "state")
    employees = normal_employees(raw.get("employees"))
    facts: dict[str, object | None] = {
        "company": named.name if named else None,
        "website": host_of(website) if website else None,
        "country": country,
        "state": normal_state(state, country) if state and country else None,
        "postal_code": normal_postal(raw.get("postal_code"), country) if country else None,
        "employees": employees.lower if employees else None,
        "employees_upper": employees.upper if employees else None,
        "industry": _industry(_texts(raw.get("industry"))),
        "tech_stack": list(dict.fromkeys(_texts(raw.get("tech_stack"))))[:_TECH_LIMIT] or None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _text(raw: Mapping[str, object], field: str) -> str | None:
    return clean(raw.get(field), NAME_LIMIT)


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, (list, tuple)) else [value]
    return [text for item in values if (text := clean(item, NAME_LIMIT))]


def _industry(texts: list[str]) -> str | None:
    """Return the first industry of the closed list, else the first word at all."""
    return first_known(texts) or (normal_industry(texts[0]) if texts else None)

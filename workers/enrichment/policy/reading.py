"""The first half of enrichment: what a submission itself says, as far as it is plain without the country."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.normal.company import normal_company
from shared.normal.country import normal_country
from shared.normal.domain import host_of, registrable_domain, website_domain
from shared.normal.email import disposable, free_mail, normal_email
from shared.normal.employees import normal_employees
from shared.normal.industry import normal_industry
from shared.normal.person_name import last_name_key
from shared.normal.text import NAME_LIMIT, clean, is_placeholder
from workers.enrichment.policy.finding import CompanyQuery
from workers.enrichment.policy.values import attributes_of, harmless_object, shown, truth

# Free words of the submission and how long they may be: names as names, a page's address and a need in the person's
# own words longer.
_LONG: Final = 2000
TEXT_FIELDS: Final[dict[str, int]] = {
    **dict.fromkeys(("job_title", "product", "lead_type", "channel", "original_source", "campaign"), NAME_LIMIT),
    **dict.fromkeys(("keyword_theme", "ad_set", "form"), NAME_LIMIT),
    **dict.fromkeys(("landing_page", "declared_need"), _LONG),
}
_NAMES: Final = ("first_name", "last_name")
# Whose meaning depends on the country; they are read when the country is settled.
PLACED_FIELDS: Final = ("phone", "state", "postal_code")
KNOWN_FIELDS: Final = frozenset(
    {
        *TEXT_FIELDS,
        *_NAMES,
        *PLACED_FIELDS,
        *("email", "company", "website", "country", "employees", "industry", "hand_raise", "attributes", "test"),
    },
)


@dataclass(slots=True)
class Reading:
    """What one submission says. Built once, then only read."""

    facts: dict[str, object]
    """Understood values by fact name."""
    bad: dict[str, str]
    """Fields that were given but not understood, as they were given."""
    mended: dict[str, str]
    """Fields with a typing error that was mended, as they were given."""
    placed: dict[str, object]
    """Raw values of the fields that need a country."""
    extra: dict[str, object]
    """Unknown top-level keys, kept as context."""


def read(data: Mapping[str, object]) -> Reading:
    """Return what the data of a `lead.submitted` event says; any JSON object is taken, and nothing in it can fail."""
    reading = Reading({}, {}, {}, {}, {})
    given = {field: value for field, value in data.items() if field in KNOWN_FIELDS and not _blank(field, value)}
    for field, value in given.items():
        if (limit := TEXT_FIELDS.get(field)) is not None:
            _keep(reading, field, value, clean(value, limit))
    _read_person(reading, given)
    _read_company(reading, given)
    _read_flags(reading, given)
    reading.placed = {field: given[field] for field in PLACED_FIELDS if field in given}
    if len(data) > len(given):
        reading.extra = harmless_object({key: value for key, value in data.items() if key not in KNOWN_FIELDS})
    return reading


def company_query(key: int, reading: Reading) -> CompanyQuery | None:
    """Return the question to ask providers for a lead, or None when it names no company."""
    domain, name, country = (reading.facts.get(field) for field in ("domain", "company_key", "country"))
    if domain is None and name is None:
        return None
    return CompanyQuery(key, *(value if isinstance(value, str) else None for value in (domain, name, country)))


def _blank(field: str, value: object) -> bool:
    """Say whether a field was left empty, or filled with a word that only stands for nothing."""
    if not isinstance(value, str):
        return value is None
    if value.isalpha() and len(value) < len("nil"):
        return False
    text = clean(value, NAME_LIMIT)
    return text is None or (is_placeholder(text) if field not in _NAMES else not any(map(str.isalnum, text)))


def _keep(reading: Reading, field: str, given: object, understood: object) -> None:
    if understood is None:
        reading.bad[field] = shown(given)
    else:
        reading.facts[field] = understood


def _read_person(reading: Reading, given: Mapping[str, object]) -> None:
    for field in _NAMES:
        if field in given:
            _keep(reading, field, given[field], clean(given[field]))
    last_name = reading.facts.get("last_name")
    if isinstance(last_name, str) and (key := last_name_key(last_name)):
        reading.facts["last_name_key"] = key
    email = normal_email(given.get("email"))
    if "email" in given:
        _keep(reading, "email", given["email"], email.address if email else None)
    is_free, is_disposable = (free_mail(email.domain), disposable(email.domain)) if email else (False, False)
    reading.facts["free_mail"], reading.facts["disposable"] = is_free, is_disposable
    # Nobody vouches for such an address, nor for a person without one: the company is only claimed.
    reading.facts["low_identification"] = email is None or is_free or is_disposable
    if email:
        reading.facts["email_key"], reading.facts["email_domain"] = email.key, email.domain


def _read_company(reading: Reading, given: Mapping[str, object]) -> None:
    facts = reading.facts
    if "company" in given:
        company = normal_company(given["company"]) if isinstance(given["company"], str) else None
        _keep(reading, "company", given["company"], company.name if company else None)
        if company:
            facts["company_key"] = company.key
    if "website" in given:
        _keep(
            reading,
            "website",
            given["website"],
            host_of(given["website"]) if isinstance(given["website"], str) else None,
        )
    if domain := _domain(facts):
        facts["domain"] = domain
    if "country" in given:
        country = normal_country(given["country"]) if isinstance(given["country"], str) else None
        _keep(reading, "country", given["country"], country.code if country else None)
        if country and country.mended:
            reading.mended["country"] = shown(given["country"])
    if "employees" in given:
        employees = normal_employees(given["employees"])
        _keep(reading, "employees", given["employees"], employees.lower if employees else None)
        if employees and employees.upper is not None:
            facts["employees_upper"] = employees.upper
    if "industry" in given:
        industry = normal_industry(given["industry"]) if isinstance(given["industry"], str) else None
        _keep(reading, "industry", given["industry"], industry)


def _domain(facts: Mapping[str, object]) -> str | None:
    """Return the company's domain: the address's, which is in use, else the website's; never a public provider's."""
    mail, website = facts.get("email_domain"), facts.get("website")
    if (
        isinstance(mail, str)
        and not facts["free_mail"]
        and not facts["disposable"]
        and (domain := registrable_domain(mail))
    ):
        return domain
    domain = website_domain(website) if isinstance(website, str) else None
    return domain if domain and not free_mail(domain) and not disposable(domain) else None


def _read_flags(reading: Reading, given: Mapping[str, object]) -> None:
    # A hand that was not mentioned was not raised.
    _keep(reading, "hand_raise", given.get("hand_raise"), truth(given.get("hand_raise", False)))
    if "attributes" in given:
        _keep(reading, "attributes", given["attributes"], attributes_of(given["attributes"]))

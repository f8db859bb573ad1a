"""The second half of enrichment: a submission and what providers found become one sheet of facts with origins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.normal.company import company_key
from shared.normal.contact import phone_of
from shared.normal.postal import normal_postal, state_of_zip
from shared.normal.state import normal_state
from workers.enrichment.policy.conflicts import Conflict, find_conflicts
from workers.enrichment.policy.finding import OWED, Finding, Outcome
from workers.enrichment.policy.precedence import FORM, PRECEDENCE, kind_of
from workers.enrichment.policy.reading import Reading, read
from workers.enrichment.policy.values import shown

# The fields that routing decides by; a lead without one of them is counted under its name.
ROUTING_FIELDS: Final = (
    "company",
    "country",
    "employees",
    "industry",
    "product",
    "lead_type",
    "channel",
    "original_source",
)
# What vendors are paid for.
FIRMOGRAPHICS: Final = ("employees", "industry", "tech_stack")
# Where a state is part of the address.
_WITH_STATES: Final = frozenset({"US", "CA"})
_PLACE: Final = frozenset({"state", "postal_code"})
_COMPANY_FIELDS: Final = tuple(field for field in PRECEDENCE if field not in _PLACE)

# Facts that the form does not say itself but that follow from a fact; they share its origin's reliability.
_DERIVED_FROM: Final[dict[str, str]] = {
    **dict.fromkeys(("email_key", "email_domain", "free_mail", "disposable", "low_identification"), "email"),
    "last_name_key": "last_name",
    "employees_upper": "employees",
}


@dataclass(frozen=True, slots=True)
class FactSheet:
    """What is known about a lead, where it comes from, and what is wrong with it."""

    facts: dict[str, object]
    """Known facts only: an unknown fact has no entry."""
    origins: dict[str, str]
    """A provider's name, or the field that a fact was derived from; a fact without an entry stands in the form."""
    bad: dict[str, str]
    """Given but not understood, as given. The fact may still be known from a provider."""
    mended: dict[str, str]
    """Given with a typing error that was mended, as given."""
    blanks: tuple[str, ...]
    """Routing fields that nobody gave and nobody knew."""
    conflicts: tuple[Conflict, ...]
    extra: dict[str, object]
    """Unknown top-level keys of the submission, kept as context."""
    missing_providers: tuple[str, ...]
    """Providers that were asked and still owe an answer."""

    def as_document(self) -> dict[str, object]:
        """Return the sheet as one JSON document."""
        return {
            "facts": self.facts,
            "origins": self.origins,
            "bad": self.bad,
            "mended": self.mended,
            "extra": self.extra,
            "blanks": list(self.blanks),
            "conflicts": [{"field": found.field, "a": found.a, "b": found.b} for found in self.conflicts],
            "missing_providers": list(self.missing_providers),
        }


def fact_sheets(
    submissions: Mapping[int, Mapping[str, object]],
    findings: Sequence[Mapping[int, Finding]] = (),
) -> dict[int, FactSheet]:
    """Return a sheet per lead of a batch; `findings` holds each provider's answers by lead, in the configured order."""
    return {
        key: fact_sheet(read(data), tuple(answers[key] for answers in findings if key in answers))
        for key, data in submissions.items()
    }


def fact_sheet(reading: Reading, findings: Sequence[Finding] = ()) -> FactSheet:
    """Return the facts of one lead from its own reading and the findings about its company, in the configured order."""
    facts, bad = dict(reading.facts), dict(reading.bad)
    origins = {name: source for name, source in _DERIVED_FROM.items() if name in facts}
    if "domain" in facts:
        origins["domain"] = "website" if facts["free_mail"] or "email_domain" not in facts else "email"
    found = [finding for finding in findings if finding.outcome is Outcome.FOUND]
    if found:
        for field in _COMPANY_FIELDS:
            _fill(field, found, facts, origins, bad)
    _place(reading, found, facts, origins, bad)
    if "company_key" not in facts and isinstance(name := facts.get("company"), str) and (key := company_key(name)):
        facts["company_key"], origins["company_key"] = key, "company"
    return FactSheet(
        facts=facts,
        origins=origins,
        bad=bad,
        mended=dict(reading.mended),
        blanks=_blanks(facts, bad),
        conflicts=find_conflicts(facts, bad),
        extra=dict(reading.extra),
        missing_providers=tuple(finding.provider for finding in findings if finding.outcome in OWED),
    )


def _fill(
    field: str, found: Sequence[Finding], facts: dict[str, object], origins: dict[str, str], bad: Mapping[str, str]
) -> None:
    """Take a field from the first source in its order that has it."""
    precedence = PRECEDENCE[field]
    if field in bad and not precedence.covers_bad:
        return
    for kind in precedence.order:
        if kind == FORM:
            if field in facts:
                return
            continue
        for finding in found:
            if finding.facts.get(field) is not None and kind_of(finding.provider) == kind:
                _take(field, finding, facts, origins)
                return


def _take(field: str, finding: Finding, facts: dict[str, object], origins: dict[str, str]) -> None:
    facts[field], origins[field] = finding.facts[field], finding.provider
    if field == "employees":
        facts.pop("employees_upper", None)
        origins.pop("employees_upper", None)
        if (upper := finding.facts.get("employees_upper")) is not None:
            facts["employees_upper"], origins["employees_upper"] = upper, "employees"


def _place(
    reading: Reading, found: Sequence[Finding], facts: dict[str, object], origins: dict[str, str], bad: dict[str, str]
) -> None:
    """Read phone, state and postal code by the country, and fill what is missing from sources in that country."""
    country = facts.get("country")
    country = country if isinstance(country, str) else None
    for field, value in reading.placed.items():
        if field == "phone":
            phone = phone_of(value, country)
            understood: str | None = phone.e164 if phone else None
            if phone and phone.country:
                facts["phone_country"], origins["phone_country"] = phone.country, "phone"
        elif field == "state":
            understood = normal_state(value, country) if isinstance(value, str) else None
        else:
            understood = normal_postal(value, country)
        if understood is None:
            bad[field] = shown(value)
        else:
            facts[field] = understood
    if country is None:
        return
    neighbours = [finding for finding in found if finding.facts.get("country") == country]
    if "postal_code" not in reading.placed and "state" not in reading.placed:
        for field in ("state", "postal_code"):
            _fill(field, neighbours, facts, origins, bad)
    zip_code = facts.get("postal_code")
    if country == "US" and "state" not in facts and isinstance(zip_code, str) and (state := state_of_zip(zip_code)):
        facts["state"], origins["state"] = state, "postal_code"


def _blanks(facts: Mapping[str, object], bad: Mapping[str, str]) -> tuple[str, ...]:
    fields = (*ROUTING_FIELDS, "state") if facts.get("country") in _WITH_STATES else ROUTING_FIELDS
    return tuple(field for field in fields if field not in facts and field not in bad)


def still_wanted(reading: Reading, findings: Sequence[Finding]) -> frozenset[str]:
    """Return the firmographic facts that are still unknown; empty when asking one more provider adds nothing."""
    known = {field for finding in findings for field, value in finding.facts.items() if value is not None}
    return frozenset(field for field in FIRMOGRAPHICS if field not in known and field not in reading.facts)

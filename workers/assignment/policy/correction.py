"""Corrects the facts of a lead by hand: the same normal forms as at the door, and what follows from them follows.

A corrected fact has the origin `correction` and no longer counts as not understood. An empty value makes a fact
unknown. What a change of country makes of state, postal code and telephone is worked out again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shared.errors import RefusedError, UsageError
from shared.normal.company import company_key, normal_company
from shared.normal.contact import phone_of
from shared.normal.country import country_code
from shared.normal.domain import host_of, registrable_domain, website_domain
from shared.normal.email import disposable, free_mail, normal_email
from shared.normal.employees import normal_employees
from shared.normal.industry import normal_industry
from shared.normal.person_name import last_name_key
from shared.normal.postal import normal_postal
from shared.normal.state import normal_state
from shared.normal.text import clean
from shared.policy.words import suggestion

CORRECTION: Final = "correction"
ATTRIBUTE: Final = "attributes."

#: Where states have codes.
_WITH_CODES: Final = frozenset({"US", "CA"})
_FLAGS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
#: A need in the person's own words and the address of a page are longer than a name.
_LONG: Final = 2000
_TEXTS: Final = (
    *("first_name", "last_name", "job_title", "product", "lead_type", "channel", "original_source", "campaign"),
    *("keyword_theme", "ad_set", "form"),
)
_LONG_TEXTS: Final = ("landing_page", "declared_need")
#: Facts that stand and fall with another.
_FOLLOWERS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("email_key", "email_domain", "free_mail", "disposable", "low_identification"),
    "phone": ("phone_country",),
    "last_name": ("last_name_key",),
    "company": ("company_key",),
    "employees": ("employees_upper",),
}
#: What only the system says of a lead, and what to do instead.
_SYSTEM: Final[Mapping[str, str]] = {
    "qualified_at": "only the system qualifies a lead, by the policy",
    "intent": "intent is counted by the policy from lead type, hand raise and signals",
    "segment": "the segment follows from `employees`",
    "region": "the region follows from country, state and postal code",
    "account_status": "it is a fact of the account: name the right one with account_id=…",
    "named_account": "it is a fact of the account: name the right one with account_id=…",
    "has_open_opportunity": "it is a fact of the account: name the right one with account_id=…",
    "status": "a status moves by its own rules",
    "owner": "use `baton lead assign`",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One corrected fact: what it was and what it is; None where it is unknown."""

    field: str
    before: object
    after: object

    def as_record(self) -> dict[str, object]:
        """Give the change as the decision keeps it."""
        return {"field": self.field, "from": self.before, "to": self.after}


@dataclass(slots=True)
class _Sheet:
    """A sheet that is being corrected."""

    facts: dict[str, Any]
    origins: dict[str, str]
    bad: dict[str, str]
    corrected: set[str] = field(default_factory=set)

    def put(self, name: str, values: Mapping[str, object]) -> None:
        """Write a fact and what follows from it; an empty mapping makes it unknown."""
        for old in (name, *_FOLLOWERS.get(name, ())):
            self.facts.pop(old, None)
            self.origins.pop(old, None)
        self.bad.pop(name, None)
        self.facts.update(values)
        self.origins.update({one: CORRECTION if one == name else name for one in values})
        self.corrected.add(name)

    def text(self, name: str) -> str | None:
        """Return a fact that is a text."""
        value = self.facts.get(name)
        return value if isinstance(value, str) else None


_Reader = Callable[[str, _Sheet], Mapping[str, object] | None]


def correct(sheet: Mapping[str, Any], changes: Mapping[str, str]) -> tuple[dict[str, Any], list[Change]]:
    """Return the corrected sheet and what has changed; raises a sentence for a field or value that cannot be used."""
    work = _Sheet(dict(sheet["facts"]), dict(sheet.get("origins") or {}), dict(sheet.get("bad") or {}))
    # The country first: state, postal code and telephone are read by it, in whatever order they are given.
    for name in sorted(changes, key=lambda one: one != "country"):
        _apply(work, name, changes[name].strip())
    if "country" in work.corrected:
        _place_again(work, sheet["facts"].get("country"))
    if work.corrected & {"email", "website"}:
        _find_domain(work)
    document = {
        **sheet,
        "facts": work.facts,
        "origins": work.origins,
        "bad": work.bad,
        "blanks": [name for name in sheet.get("blanks") or () if name not in work.facts],
        "conflicts": [one for one in sheet.get("conflicts") or () if not _is_settled(one, work.corrected)],
    }
    return document, _changes(sheet["facts"], work)


def _apply(work: _Sheet, name: str, text: str) -> None:
    if name.startswith(ATTRIBUTE):
        _set_attribute(work, name.removeprefix(ATTRIBUTE), text)
        return
    reader = _READERS.get(name)
    if reader is None:
        mend = _SYSTEM.get(name) or suggestion(name, [*_READERS, "account_id", "attributes.NAME"])
        raise UsageError(f"{name} cannot be corrected: {mend}")
    values = reader(text, work) if text else {}
    if values is None:
        raise RefusedError(f"{text!r} is not understood as {name.replace('_', ' ')}: {_HINTS[name]}")
    work.put(name, values)


def _set_attribute(work: _Sheet, name: str, text: str) -> None:
    if not name:
        raise UsageError("An attribute needs its name: write attributes.persona=finance")
    kept = dict(work.facts.get("attributes") or {})
    if text:
        kept[name] = text
    else:
        kept.pop(name, None)
    work.put("attributes", {"attributes": kept} if kept else {})


def _email(text: str, work: _Sheet) -> Mapping[str, object] | None:
    del work
    email = normal_email(text)
    if email is None:
        return None
    is_free, is_disposable = free_mail(email.domain), disposable(email.domain)
    return {
        "email": email.address,
        "email_key": email.key,
        "email_domain": email.domain,
        "free_mail": is_free,
        "disposable": is_disposable,
        "low_identification": is_free or is_disposable,
    }


def _phone(text: str, work: _Sheet) -> Mapping[str, object] | None:
    phone = phone_of(text, work.text("country"))
    if phone is None:
        return None
    return {"phone": phone.e164, **({"phone_country": phone.country} if phone.country else {})}


def _employees(text: str, work: _Sheet) -> Mapping[str, object] | None:
    del work
    count = normal_employees(text)
    if count is None:
        return None
    return {"employees": count.lower, **({"employees_upper": count.upper} if count.upper is not None else {})}


def _company(text: str, work: _Sheet) -> Mapping[str, object] | None:
    del work
    company = normal_company(text)
    key = company_key(company.name) if company else None
    return {"company": company.name, **({"company_key": key} if key else {})} if company else None


def _last_name(text: str, work: _Sheet) -> Mapping[str, object] | None:
    del work
    name = clean(text)
    key = last_name_key(name) if name else None
    return {"last_name": name, **({"last_name_key": key} if key else {})} if name else None


def _one(name: str, read: Callable[[str], object]) -> _Reader:
    """Read a fact that has no followers and needs no other."""

    def reader(text: str, work: _Sheet) -> Mapping[str, object] | None:
        del work
        value = read(text)
        return None if value is None else {name: value}

    return reader


def _placed(name: str, read: Callable[[str, str | None], object]) -> _Reader:
    """Read a fact whose meaning depends on the country."""

    def reader(text: str, work: _Sheet) -> Mapping[str, object] | None:
        value = read(text, work.text("country"))
        return None if value is None else {name: value}

    return reader


_READERS: Final[Mapping[str, _Reader]] = {
    **{name: _one(name, clean) for name in _TEXTS},
    **{name: _one(name, lambda text: clean(text, _LONG)) for name in _LONG_TEXTS},
    "email": _email,
    "phone": _phone,
    "last_name": _last_name,
    "company": _company,
    "website": _one("website", host_of),
    "country": _one("country", country_code),
    "state": _placed("state", normal_state),
    "postal_code": _placed("postal_code", normal_postal),
    "employees": _employees,
    "industry": _one("industry", normal_industry),
    "hand_raise": _one("hand_raise", lambda text: _FLAGS.get(text.casefold())),
}

_HINTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(_READERS, "write some words"),
    "email": "write an address such as ana@acme.example",
    "phone": "write it with its country code, such as +44 20 7946 0958, or correct the country with it",
    "website": "write an address such as www.acme.example",
    "country": "write a country's name or its two letters",
    "state": "write a state of the lead's country, by name or by its two letters",
    "postal_code": "write a code as the lead's country has them",
    "employees": "write a number or a range, such as 250 or 200-500",
    "hand_raise": "write true or false",
}


def _place_again(work: _Sheet, former: str | None) -> None:
    """Read anew what was read by the former country, and what nobody could understand without the right one."""
    country = work.text("country")
    if former in _WITH_CODES and country not in _WITH_CODES and "state" not in work.corrected:
        # Elsewhere any text is a state, but this one is the code of a place in the former country.
        work.put("state", {})
        work.corrected.discard("state")
    for name, read in (("state", normal_state), ("postal_code", normal_postal)):
        given = work.bad.get(name) or work.text(name)
        if name in work.corrected or given is None:
            continue
        value, origin = read(given, country), work.origins.get(name, "form")
        if value is not None:
            work.put(name, {name: value})
            work.origins[name] = origin
        elif name in work.facts:
            work.put(name, {})
    if "phone" in work.bad and (phone := _phone(work.bad["phone"], work)) is not None:
        work.put("phone", phone)
        work.origins["phone"] = "form"


def _find_domain(work: _Sheet) -> None:
    """Work out the company's domain: the address's, which is in use, else the website's; never a public provider's."""
    work.facts.pop("domain", None)
    work.origins.pop("domain", None)
    mail, website = work.text("email_domain"), work.text("website")
    if mail and not free_mail(mail) and not disposable(mail) and (domain := registrable_domain(mail)):
        work.facts["domain"], work.origins["domain"] = domain, "email"
        return
    domain = website_domain(website) if website else None
    if domain and not free_mail(domain) and not disposable(domain):
        work.facts["domain"], work.origins["domain"] = domain, "website"


def _is_settled(conflict: Mapping[str, Any], corrected: set[str]) -> bool:
    """Say whether a correction has settled a conflict such as `country/phone`."""
    return not corrected.isdisjoint(str(conflict.get("field")).split("/"))


def _changes(before: Mapping[str, Any], work: _Sheet) -> list[Change]:
    names = {*before, *work.facts} - {one for follow in _FOLLOWERS.values() for one in follow}
    changed = [
        Change(name, before.get(name), work.facts.get(name))
        for name in sorted(names)
        if before.get(name) != work.facts.get(name)
    ]
    same = [name for name in sorted(work.corrected) if name not in {one.field for one in changed}]
    # A fact that only ceases to count as not understood is a change as well.
    return [*changed, *(Change(name, before.get(name), work.facts.get(name)) for name in same)]

"""What people type into forms: each kind of lead that a week of a seller's marketing brings, as event data."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from workers.demo.companies import Company
from workers.demo.people import LANGUAGES, Person, invent, language_of

Data = dict[str, Any]

#: How people write their country; some spellings only a careful reader mends, and some nobody.
_SPELLINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "US": ("US", "USA", "United States", "U.S.A.", "United States of America", "Untied States"),
        "DE": ("Germany", "Deutschland", "DE", "Allemagne", "Germnay"),
        "GB": ("UK", "United Kingdom", "England", "Great Britain", "GB"),
        "FR": ("France", "FR", "Frankreich"),
        "JP": ("Japan", "日本", "JP", "Japon"),
        "ES": ("Spain", "España", "ES"),
        "NL": ("Netherlands", "The Netherlands", "Holland", "Nederland"),
        "CH": ("Switzerland", "Schweiz", "Suisse", "CH"),
        "SE": ("Sweden", "Sverige"),
        "FI": ("Finland", "Suomi"),
    }
)
_UNHEARD_OF = ("Ruritania", "n/a / all", "the usual place")
_SIZES = ("11-50", "20", "50-100", "c. 80", "120", "201-500", "350", "1,200", "lots")
_FREE_MAIL = ("gmail.com", "outlook.com", "gmx.de", "yahoo.co.jp", "orange.fr", "proton.me")
_TITLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en": ("Head of Operations", "COO", "Planning Manager", "VP Supply Chain"),
        "de": ("Leiterin Einkauf", "Geschäftsführer", "Produktionsplaner"),
        "fr": ("Directrice des opérations", "Responsable logistique"),
        "es": ("Jefa de planta", "Director de operaciones"),
        "nl": ("Hoofd planning",),
        "sv": ("Inköpschef",),
        "ja": ("生産管理部長", "物流課長"),
        "el": ("Διευθύντρια παραγωγής",),
    }
)
_NEEDS = (
    "replace our spreadsheet",
    "Wir planen noch mit Excel",
    "plan twelve plants in one place",
    "日程計画を自動化したい",
    "une démo pour notre équipe",
    None,
)
#: Way in -> source of its events, and what marketing calls the origin.
_WAYS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "form": ("/forms/demo", ("organic", "paid_search", "organic", "referral")),
        "chat": ("/chat", ("organic",)),
        "ads": ("/ads/lead-form", ("paid_search",)),
        "partner": ("/partners/portal", ("partner",)),
        "event": ("/events/fair", ("event",)),
        "import": ("/imports/list", ("import",)),
    }
)
#: What the way in says of a submission, and not the person.
_WAY_FIELDS = frozenset({"channel", "original_source", "campaign"})
_CHANNELS = ("form", "form", "form", "chat", "ads", "ads", "partner", "event", "import")
#: Area codes that have the numbers 555-0100 to 555-0199, which nobody owns.
_AREAS = (202, 212, 312, 415, 512, 617, 713, 206, 303, 404)


@dataclass(frozen=True, slots=True)
class Submission:
    """What one person sent, and through which way."""

    source: str
    data: Data


class Submitters:
    """Invents people who submit leads; the same random numbers give the same people."""

    def __init__(self, rng: random.Random, companies: Sequence[Company], accounts: Sequence[Mapping[str, Any]]) -> None:
        self._rng = rng
        self._companies = companies
        self._known = [Company(row["name"], row["domain"], row["country"]) for row in accounts]
        self._number = 0
        self._kinds: tuple[tuple[Callable[[], Data], int], ...] = (
            (self._from_listed_company, 48),
            (self._from_account, 20),
            (self._from_small_company, 10),
            (self._with_free_mail, 6),
            (self._by_phone_only, 4),
            (self._seeks_support, 4),
            (self._reads_only, 6),
            (self._with_strange_words, 2),
        )

    def next(self) -> Submission:
        """Return the next submission, by somebody new."""
        kinds, weights = zip(*self._kinds, strict=True)
        self._number += 1
        make = self._rng.choices(kinds, weights)[0]
        return self._through_a_way(make())

    def again(self, former: Submission) -> Submission:
        """Return a later submission by somebody who wrote before, typed a little differently."""
        email = former.data.get("email")
        typed = {"email": email.upper()} if isinstance(email, str) else {}
        same = {name: value for name, value in former.data.items() if name not in _WAY_FIELDS}
        return self._through_a_way(same | typed | {"lead_type": "contact_sales"})

    def _through_a_way(self, data: Data) -> Submission:
        channel = "partner" if data.get("lead_type") == "partner_referral" else self._rng.choice(_CHANNELS)
        source, origins = _WAYS[channel]
        about = {"channel": channel, "original_source": self._rng.choice(origins), "campaign": "autumn-planning"}
        return Submission(source, about | data)

    def _person(self, country: str | None) -> tuple[Person, Data]:
        language = language_of(country)
        person = invent(self._rng, language)
        return person, {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "job_title": self._rng.choice(_TITLES[language]),
            "lead_type": self._rng.choice(("demo_request", "demo_request", "contact_sales", "partner_referral")),
            "declared_need": self._rng.choice(_NEEDS),
        }

    def _from(self, company: Company) -> Data:
        person, data = self._person(company.country)
        data |= {"email": f"{person.address}{self._number}@{company.domain}", "company": company.name}
        if self._rng.random() < 0.5:
            data["country"] = self._spelt(company.country)
        if self._rng.random() < 0.25:
            data["product"] = self._rng.choice(("Halyard Flow", "Flow", "Halyard Grid", "HalyardGrid"))
        return data

    def _from_listed_company(self) -> Data:
        return self._from(self._rng.choice(self._companies))

    def _from_account(self) -> Data:
        return self._from(self._rng.choice(self._known))

    def _from_small_company(self) -> Data:
        country = self._rng.choice(tuple(_SPELLINGS))
        person, data = self._person(country)
        name = f"{person.last_name} & {self._rng.choice(('Partners', 'Söhne', 'Works', 'Logistics'))}"
        return data | {
            "email": f"{person.address}@{person.address.partition('.')[2]}{self._number}.example",
            "company": name,
            "country": self._spelt(country) if self._rng.random() < 0.9 else self._rng.choice(_UNHEARD_OF),
            "employees": self._rng.choice(_SIZES),
        }

    def _with_free_mail(self) -> Data:
        person, data = self._person(self._rng.choice(tuple(_SPELLINGS)))
        data["email"] = f"{person.address}{self._number}@{self._rng.choice(_FREE_MAIL)}"
        if self._rng.random() < 0.5:
            data["company"] = self._rng.choice(self._companies).name
        return data

    def _by_phone_only(self) -> Data:
        _, data = self._person("US")
        area = _AREAS[self._number % len(_AREAS)]
        number = f"({area}) 555-01{self._number // len(_AREAS) % 100:02}"
        return data | {"phone": number, "country": "US", "employees": self._rng.choice(_SIZES)}

    def _seeks_support(self) -> Data:
        kind = self._from_account if self._rng.random() < 0.7 else self._from_listed_company
        return kind() | {"lead_type": "support_request", "declared_need": "login does not work"}

    def _reads_only(self) -> Data:
        return self._from_listed_company() | {"lead_type": "content_download", "declared_need": None}

    def _with_strange_words(self) -> Data:
        strange = self._rng.choice(
            ({"lead_type": "raffle"}, {"product": "Halyard Teapot"}, {"original_source": "podcast"})
        )
        language = self._rng.choice(sorted(LANGUAGES))
        return (
            self._from_listed_company()
            | {"test": self._rng.random() < 0.2, "attributes": {"language": language}}
            | strange
        )

    def _spelt(self, country: str | None) -> str | None:
        return self._rng.choice(_SPELLINGS[country]) if country and country in _SPELLINGS else country

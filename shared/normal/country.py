"""Countries: ISO 3166 alpha-2 from codes, names in many languages, common spellings and single-edit typing errors."""

import gettext
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import pycountry
from rapidfuzz import process
from rapidfuzz.distance import OSA

from shared.normal.country_names import ALIASES, ARTICLES, LANGUAGES, MENDED_LANGUAGES
from shared.normal.country_un_names import UN_NAMES
from shared.normal.text import clean, words

# The longest official name in any language has about 80 letters; what is longer is no country.
_LIMIT = 100

# A typing error is mended when one edit (a letter added, lost, changed, or two swapped) leads to exactly one country,
# to a name of at least six letters, and not in the first letter: in shorter names an edit often makes another country
# (Iran, Iraq), and people rarely miss the first.
_MENDABLE_LETTERS = 6


@dataclass(frozen=True, slots=True)
class Country:
    """A country that was understood."""

    code: str
    """ISO 3166-1 alpha-2; XK for Kosovo."""
    mended: bool
    """True when a typing error was mended on the way."""


def normal_country(text: str) -> Country | None:
    """Return the country that a code, a name or a slightly misspelt name stands for, or None when that is not plain."""
    return _understood(text) if len(text) <= _LIMIT else None


@lru_cache(maxsize=16_384)
def _understood(text: str) -> Country | None:
    given = clean(text, _LIMIT) or ""
    # With its bracketed remark first: "Korea (Democratic People's Republic of)" is not "Korea".
    names = dict.fromkeys(name for name in (_plain(given), _plain(given.partition("(")[0])) if name)
    exact = next((code for name in names if (code := _english().get(name) or _foreign(name))), None)
    if exact:
        return Country(exact, mended=False)
    mended = next((code for name in names if (code := _mend(name))), None)
    return Country(mended, mended=True) if mended else None


def country_code(value: object) -> str | None:
    """Return the ISO alpha-2 code of a country as people write it, or None."""
    country = normal_country(value) if isinstance(value, str) else None
    return country.code if country else None


def _plain(text: str) -> str:
    """Return the folded letters of a name without spaces, "and" and the articles in front."""
    parts = words(text)
    while len(parts) > 1 and parts[0] in ARTICLES:
        parts = parts[1:]
    return "".join(part for part in parts if part != "and" or len(parts) == 1)


@cache
def _english() -> dict[str, str]:
    """Return codes and English names; the aliases win over everything else."""
    known: dict[str, str] = {}
    for country in pycountry.countries:
        for name in (country.alpha_2, country.alpha_3, country.numeric, *_names(country)):
            known.setdefault(_plain(name), country.alpha_2)
    return known | {_plain(alias): code for code, aliases in ALIASES.items() for alias in aliases}


@cache
def _worldwide() -> dict[str, str]:
    """Return the names in the languages of the world; a name that means two countries is left out."""
    meant: dict[str, set[str]] = {}
    for language in LANGUAGES:
        for name, code in _translated(language):
            meant.setdefault(name, set()).add(code)
    united_nations = {_plain(name): code for code, names in UN_NAMES.items() for name in names}
    return {name: codes.pop() for name, codes in meant.items() if len(codes) == 1} | united_nations


def _translated(language: str) -> list[tuple[str, str]]:
    translation = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language], fallback=True)
    return [
        (_plain(translation.gettext(name)), country.alpha_2)
        for country in pycountry.countries
        for name in _names(country)
    ]


@cache
def _mendable() -> dict[str, str]:
    """Return the names that a typing error is measured against: English, and the foreign languages most often typed."""
    common = {
        name: code for language in MENDED_LANGUAGES for name, code in _translated(language) if name in _worldwide()
    }
    known = common | _english()
    # Codes are too short to be misspelt; names one letter short of the bound still count as a second candidate.
    return {name: code for name, code in known.items() if len(name) >= _MENDABLE_LETTERS - 1 and not name.isdigit()}


def _names(country: Any) -> list[str]:
    found = (getattr(country, field, None) for field in ("name", "common_name", "official_name"))
    return [name for name in found if name]


def _foreign(name: str) -> str | None:
    """Return what a name means in another language, unless it is as well an English name with one error ("Nigera")."""
    code = _worldwide().get(name)
    if code is None or len(name) < _MENDABLE_LETTERS:
        return code
    return code if {other for _, other in _near(name, _english())} <= {code} else None


def _mend(name: str) -> str | None:
    near = _near(name, _mendable())
    codes = {code for _, code in near}
    plain = any(len(spelling) >= _MENDABLE_LETTERS and spelling[0] == name[0] for spelling, _ in near)
    return codes.pop() if len(codes) == 1 and plain else None


def _near(name: str, known: dict[str, str]) -> list[tuple[str, str]]:
    """Return the names one edit away, with their countries."""
    found = process.extract(name, known.keys(), scorer=OSA.distance, score_cutoff=1, limit=None)
    return [(spelling, known[spelling]) for spelling, _, _ in found]

"""Places: countries, states and postal codes in the forms of submissions, which depend on the country."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import pycountry

from shared.normal.country import country_code
from shared.normal.postal import normal_postal, state_of_zip
from shared.normal.state import normal_state
from shared.policy.condition import FieldTest
from shared.policy.evaluate import prefix_form
from shared.policy.proof.choices import NAMES_APART, Asked, Choice, Variable

#: Codes of countries beside those of ISO 3166.
_MORE_COUNTRIES: Final = ("XK",)

#: The forms of postal codes, each with a country that writes them so: 9 is a digit, A a letter, * either.
_PATTERNS: Final[dict[str, tuple[str, ...]]] = {
    "US": ("99999",),
    "GB": ("A9 9AA", "A99 9AA", "AA9 9AA", "AA99 9AA", "A9A 9AA", "AA9A 9AA"),
    "CA": ("A9A 9A9",),
    "DE": ("99999",),
    "AT": ("9999",),
    "": ("9999", "*9", "**9", "***9", "****9", "*****9", "******9", "*******9", "********9", "*********9"),
}
#: A form of its own: United States codes that lie in no state, since others bring a state along.
STATELESS: Final = "US without a state"
_SIGNS: Final = {"9": "0123456789", "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "*": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}

#: Countries whose states are a closed list.
WITH_STATES: Final = ("US", "CA")
#: Every pair of letters, which is every code that a state can have.
_PAIRS: Final = tuple(f"{a}{b}" for a in _SIGNS["A"] for b in _SIGNS["A"])


def postal_form(country: str | None) -> str:
    """The form in which a country writes its postal codes."""
    if country in ("US", "GB", "CA"):
        return country
    for form in ("DE", "AT"):
        code = _PATTERNS[form][0].replace("9", "1")
        # A country with as many digits takes this code and refuses a longer one.
        if normal_postal(code, country) == code and normal_postal(f"{code}1", country) is None:
            return form
    return ""


def state_form(country: str | None) -> str:
    """The form in which a country writes its states: its own codes, or any word."""
    return country if country in WITH_STATES else ""


def countries(tests: Mapping[FieldTest, int]) -> tuple[Choice, ...]:
    """The countries, sorted by what is asked of them and by how they write the rest of an address."""
    asked = Asked(tests)
    codes = [*(one.alpha_2 for one in pycountry.countries), *_MORE_COUNTRIES]
    found: dict[tuple[frozenset[int], str, str], list[str]] = {}
    for code in (code for code in codes if country_code(code) == code):
        found.setdefault((asked.hits(code), postal_form(code), state_form(code)), []).append(code)
    return tuple(Choice(members[0], key[0], asked.name(members)) for key, members in found.items())


def states(tests: Mapping[FieldTest, int]) -> Variable:
    """The states: codes in the United States and Canada, any word elsewhere."""
    asked = Asked(tests)
    found = _Found(asked)
    for country in WITH_STATES:
        for code in (pair for pair in _PAIRS if normal_state(pair, country) == pair):
            found.add(country, code)
    for word in (*asked.spelled.values(), *asked.plain_words()):
        known = normal_state(word)
        if known is not None:
            found.add("", known)
    return Variable("state", found.choices(), tests)


class _Found:
    """Values by the tests that they meet, the first of each form, and what those are called that are asked for."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._forms: dict[frozenset[int], dict[str, object]] = {}
        self._names: dict[frozenset[int], dict[str, None]] = {}

    def add(self, form: str, value: str) -> None:
        """Note a value in a form."""
        hits = self._asked.hits(value)
        self._forms.setdefault(hits, {}).setdefault(form, value)
        if hits:
            self._names.setdefault(hits, {})[self._asked.name([value])] = None

    def has_beginning(self, form: str, beginning: str) -> bool:
        """Say whether a value that meets the same tests as this beginning is there in a form."""
        hits = self._asked.hits_of_beginning(beginning)
        if form not in self._forms.get(hits, {}):
            return False
        if beginning:
            self._names.setdefault(hits, {})[f"{beginning}..."] = None
        return True

    def choices(self) -> tuple[Choice, ...]:
        """One choice for each set of tests."""
        return tuple(
            Choice(next(iter(forms.values())), hits, NAMES_APART.join(self._names.get(hits, ())), forms)
            for hits, forms in self._forms.items()
        )


def postal_codes(tests: Mapping[FieldTest, int]) -> Variable:
    """The postal codes, for each form of country that can write them."""
    asked = Asked(tests)
    found = _Found(asked)
    for form, country in (*((form, form) for form in _PATTERNS), (STATELESS, "US")):
        fits = _in_no_state if form == STATELESS else _anywhere
        for word in asked.spelled.values():
            known = normal_postal(word, country or None)
            if known is not None and fits(known):
                found.add(form, known)
        for beginning in ("", *asked.beginnings):
            if not found.has_beginning(form, beginning):
                code = next(_codes(beginning, _PATTERNS[country], asked, fits), None)
                if code is not None and normal_postal(code, country or None) == code:
                    found.add(form, code)
    return Variable("postal_code", found.choices(), tests)


def can_begin(beginning: str, country: str, *, whole: bool = False) -> bool:
    """Say whether a postal code of a country, or of any where it is blank, begins so, or is this as a whole."""
    forms = (postal_form(country or None),) if country else tuple(_PATTERNS)
    for form in forms:
        example = (form if form in ("US", "GB", "CA", "DE", "AT") else "") or None
        if whole:
            known = normal_postal(beginning, example)
            fits = known is not None and prefix_form(known) == beginning
        else:
            fits = next(_codes(beginning, _PATTERNS[form], Asked({}), _anywhere), None) is not None
        if fits:
            return True
    return False


def _anywhere(_code: str) -> bool:
    """Take every code."""
    return True


def _in_no_state(code: str) -> bool:
    """Take the United States codes that no state has, as soon as their first three digits say so."""
    return len(code) < 3 or state_of_zip(code.ljust(5, "0")) is None


def _codes(beginning: str, patterns: tuple[str, ...], asked: Asked, fits: Callable[[str], bool]) -> Iterator[str]:
    """Codes of these patterns that begin so and show nothing else that is asked for."""
    for pattern in patterns:
        yield from _filled("", pattern, beginning, asked, fits)


def _filled(code: str, pattern: str, beginning: str, asked: Asked, fits: Callable[[str], bool]) -> Iterator[str]:
    """Fill the rest of a pattern sign by sign."""
    form = prefix_form(code)
    if len(form) > len(beginning) and form in asked.beginnings:
        return
    if len(code) == len(pattern):
        if asked.is_plain(form, beginning):
            yield code
        return
    kind = pattern[len(code)]
    forced = beginning[len(form)].upper() if len(form) < len(beginning) else ""
    for sign in " " if kind == " " else _SIGNS[kind]:
        if (kind == " " or not forced or sign == forced) and fits(code + sign):
            yield from _filled(code + sign, pattern, beginning, asked, fits)

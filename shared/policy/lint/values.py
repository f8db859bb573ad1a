"""Values that no lead can have: mistyped beginnings of postal codes, missing states, words in another form."""

from collections.abc import Iterator, Mapping
from typing import Final

import pycountry

from shared.normal.country import country_code
from shared.normal.industry import normal_industry
from shared.normal.state import normal_state
from shared.policy.condition import All, Condition, FieldTest, Not, Op
from shared.policy.document import PolicyDocument
from shared.policy.errors import Finding, error
from shared.policy.evaluate import prefix_form
from shared.policy.lint.names import closed_words, conditions_of
from shared.policy.proof.places import can_begin
from shared.policy.words import fold, suggestion

_LISTS: Final = (Op.IN, Op.NOT_IN)


def check_values(document: PolicyDocument) -> Iterator[Finding]:
    """Words and beginnings that are compared with what submissions bring into another form, or with a closed list."""
    words = closed_words(document)
    for place, line, condition in conditions_of(document):
        for test, countries in _tests(condition, ()):
            for value in map(str, test.values if test.op in (*_LISTS, Op.STARTS_WITH) else ()):
                mend = _wrong(test, value, countries, words)
                if mend is not None:
                    begins = " with a beginning of" if test.op is Op.STARTS_WITH else ""
                    message = (
                        f"{place} asks for the {test.field.replace('_', ' ')}{begins} `{value}`, which no lead can have"
                    )
                    yield error("word.never", message, test.line or line, mend)


def _tests(condition: Condition, countries: tuple[str, ...]) -> Iterator[tuple[FieldTest, tuple[str, ...]]]:
    """Every test, with the countries that stand beside it; none where any country may be meant."""
    if isinstance(condition, FieldTest):
        yield condition, countries
    elif isinstance(condition, Not):
        yield from _tests(condition.part, countries)
    else:
        beside = [
            one for one in condition.parts if isinstance(one, FieldTest) and one.field == "country" and one.op is Op.IN
        ]
        known = (
            tuple(str(value).upper() for one in beside for value in one.values) if isinstance(condition, All) else ()
        )
        for part in condition.parts:
            yield from _tests(part, known or countries)


def _wrong(test: FieldTest, value: str, countries: tuple[str, ...], words: Mapping[str, tuple[str, ...]]) -> str | None:
    """Say how to mend a value that no lead can have; None where one can."""
    if test.field == "postal_code":
        begins = prefix_form(value)
        fits = any(can_begin(begins, code, whole=test.op in _LISTS) for code in countries or ("",))
        return None if fits else "look for a letter in place of a digit, and for a code that is too long"
    if test.op is Op.STARTS_WITH:
        return _beginning(test, value, words)
    if test.field not in ("state", "industry"):
        return None
    forms = [_form(test.field, value, code) for code in countries or ("",)]
    # Whoever lists `Quebec` beside `QC` loses nothing by it.
    if {fold(value), *map(fold, map(str, test.values))} & {fold(one) for one in forms if one is not None}:
        return None
    found = next((one for one in forms if one is not None), None)
    return f"write `{found}`" if found else "write the two letters of the state"


def _form(field: str, value: str, country: str) -> str | None:
    """The form in which a lead has this value."""
    return normal_state(value, country) if field == "state" else normal_industry(value)


def _beginning(test: FieldTest, value: str, words: Mapping[str, tuple[str, ...]]) -> str | None:
    """Say what begins so of a closed list; None where something does, or the list is open."""
    known = words.get(test.field)
    if test.field == "country":
        known = tuple(one.alpha_2 for one in pycountry.countries if country_code(one.alpha_2))
    if (
        known is None
        or test.field == "original_source"
        or any(prefix_form(word).startswith(prefix_form(value)) for word in known)
    ):
        return None
    return suggestion(value, known) if test.field != "country" else "country codes have two letters"

"""Telephone numbers: E.164 with the country, from national and international spellings."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, NumberParseException, PhoneMetadata

# E.164 allows 15 digits; with a prefix, an extension and generous punctuation a number stays below this.
_LIMIT = 80

# A number without words or extension: digits and what people put between them.
_PLAIN = re.compile(r"\+?[0-9(][0-9 ()./\u2010-\u2015\u00a0-]*\Z")
_NOT_DIGIT = re.compile(r"[^0-9]+")

# The region that libphonenumber gives to codes of no country (+800 freephone, +870 satellites).
_NOWHERE = "001"


@dataclass(frozen=True, slots=True)
class Phone:
    """A valid telephone number."""

    e164: str
    """Plus sign and digits, such as "+442079460958"."""
    country: str | None
    """ISO alpha-2 of the country that the number belongs to; None for numbers of no country."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """The part of a region's numbering plan that decides plain numbers, compiled once."""

    code: str
    """The country calling code, such as "44"."""
    possible: re.Pattern[str]
    kinds: tuple[re.Pattern[str], ...]
    leading: re.Pattern[str] | None
    trunk: re.Pattern[str] | None
    """What people dial inside the country before the number ("0"), when it is simply left out."""
    dial_out: re.Pattern[str] | None
    transforms: bool
    """True when the trunk prefix is replaced and not only left out; the library decides such numbers."""

    def valid(self, number: str) -> bool:
        return self.possible.fullmatch(number) is not None and any(kind.fullmatch(number) for kind in self.kinds)


def normal_phone(text: object, country: str | None = None) -> Phone | None:
    """Return the number in E.164 with its country, or None when it is not a valid number.

    A number without "+" is read as dialled inside `country` (ISO alpha-2), and without a country it is unknown.
    """
    if not isinstance(text, str) or not 2 <= len(text) <= _LIMIT:
        return None
    given = text.strip()
    if not _PLAIN.match(given):
        return _by_library(given, country)
    digits = _NOT_DIGIT.sub("", given)
    phone = _international(digits) if given[0] == "+" else _national(digits, country)
    return phone or _by_library(given, country)


def countries_of(phone: Phone) -> frozenset[str]:
    """Return every country in which the number is valid: one for most, many for freephone numbers of a shared code."""
    code = _code(phone.e164[1:])
    if code is None:
        return frozenset()
    number = phone.e164[1 + len(code) :]
    regions = [region for region in COUNTRY_CODE_TO_REGION_CODE[int(code)] if region != _NOWHERE]
    return frozenset(region for region in regions if _plan(region).valid(number)) | (
        {phone.country} if phone.country else set()
    )


def countries_of_prefix(prefix: str) -> tuple[str, ...]:
    """Return the countries that share the calling code at the start of an E.164 number, the main one first."""
    code = _code(prefix.removeprefix("+"))
    return tuple(region for region in COUNTRY_CODE_TO_REGION_CODE[int(code)] if region != _NOWHERE) if code else ()


def _international(digits: str) -> Phone | None:
    code = _code(digits)
    if code is None:
        return None
    main = _plan_of_code(code)
    number = _without_trunk(digits[len(code) :], main) if main else None
    return _in_region(code, number) if number else None


def _national(digits: str, country: str | None) -> Phone | None:
    plan = _plan(country) if country and country in phonenumbers.SUPPORTED_REGIONS else None
    if plan is None or (plan.dial_out and plan.dial_out.match(digits)):
        return None
    number = _without_trunk(digits, plan)
    return _in_region(plan.code, number) if number else None


def _without_trunk(number: str, plan: _Plan) -> str | None:
    """Return the number as it is dialled from abroad, or None where only the library knows."""
    trunk = plan.trunk.match(number) if plan.trunk else None
    if trunk is None or not trunk.end():
        return number if plan.possible.fullmatch(number) else None
    if plan.transforms:
        return None
    rest = number[trunk.end() :]
    return rest if plan.possible.fullmatch(rest) else None


def _in_region(code: str, number: str) -> Phone | None:
    """Return the number under the first region of its code that claims it, in the library's order."""
    for region in COUNTRY_CODE_TO_REGION_CODE[int(code)]:
        plan = _plan(region) if region != _NOWHERE else None
        if plan is None:
            return None
        if plan.leading.match(number) if plan.leading else plan.valid(number):
            return Phone(f"+{code}{number}", region) if plan.valid(number) else None
    return None


@lru_cache(maxsize=4096)
def _by_library(given: str, country: str | None) -> Phone | None:
    try:
        number = phonenumbers.parse(given, country)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    region = phonenumbers.region_code_for_number(number)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164, None if region == _NOWHERE else region)


def _code(digits: str) -> str | None:
    if digits.startswith("0"):
        return None
    return next(
        (digits[:n] for n in (1, 2, 3) if digits[:n].isdecimal() and int(digits[:n]) in COUNTRY_CODE_TO_REGION_CODE),
        None,
    )


def _plan_of_code(code: str) -> _Plan | None:
    region = COUNTRY_CODE_TO_REGION_CODE[int(code)][0]
    return _plan(region) if region != _NOWHERE else None


@cache
def _plan(region: str) -> _Plan:
    known: Any = PhoneMetadata.metadata_for_region(region)
    kinds = (
        *(known.fixed_line, known.mobile, known.toll_free, known.premium_rate, known.shared_cost),
        *(known.voip, known.personal_number, known.pager, known.uan, known.voicemail),
    )
    return _Plan(
        code=str(known.country_code),
        possible=re.compile(known.general_desc.national_number_pattern),
        kinds=tuple(
            re.compile(kind.national_number_pattern) for kind in kinds if kind and kind.national_number_pattern
        ),
        leading=re.compile(known.leading_digits) if known.leading_digits else None,
        trunk=re.compile(known.national_prefix_for_parsing) if known.national_prefix_for_parsing else None,
        dial_out=re.compile(known.international_prefix) if known.international_prefix else None,
        transforms=bool(known.national_prefix_transform_rule),
    )

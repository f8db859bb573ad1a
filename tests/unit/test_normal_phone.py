"""Telephone numbers: examples of all regions, and equality of the quick way with the library."""

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import SUPPORTED_REGIONS, PhoneNumberType, example_number_for_type, format_number
from phonenumbers import PhoneNumberFormat as Format

from shared.normal.phone import Phone, _by_library, countries_of, countries_of_prefix, normal_phone


@pytest.fixture(scope="module")
def examples(shared_data: Path) -> list[dict[str, str]]:
    """Example numbers of every region and kind."""
    with (shared_data / "contact_validation" / "phone_examples.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_numbers_of_all_regions_are_understood(examples: list[dict[str, str]]) -> None:
    """Each valid example has its E.164 form, whether written for abroad or as dialled at home."""
    valid = [row for row in examples if row["valid"] == "1"]

    wrong = [
        (row["region"], text)
        for row in valid
        for text, country in ((row["e164"], None), (row["international"], None), (row["national"], row["region"]))
        if (phone := normal_phone(text, country)) is None or phone.e164 != row["e164"]
    ]

    assert len({row["region"] for row in valid}) > 240
    assert wrong == []


def test_invalid_numbers_are_refused(examples: list[dict[str, str]]) -> None:
    """No example of an invalid number is taken."""
    assert [row for row in examples if row["valid"] == "0" and normal_phone(row["e164"])] == []


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("+44 20 7946 0958", None, Phone("+442079460958", "GB")),
        ("+44 (0)20 7946 0958", None, Phone("+442079460958", "GB")),
        ("020 7946 0958", "GB", Phone("+442079460958", "GB")),
        ("(415) 555-0132", "US", Phone("+14155550132", "US")),
        ("1-415-555-0132", "US", Phone("+14155550132", "US")),
        ("001 415 555 0132", "DE", Phone("+14155550132", "US")),
        ("415.555.0132 ext. 7", "US", Phone("+14155550132", "US")),
        ("030/901820", "DE", Phone("+4930901820", "DE")),
        ("+39 02 3661 8300", None, Phone("+390236618300", "IT")),
        ("+1 416 555 0132", None, Phone("+14165550132", "CA")),
        ("+800 1234 5678", None, Phone("+80012345678", None)),
        ("020 7946 0958", None, None),
        ("020 7946 0958", "Atlantis", None),
        ("call me", "US", None),
        ("", "US", None),
        ("+0 18692363123", None, None),
    ],
)
def test_numbers_as_people_write_them(text: str, country: str | None, expected: Phone | None) -> None:
    """Prefixes, punctuation and home spellings lead to one form; without a country a home number is unknown."""
    assert normal_phone(text, country) == expected


def test_freephone_belongs_to_every_country_of_its_code() -> None:
    """A number that is valid in many countries contradicts none of them."""
    phone = normal_phone("+1 800 212 3456")

    assert phone is not None
    assert {"US", "CA", "JM"} <= countries_of(phone)


def test_a_local_number_belongs_to_one_country() -> None:
    """A number of one town contradicts every other country."""
    phone = normal_phone("+1 416 555 0132")

    assert phone is not None
    assert countries_of(phone) == {"CA"}


def test_prefixes_name_their_countries() -> None:
    """The calling code says which countries share it, the main one first."""
    assert countries_of_prefix("+14165550132")[0] == "US"
    assert "CA" in countries_of_prefix("+1")
    assert countries_of_prefix("+49 30") == ("DE",)
    assert countries_of_prefix("+0") == ()


KINDS = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.TOLL_FREE)


@st.composite
def _almost_numbers(draw: st.DrawFn) -> tuple[str, str | None]:
    """Numbers of all regions in several spellings, with up to three characters changed, added or lost."""
    region = draw(st.sampled_from(sorted(SUPPORTED_REGIONS)))
    number = example_number_for_type(region, draw(st.sampled_from(KINDS))) or example_number_for_type(region, KINDS[0])
    form = draw(st.sampled_from([Format.E164, Format.NATIONAL, Format.INTERNATIONAL]))
    text = list(format_number(number, form)) if number else ["0"]
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        text[place : place + draw(st.integers(0, 1))] = draw(
            st.sampled_from(["", "0", "1", "9", "-", " ", "(0)", "00"])
        )
    return "".join(text), draw(st.sampled_from([None, region, "US", "GB", "DE", "BR", "MX", "AR", "IT"]))


@given(_almost_numbers())
@settings(max_examples=500)
def test_the_quick_way_agrees_with_the_library(case: tuple[str, str | None]) -> None:
    """The precompiled numbering plans say exactly what libphonenumber says."""
    text, country = case

    expected = _by_library.__wrapped__(text.strip(), country)

    assert normal_phone(text, country) == (expected if len(text) >= 2 else None)


@given(st.text(max_size=100), st.none() | st.sampled_from(["US", "DE", "XX"]))
def test_any_text_can_be_asked(text: str, country: str | None) -> None:
    """Any text is answered, and a normal form is its own normal form."""
    phone = normal_phone(text, country)

    assert phone is None or normal_phone(phone.e164) == phone

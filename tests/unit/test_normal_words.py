"""Employees, industries, family names, free text, and whether a lead can be reached."""

import csv
import unicodedata
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.normal.contact import valid_contact
from shared.normal.country import country_code
from shared.normal.employees import Employees, normal_employees
from shared.normal.industry import INDUSTRIES, normal_industry
from shared.normal.person_name import last_name_key
from shared.normal.text import clean, fold, is_placeholder, slug


@pytest.mark.parametrize(
    ("value", "lower", "upper"),
    [
        *(("200-500", 200, 500), ("51 to 200", 51, 200), ("250 – 499", 250, 499), ("1,000-5,000", 1000, 5000)),
        *(("between 50 and 100", 50, 100), ("1-5k", 1000, 5000), ("1001-5000 employees", 1001, 5000)),
        *(("50~100", 50, 100), ("3,167 (average, 2021)", 3167, 3167), ("c.250", 250, 250), ("ca. 300", 300, 300)),
        *(("1.2k", 1200, 1200), ("1,5k", 1500, 1500), ("10,000+", 10000, None), ("c. 3,000+ (2021)", 3000, None)),
        *(("500 or more", 500, None), ("more than 500", 501, None), ("> 2,000", 2001, None), ("≥10", 10, None)),
        *(("<50", 1, 49), ("up to 50", 1, 50), ("under 10", 1, 9), (495, 495, 495), (495.0, 495, 495)),
        *(("1 000", 1000, 1000), ("1.000", 1000, 1000), ("1'000", 1000, 1000), ("1.234.567", 1234567, 1234567)),
        *(("(250)", 250, 250), ("about 300 people", 300, 300), ("２００", 200, 200), ("Self-employed", 1, 1)),
        *(("250 in 2021", 250, 250), ("~95,000", 95000, 95000), ("2 million", 2_000_000, 2_000_000)),
    ],
)
def test_employees_as_people_write_them(value: object, lower: int, upper: int | None) -> None:
    """Numbers, ranges and estimates are understood; a range counts by its lower bound."""
    assert normal_employees(value) == Employees(lower, upper)


@pytest.mark.parametrize(
    "value",
    [
        *("lots", "", "0", "-5", "500-200", "1.5", "1,2,3", "12 34", "1e5", "nan", "inf", "999999999999", "11-Oct"),
        *(None, True, 0, -1, 2.5, float("nan"), float("inf"), 10**400, ["200"], {"a": 1}, "9" * 500),
    ],
)
def test_what_is_no_number_of_employees(value: object) -> None:
    """What means no number, or none a company has, is unknown."""
    assert normal_employees(value) is None


@given(st.integers(1, 10_000_000), st.integers(0, 1000), st.sampled_from(["-", " - ", " to ", "–", " and "]))
def test_every_written_range_is_read_back(lower: int, more: int, joint: str) -> None:
    """A range with or without separators of thousands is understood as it was meant."""
    upper = min(lower + more, 10_000_000)

    assert normal_employees(f"{lower}{joint}{upper}") == Employees(lower, upper)
    assert normal_employees(f"{lower:,}{joint}{upper:,}") == Employees(lower, upper)


@given(st.one_of(st.text(), st.text("0123456789 -+<>.,kto()c~", max_size=30), st.floats(), st.integers()))
def test_any_value_can_be_asked_for_employees(value: object) -> None:
    """Any value is answered, and bounds are in order."""
    found = normal_employees(value)

    assert found is None or 1 <= found.lower <= (found.upper or found.lower)


@pytest.mark.parametrize(
    ("text", "industry"),
    [
        *(("technolgy", "technology"), ("medical", "medical"), ("retail", "retail"), ("software", "software")),
        *(("entertainment", "entertainment"), ("marketing", "marketing"), ("telecommunications", "telecommunications")),
        *(("finance", "finance"), ("employment", "employment"), ("services", "services"), ("Health Care", "medical")),
        *(("Oil & Gas", "energy"), ("Information Technology", "technology"), ("Financials", "finance")),
        *(("Education / student", "education_student"), ("press", "press"), ("Basket weaving", "basket_weaving")),
        *(("n/a", None), ("", None), ("!!", None)),
    ],
)
def test_industries(text: str, industry: str | None) -> None:
    """Known words become one word, misspelt ones too, and unknown ones stay as slugs for policies that name them."""
    assert normal_industry(text) == industry


def test_the_sample_accounts_are_understood(shared_data: Path) -> None:
    """Every sector and country of the sample CRM is understood, the misspelt ones too."""
    with (shared_data / "crm_sales_opportunities" / "accounts.csv").open(encoding="utf-8", newline="") as file:
        accounts = list(csv.DictReader(file))

    assert len(accounts) == 85
    assert {normal_industry(account["sector"]) for account in accounts} <= INDUSTRIES
    assert all(country_code(account["office_location"]) for account in accounts)
    assert country_code("Philipines") == "PH"
    assert normal_industry("technolgy") == "technology"


def test_industries_are_their_own_normal_form() -> None:
    """Each word of the closed list stands for itself."""
    assert {normal_industry(industry) for industry in INDUSTRIES} == INDUSTRIES
    assert len(INDUSTRIES) > 20


@pytest.mark.parametrize(
    ("name", "key"),
    [
        *(
            ("O'Brien, Jr.", "obrien"),
            ("O\u2019BRIEN", "obrien"),
            ("García-López", "garcialopez"),
            ("van der Berg", "vanderberg"),
        ),
        *(
            ("Smith III", "smith"),
            ("Jr", "jr"),
            ("Ng", "ng"),
            ("李", "李"),
            ("...", None),
            ("", None),
            ("Müller PhD", "muller"),
        ),
    ],
)
def test_last_names(name: str, key: str | None) -> None:
    """Titles, accents and punctuation do not make another family."""
    assert last_name_key(name) == key


@pytest.mark.parametrize(
    ("given_text", "cleaned"),
    [
        ("  Ana \t Lima\n", "Ana Lima"),
        ("A\x00c\x07me", "Acme"),
        ("\u202eevil\u202c", "evil"),
        ("zero\u200bwidth", "zerowidth"),
        ("Jose\u0301", "José"),
        ("half \ud800 pair", "half pair"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u200b\u00a0", None),
        ("", None),
        (7, None),
    ],
)
def test_cleaning(given_text: object, cleaned: str | None) -> None:
    """Invisible characters go, visible ones stay, and what is empty is nothing."""
    assert clean(given_text) == cleaned


@given(st.text(st.characters(), max_size=500), st.integers(1, 100))
def test_clean_text_is_stable_and_storable(text: str, limit: int) -> None:
    """Clean text is short, NFC, without NUL, valid UTF-8, and cleaning it again changes nothing."""
    cleaned = clean(text, limit)

    assert cleaned is None or (
        len(cleaned) <= limit
        and unicodedata.is_normalized("NFC", cleaned)
        and "\x00" not in cleaned
        and orjson.loads(orjson.dumps(cleaned)) == cleaned
        and clean(cleaned, limit) == cleaned
    )


@given(st.text(max_size=60))
def test_folding_and_slugs_are_stable(text: str) -> None:
    """A folded text folds to itself, and a slug is its own slug."""
    assert fold(fold(text)) == fold(text)
    made = slug(text)
    assert made is None or slug(made) == made


def test_placeholders() -> None:
    """Words that stand for nothing are told from words that are short."""
    assert [is_placeholder(text) for text in ("N/A", "--", "null", "NA", "X", "Null Island")] == [
        *(True, True, True),
        *(False, False, False),
    ]


@pytest.mark.parametrize(
    ("data", "reachable"),
    [
        ({"email": "ana@acme.example"}, True),
        ({"email": "nonsense", "phone": "+442079460958"}, True),
        ({"phone": "020 7946 0958", "country": "UK"}, True),
        ({"phone": "020 7946 0958"}, False),
        ({"phone": 442079460958}, False),
        ({"phone": 2079460958, "country": "GB"}, True),
        ({"email": ["ana@acme.example"]}, False),
        ({"phone": 10**400, "email": None}, False),
        ({"phone": True, "country": "US"}, False),
        ({"first_name": "No", "last_name": "Contact"}, False),
        ({}, False),
    ],
)
def test_who_can_be_reached(data: dict[str, object], reachable: bool) -> None:
    """A lead needs one valid address or number; a home number counts when the country is known."""
    assert valid_contact(data) is reachable

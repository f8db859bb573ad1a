"""The CRM data set through the whole pipeline, with the example policy written for it."""

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.normal.company import company_key
from tests.fixtures.crm import Crm, Row, load_crm
from tests.fixtures.pipeline import Pipeline, lead_event


@pytest.fixture(scope="module")
def crm(shared_data: Path) -> Crm:
    """The data set."""
    return load_crm(shared_data)


@pytest.fixture
def maven(pipeline: Pipeline, crm: Crm, shared_data: Path) -> Pipeline:
    """A pipeline with the example policy and all of the data set."""
    pipeline.activate((shared_data.parent / "examples" / "policy.yaml").read_text(encoding="utf-8"))
    for kind, rows in (("reps", crm.reps), ("accounts", crm.accounts), ("opportunities", crm.opportunities)):
        assert set(pipeline.sync(kind, rows)) == {"inserted"}
    return pipeline


def _newest_owner(crm: Crm, account_id: str) -> str:
    """Return the owner of an account's newest open deal, found the slow way."""
    deals = [one for one in crm.opportunities if one["account_id"] == account_id and one["is_open"] == "true"]
    newest = max(deals, key=lambda deal: (deal["opened_at"], [-ord(letter) for letter in deal["opportunity_id"]]))
    return newest["owner_rep_id"]


def _lead_of(account: Row, number: int, *, slips: bool = False) -> dict[str, Any]:
    """Return a lead of a company: every other one is known by its domain, the rest by a name that is not quite it."""
    name = account["name"]
    if number % 2:
        return lead_event(email=f"buyer{number}@{account['domain']}", company=name)
    # A single slip is within the threshold in names of so many letters.
    is_slip = slips and len(company_key(name) or "") >= 13
    written = name[:-3] + name[-2] + name[-3] + name[-1] if is_slip else name.upper()
    return lead_event(email=f"buyer{number}@gmail.com", company=f"{written} Inc.")


def test_the_data_set_is_all_there(maven: Pipeline) -> None:
    """35 reps, 85 accounts, and the open opportunities, those without an account as well."""
    assert maven.value("SELECT count(*) FROM rep WHERE status = 'active'") == 35
    assert maven.value("SELECT count(*) FROM account WHERE country ~ '^[A-Z]{2}$' AND industry IS NOT NULL") == 85
    assert maven.value("SELECT count(*) FROM opportunity WHERE is_open") == 2089
    assert maven.value("SELECT count(*) FROM opportunity WHERE is_open AND account_id IS NULL") == 1425


def test_a_lead_of_each_company_goes_to_the_owner_of_its_newest_open_deal(maven: Pipeline, crm: Crm) -> None:
    """All 85, by domain or by a name with a slip in it."""
    events = [_lead_of(account, number, slips=True) for number, account in enumerate(crm.accounts)]

    lead_ids = maven.route(*events)

    leads = [maven.lead(lead_id) for lead_id in lead_ids]
    assert [lead["account_id"] for lead in leads] == [account["account_id"] for account in crm.accounts]
    assert [lead["owner"] for lead in leads] == [_newest_owner(crm, account["account_id"]) for account in crm.accounts]
    assert {(lead["status"], lead["rule"]) for lead in leads} == {("offered", "open-opportunity")}
    assert maven.breaches() == []


def _rule_for(account: Row) -> str:
    """Return the rule for a company without a deal: by its size, else by its country; no state is known of any."""
    if int(account["employees"]) >= 2000:
        return "enterprise"
    return "central" if account["country"] == "United States" else "overseas"


def test_without_an_open_deal_a_company_goes_by_rule(maven: Pipeline, crm: Crm) -> None:
    """When all deals are closed, size and country from the account table decide; whoever is too small is nurtured."""
    closed = [{**deal, "is_open": "false"} for deal in crm.opportunities]
    maven.sync("opportunities", closed, as_of=datetime.now(UTC) + timedelta(seconds=1))

    leads = [maven.lead(one) for one in maven.route(*[_lead_of(account, n) for n, account in enumerate(crm.accounts)])]

    expected = ["nurtured" if int(one["employees"]) < 10 else _rule_for(one) for one in crm.accounts]
    assert [lead["rule"] or "nurtured" for lead in leads] == expected
    assert Counter(lead["status"] for lead in leads) == {"offered": 85 - expected.count("nurtured")} | (
        {"nurturing": expected.count("nurtured")} if "nurtured" in expected else {}
    )
    assert maven.breaches() == []


def test_misspelt_sectors_and_countries_are_understood(maven: Pipeline, shared_data: Path) -> None:
    """What the data set misspells is understood from a form as well; what nobody understands is held with the word."""
    with (shared_data / "crm_sales_opportunities" / "accounts.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    pairs = sorted({(row["sector"], row["office_location"]) for row in rows})
    events = [
        lead_event(email=f"n{number}@new.example", company=None, industry=sector, country=country, employees="300")
        for number, (sector, country) in enumerate(pairs)
    ]

    lead_ids = maven.route(*events, lead_event(email="n@narnia.example", country="Narnia", employees="300"))

    sheets = [maven.value("SELECT sheet FROM fact_sheet WHERE lead_id = :id", id=one) for one in lead_ids]
    facts = {
        pair: (sheet["facts"]["industry"], sheet["facts"]["country"])
        for pair, sheet in zip(pairs, sheets, strict=False)
    }
    held = maven.lead(lead_ids[-1])
    assert [sheet["bad"] for sheet in sheets[:-1]] == [{}] * len(pairs)
    assert facts["technolgy", "Korea"] == ("technology", "KR")
    assert facts["medical", "Philipines"][1] == "PH"
    assert all(maven.lead(one)["status"] == "offered" for one in lead_ids[:-1])
    assert (held["status"], held["hold_reason"], held["owner"]) == ("held", "not_understood:country", "exceptions")
    assert maven.last_decision(lead_ids[-1], "assignment")["held_word"] == "Narnia"
    assert maven.breaches() == []

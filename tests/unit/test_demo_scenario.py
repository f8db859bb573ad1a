"""The bundled scenario: always the same, with everything in it that makes routing hard."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.normal.email import free_mail, normal_email
from shared.policy.check import check_policy
from shared.policy.errors import Severity
from shared.policy.parse import parse_policy
from workers.demo.answers import make_answers
from workers.demo.companies import listed_companies
from workers.demo.crm import ACCOUNTS, AWAY, COVER, DATA
from workers.demo.generate import Scenario, make_scenario
from workers.demo.queries import Offer
from workers.intake.policy.events import sort_bodies
from workers.intake.policy.records import KINDS, read_record

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
LEADS = 2400


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """The scenario of the usual size."""
    return make_scenario(LEADS, NOW)


def test_the_same_arguments_give_the_same_bytes(scenario: Scenario) -> None:
    """A run can be compared with another, and a shorter one is the beginning of a longer one."""
    again = make_scenario(LEADS, NOW)
    shorter = make_scenario(100, NOW)

    assert again == scenario
    assert scenario.events[: len(shorter.events)] == shorter.events


def test_the_stream_has_what_pipelines_send(scenario: Scenario) -> None:
    """As many submissions as asked for, some twice, some unreadable for each reason, and signals of engagement."""
    read = sort_bodies(scenario.events)
    types = Counter(event.type for event in read.events)

    assert types["lead.submitted"] == LEADS
    assert types["lead.engaged"] > 50
    assert read.repeats > LEADS * 0.05
    assert len(read.unreadable) > LEADS * 0.01
    assert len({one.reason.partition(" (")[0] for one in read.unreadable}) >= 6


def test_every_way_in_and_every_kind_of_lead_occurs(scenario: Scenario) -> None:
    """Six channels, five lead types and one that nobody knows, phones alone, free mail, and people who come again."""
    submitted = [event.data for event in sort_bodies(scenario.events).events if event.type == "lead.submitted"]
    emails = [normal for data in submitted if (normal := normal_email(data.get("email")))]

    assert len({data["channel"] for data in submitted}) == 6
    assert len({data["lead_type"] for data in submitted}) == 6
    assert sum("email" not in data for data in submitted) > 50
    assert sum(free_mail(email.domain) for email in emails) > 100
    assert len({email.key for email in emails}) < len(emails) * 0.97
    assert any(data.get("test") for data in submitted)


def test_companies_are_real_and_people_write_from_nowhere_else(scenario: Scenario) -> None:
    """Every address is at a listed company, at an invented one below .example, or at a provider of free mail."""
    listed = {company.domain for company in listed_companies()}
    submitted = [event.data for event in sort_bodies(scenario.events).events if event.type == "lead.submitted"]
    domains = {email.domain for data in submitted if (email := normal_email(data.get("email")))}

    assert {name for name in domains - listed if not name.endswith(".example") and not free_mail(name)} == set()
    assert {str(row["domain"]) for row in scenario.crm.accounts} <= listed


def test_the_files_are_what_sync_reads(scenario: Scenario, tmp_path: Path) -> None:
    """Three teams of reps, one away with a cover, one departed who still owns things, accounts and opportunities."""
    files = scenario.write(tmp_path)

    crm = scenario.crm
    tables = {"reps": crm.reps, "absences": crm.absences, "accounts": crm.accounts, "opportunities": crm.opportunities}
    for kind, rows in tables.items():
        assert len([read_record(KINDS[kind], row) for row in rows]) == len(rows)
        assert len(files[kind].read_text(encoding="utf-8").splitlines()) == len(rows) + 1
    departed = {rep["rep_id"] for rep in crm.reps if rep["status"] == "departed"}
    assert len({rep["team"] for rep in crm.reps}) == 3
    assert {AWAY, COVER} < {rep["rep_id"] for rep in crm.reps}
    assert len(crm.accounts) == ACCOUNTS
    assert departed & {row["owner_rep_id"] for row in crm.opportunities if row["is_open"] == "true"}
    assert files["events"].read_bytes().count(b"\n") == len(scenario.events)
    assert json.loads(files["events"].read_bytes().partition(b"\n")[0])["type"] == "lead.submitted"


def test_the_policy_needs_no_override() -> None:
    """Nothing in it is an error or a warning."""
    document = parse_policy((DATA / "policy.yaml").read_text(encoding="utf-8"))

    assert [str(one) for one in check_policy(document) if one.severity is not Severity.INFO] == []


def test_a_minute_is_a_second() -> None:
    """The policy says that it shrinks time, and its clocks of 2 and 4 hours run out after 2 and 4 minutes."""
    text = (DATA / "policy.yaml").read_text(encoding="utf-8")
    document = parse_policy(text)

    assert "A minute of a real policy is a second here" in text
    assert [step.after.total_seconds() for step in document.sla[-1].ladders.accept] == [120, 240]


def test_reps_answer_in_every_way() -> None:
    """Some accept and work, some hand back with a reason, some say nothing; the same offers give the same answers."""
    offers = [Offer(number, f"rep-{number % 7}") for number in range(600)]
    events = [json.loads(body) for body in make_answers(offers, NOW)]
    said = Counter(event["type"] for event in events)

    assert [json.loads(body) for body in make_answers(offers, NOW)] == events
    assert len({event["id"] for event in events}) == len(events)
    assert said["lead.accepted"] > said["lead.touched"] > said["lead.meeting_booked"] > said["lead.converted"] > 0
    assert said["lead.converted"] == said["opportunity.upserted"]
    assert said["lead.recycled"] > 0
    assert said["lead.accepted"] + said["lead.recycled"] < len(offers)
    assert not sort_bodies(make_answers(offers, NOW)).unreadable

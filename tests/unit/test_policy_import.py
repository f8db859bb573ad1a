"""`baton policy import salesforce`: what is on stdout, what on stderr, and the exit code."""

import json
from pathlib import Path

import pytest

from shared.policy.parse import parse_policy
from tests.fixtures.salesforce_texts import FILES, Criterion, EntryText, rules_file
from workers.cli import main

_COMPANY = str(FILES / "Lead.assignmentRules-meta.xml")


def _import(*arguments: str) -> int:
    return main(["policy", "import", "salesforce", *arguments, "--offline", "--owner", "ops@here.example"])


@pytest.fixture
def harmless(tmp_path: Path) -> str:
    """A rule in which the check finds nothing."""
    file = tmp_path / "Lead.assignmentRules-meta.xml"
    file.write_bytes(rules_file([EntryText((Criterion("Country", "equals", "US"),))]))
    return str(file)


def test_the_policy_alone_is_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """The report and the findings are on stderr, with every error and the first overlaps."""
    code = _import(_COMPANY)

    out, err = capsys.readouterr()
    assert code == 1
    assert len(parse_policy(out).rules) == 37
    assert "37 of 40 entries are translated" in err
    assert "entry 35 (line 451) -> Recycled" in err
    assert "`entry-25-canada-web` can never fire" in err
    assert "more [rule.overlap]: baton policy check FILE lists them all" in err


def test_one_document_says_it_all(capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` has the policy, each entry, what leads must bring, and all findings."""
    hours = str(FILES / "BusinessHours.settings-meta.xml")

    code = _import(_COMPANY, "--json", "--business-hours", hours, "--users", str(FILES / "users.csv"))

    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (code, err) == (1, "")
    assert (told["translated"], told["left_out"], told["rule"], told["active"]) == (37, 3, "Inbound routing", True)
    assert [one["position"] for one in told["entries"] if not one["translated"]] == [10, 11, 35]
    assert told["reps"] == ["ana", "ben", "chloe.martin@northwind.example", "dieter"]
    assert told["calendars"] == ["US_Sales", "EMEA_Sales", "Always_on"]
    assert {one["severity"] for one in told["findings"]} == {"error", "warning", "info"}
    assert parse_policy(told["policy"]).owner == "ops@here.example"


def test_tables_say_what_users_queues_and_fields_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each has its option."""
    fields = tmp_path / "fields.csv"
    fields.write_text("field,as\nSegment__c,lead_type\n", encoding="utf-8")
    tables = ("--users", str(FILES / "users.csv"), "--queues", str(FILES / "queues.csv"), "--fields", str(fields))

    _import(_COMPANY, *tables)

    rules = {rule.name: rule for rule in parse_policy(capsys.readouterr().out).rules}
    assert str(rules["entry-05-ana"].to) == "rep:ana"
    assert str(rules["entry-08-enterprise-us"].to) == "pool:enterprise_us"
    assert "lead_type" in str(rules["entry-08-enterprise-us"].when)


def test_a_file_is_written_once(harmless: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A policy that somebody may have edited is not replaced."""
    out = tmp_path / "policy.yaml"

    first, again = _import(harmless, "--out", str(out)), _import(harmless, "--out", str(out))

    said, err = capsys.readouterr()
    assert (first, again) == (0, 1)
    assert said == f"The policy is in {out}.\n"
    assert "is there already and may hold edits" in err
    assert parse_policy(out.read_text(encoding="utf-8")).name == "inbound"


def test_another_rule_is_taken_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    """One that is not active says so."""
    code = _import(_COMPANY, "--rule", "inbound 2023 (OLD)")

    out, err = capsys.readouterr()
    assert code == 0
    assert "which is not active" in out
    assert "Inbound routing (active)" in err


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b'<!DOCTYPE a [<!ENTITY b "c">]><AssignmentRules>&b;</AssignmentRules>', "declares a document type"),
        (b"<Workflow/>", "holds Workflow, not AssignmentRules"),
        (b"{}", "is not XML"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: bytes | None, sentence: str
) -> None:
    """Exit 2, one line, no policy."""
    file = tmp_path / "rules.xml"
    if text is not None:
        file.write_bytes(text)

    code = _import(str(file))

    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1

"""The commands of ops as a person and a script run them: facts on stdout, one document with --json, exit codes."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from shared.domain.target import Target
from tests.fixtures.commands import Baton, document_of
from tests.fixtures.ops_texts import OPS_POLICY, OPS_TEAM
from tests.fixtures.pipeline import Pipeline, lead_event
from workers import explain
from workers.assignment.ops import assign_lead

_TIME = re.compile(r"\d\d:\d\d:\d\d")


@pytest.fixture
def full(pipeline: Pipeline) -> Pipeline:
    """A pipeline with the full policy, its people, one lead offered, one held and one in the shark tank."""
    pipeline.activate(OPS_POLICY)
    pipeline.sync("reps", OPS_TEAM)
    pipeline.route(
        lead_event("f-1", email="ana@acme.example", country="GB", employees=200),
        lead_event(country="Atlantis", employees=200),
        lead_event(country="GB", employees=200),
    )
    assign_lead(pipeline.context, 3, Target.parse("queue:shark_tank"), reason="test", made_by="test")
    return pipeline


@pytest.fixture
def run(baton: Baton, full: Pipeline) -> Baton:
    """Run a command against the full pipeline."""
    del full
    return baton


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["lead", "show", "1"], "rule north"),
        (["lead", "show", "2"], "baton lead correct 2 --set country="),
        (["lead", "list", "--status", "held"], "not_understood:country"),
        (["queue", "list"], "shark_tank"),
        (["queue", "show", "exceptions"], "what was given as country cannot be understood"),
        (["pool", "list"], "least_loaded"),
        (["pool", "show", "north"], "eligible"),
        (["policy", "list"], "in force"),
        (["policy", "show"], "baton_policy: 1"),
        (["policy", "fallbacks"], "pool:large"),
        (["deadline", "list"], "move to queue:shark_tank"),
        (["notification", "list"], "#exceptions"),
    ],
)
def test_facts_are_told_to_a_person_and_to_a_script(run: Baton, arguments: Sequence[str], says: str) -> None:
    """Every command that shows something says it in words, and with --json prints one document and nothing else."""
    told = run(*arguments)
    document = run(*arguments, "--json")

    assert (told.code, document.code) == (0, 0)
    assert says in told.out
    assert document_of(document)


def test_a_leads_document_has_everything(run: Baton) -> None:
    """The JSON of a lead holds facts, rules, colleagues, timeline, clock and the replay."""
    page = document_of(run("lead", "show", "/forms/demo:f-1", "--json"))

    assert page["lead"]["lead_id"] == 1
    assert {one["field"] for one in page["facts"]} >= {"email", "country", "employees"}
    assert page["reason"]["conditions"]["tests"] == [
        {"field": "region", "expected": "= north", "found": "north", "result": True, "given": None}
    ]
    assert len(page["reason"]["explanation"]["rules"]) == 8
    assert {one["rep_id"] for one in page["reason"]["colleagues"]} == {"nils", "nora"}
    assert page["reason"]["replay"]["differences"] == []
    assert [one["stage"] for one in page["timeline"]] == ["enrichment", "deduplication", "assignment"]
    assert [one["action"] for one in page["clock"]] == ["remind", "flag_overdue", "move_to"]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], [3, 2, 1]),
        (["--owner", "exceptions"], [2]),
        (["--owner", "queue:shark_tank"], [3]),
        (["--owner", "rep:shark_tank"], []),
        (["--rule", "north", "--status", "offered"], [1]),
        (["--hold-reason", "not_understood"], [2]),
        (["--hold-reason", "not_under"], []),
        (["--limit", "1"], [3]),
    ],
)
def test_leads_are_listed_by_what_is_asked(run: Baton, options: Sequence[str], found: Sequence[int]) -> None:
    """Each option narrows the list; the newest lead stands first."""
    rows = document_of(run("lead", "list", "--json", *options))

    assert [one["lead_id"] for one in rows] == found


def test_the_exception_queue_is_worked(run: Baton, full: Pipeline) -> None:
    """Correct, assign, retry and claim change what they say, by whom stands in the record, and the laws hold."""
    corrected = run("lead", "correct", "2", "--set", "country=GB", "--by", "olga")
    full.deliver("assignment.assign", [2])
    assigned = document_of(
        run("lead", "assign", "2", "--to", "rep:sara", "--reason", "she knows them", "--by", "olga", "--json")
    )
    claimed = document_of(run("queue", "claim", "shark_tank", "--rep", "sven", "--json"))
    retried = document_of(run("queue", "retry", "exceptions", "--json"))

    assert "country: unknown → GB" in corrected.out
    assert (assigned["status"], assigned["owner"]) == ("offered", "sara")
    assert (claimed["lead_id"], claimed["owner"], claimed["status"]) == (3, "sven", "accepted")
    assert retried == {"queue": "exceptions", "reason": None, "leads": 0}
    assert full.ids("SELECT DISTINCT made_by FROM decision WHERE stage = 'ops' AND made_by <> 'test'") == ["olga"]
    assert full.breaches() == []


def test_a_credit_is_made_once_under_its_id(run: Baton) -> None:
    """The same command twice counts once, and says so."""
    command = ("pool", "credit", "north", "--rep", "nora", "--by", "2", "--note", "a slip", "--id", "c-1")

    first, second = run(*command), run(*command)

    assert "owes nora +2" in first.out
    assert "nothing changed" in second.out
    assert {one["rep_id"]: one["owed"] for one in document_of(run("pool", "show", "north", "--json"))["seats"]}[
        "nora"
    ] == 2


@pytest.mark.parametrize(
    ("arguments", "says", "code"),
    [
        (["lead", "show", "77"], "No lead has the key", 1),
        (["lead", "assign", "1", "--to", "rep:zoe", "--reason", "x"], "not among the reps", 1),
        (["lead", "assign", "1", "--to", "boss", "--reason", "x"], "is not a target", 2),
        (["lead", "correct", "1", "--set", "country=IT"], "is decided", 1),
        (["queue", "claim", "exceptions", "--rep", "nora"], "no queue to claim from", 1),
        (["pool", "show", "nroth"], "did you mean `north`", 1),
        (["policy", "rollback", "9"], "no policy version 9", 1),
    ],
)
def test_what_is_not_allowed_gets_a_sentence(run: Baton, arguments: Sequence[str], says: str, code: int) -> None:
    """A refusal is one sentence on stderr; exit 1 for what is refused, 2 for what cannot be read."""
    result = run(*arguments)

    assert (result.code, result.out) == (code, "")
    assert result.err.startswith("Error: ")
    assert says in result.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["lead", "correct", "2", "--set", "country"],
        ["pool", "show", "north", "--at", "tomorrow"],
        ["lead", "list", "--status", "lost"],
    ],
)
def test_wrong_usage_exits_with_two(run: Baton, arguments: Sequence[str]) -> None:
    """An option that cannot be read is a mistake of usage."""
    assert run(*arguments).code == 2


def test_a_key_of_many_shows_the_newest_and_names_the_others(run: Baton, full: Pipeline) -> None:
    """Facts stay on stdout; that there are others is told beside them."""
    (second,) = full.route(lead_event(email="ana@acme.example", country="GB", employees=200))

    result = run("lead", "show", "ana@acme.example", "--json")

    assert json.loads(result.out)["lead"]["lead_id"] == second
    assert "the others: 1 (offered)" in result.err
    assert "joined lead 1" in result.err


def test_a_check_exits_with_one_when_it_finds_something(run: Baton, tmp_path: Path) -> None:
    """Findings stand with file, line and code; a file without any exits with 0."""
    file = tmp_path / "policy.yaml"
    file.write_text(OPS_POLICY.replace("to: pool:large", "to: pool:lrge"))

    wrong = run("policy", "check", str(file))
    document = run("policy", "check", str(file), "--json", "--offline")

    assert (wrong.code, document.code) == (1, 1)
    assert f"{file}:" in wrong.out
    found = json.loads(document.out)
    assert found["with_reps"] is False
    assert any(one["severity"] == "error" and "lrge" in one["message"] for one in found["findings"])


def test_a_policy_is_put_into_force_and_back(run: Baton, tmp_path: Path) -> None:
    """Activate prints the version, warns only on purpose, and rollback goes back."""
    file = tmp_path / "policy.yaml"
    file.write_text(OPS_POLICY.replace("name: full", "name: spring"))

    refused = run("policy", "activate", str(file))
    done = document_of(run("policy", "activate", str(file), "--yes", "--note", "spring", "--json"))
    back = run("policy", "rollback", "1", "--yes")
    versions = document_of(run("policy", "list", "--json"))

    assert "--yes" in refused.err
    assert (done["version"], done["name"], len(done["overridden"]) > 0) == (2, "spring", True)
    assert "version 1 (test) is in force" in back.out
    assert {one["version"]: one["active"] for one in versions} == {2: False, 1: True}


def test_a_lead_is_explained_before_it_exists(run: Baton, tmp_path: Path) -> None:
    """`policy explain` says where a lead would go under a file and under the policy in force."""
    lead, policy = tmp_path / "lead.json", tmp_path / "policy.yaml"
    lead.write_text(json.dumps(lead_event(country="IT", employees=5000)))
    policy.write_text(OPS_POLICY.replace("to: pool:large", "to: pool:south"))

    live = run("explain", "--lead", str(lead), group=explain.policy)
    stored = run("explain", "1", "--lead", str(lead), group=explain.policy)
    later = run("explain", "--lead", str(lead), "--at", "2099-01-01T00:00:00Z", group=explain.policy)
    never = run("explain", "--lead", str(lead), "--at", "1999-01-01T00:00:00Z", group=explain.policy)
    file = document_of(run("explain", str(policy), "--lead", str(lead), "--json", group=explain.policy))

    assert "The lead would be offered: sara (policy version 1)" in live.out
    assert "At 2099-01-01 00:00:00 UTC: The lead would be offered: sara (policy version 1)" in later.out
    assert "Taken from now:" in later.out
    # Between the two a second may have begun.
    assert _TIME.sub("", stored.out) == _TIME.sub("", live.out)
    assert (never.code, "No policy is in force at 1999-01-01" in never.err) == (1, True)
    assert (file["policy_version"], file["pool"], file["explanation"]["rule"]) == (0, "south", "large")


def test_the_schema_is_printed_for_editors(run: Baton) -> None:
    """The schema is JSON and names the parts of a policy."""
    schema = document_of(run("policy", "schema"))

    assert {"rules", "pools", "queues"} <= set(schema["properties"])

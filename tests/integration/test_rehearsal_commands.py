"""`baton policy backtest` as a person and a script run it."""

import csv
import json
from functools import partial
from pathlib import Path

import pytest

from tests.fixtures.commands import Baton, document_of
from tests.fixtures.ops_texts import OPS_POLICY, OPS_TEAM
from tests.fixtures.pipeline import Pipeline, counted, lead_event
from tests.fixtures.rehearsals import replay

#: Large companies go to the North, and no rule asks for the product.
_DRAFT = OPS_POLICY.replace("when: {segment: large}, to: pool:large", "when: {industry: retail}, to: pool:north")


@pytest.fixture
def run(baton: Baton, pipeline: Pipeline) -> Baton:
    """Run `baton policy …` over six leads that were assigned: two in the North, three in the South, one large."""
    pipeline.activate(OPS_POLICY)
    pipeline.sync("reps", OPS_TEAM)
    pipeline.route(
        lead_event("f-1", email="ana@acme.example", country="GB", employees=200),
        lead_event("f-2", country="NO", employees=200),
        *(lead_event(f"f-{number}", country="IT", employees=200) for number in (3, 4, 5)),
        lead_event("f-6", country="IT", employees=5000, industry="retail"),
        lead_event("f-7", country="IT", employees=200, test=True),
    )
    return partial(baton, "policy")


@pytest.fixture
def draft(tmp_path: Path) -> str:
    """A draft in a file."""
    path = tmp_path / "draft.yaml"
    path.write_text(_DRAFT)
    return str(path)


def _expectations(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "expected.csv"
    path.write_text("\n".join(["lead,owner,pool,rule,status", *lines]))
    return str(path)


def test_the_policy_in_force_changes_nothing(run: Baton) -> None:
    """History comes out as it was, for people and for scripts; test leads do not count."""
    code, told, _ = run("backtest", "live")
    document = document_of(run("backtest", "1", "--json"))

    assert code == 0
    assert "on 6 leads" in told
    assert "Nothing changes." in told
    assert (document["leads"], document["differs"], document["without_record"]) == (6, 0, 0)


def test_a_draft_is_told_by_what_it_changes(run: Baton, draft: str, tmp_path: Path) -> None:
    """The one lead of the changed rule goes to the North, by a fact that the policy of that time never used."""
    table = tmp_path / "leads.csv"

    code, told, notes = run("backtest", draft, "--csv", str(table))
    document = document_of(run("backtest", draft, "--json"))

    rows = {row["event_id"]: row for row in csv.DictReader(table.read_text().splitlines())}
    assert code == 0
    assert "1 would go elsewhere; 0 stay in their place" in told
    assert str(table) in notes
    assert set(rows) == {f"f-{number}" for number in range(1, 7)}
    assert (rows["f-6"]["old_owner"], rows["f-6"]["old_target"]) == ("sara", "pool:large")
    assert (rows["f-6"]["new_target"], rows["f-6"]["new_rule"]) == ("pool:north", "large")
    assert [rows[f"f-{number}"]["change"] for number in range(1, 7)] == ["none"] * 5 + ["place"]
    assert document["changes"] == {"none": 5, "rule": 0, "turn": 0, "place": 1}
    assert document["moves"] == [["pool:large", "pool:north", 1]]
    assert {one["name"]: (one["before"], one["after"]) for one in document["pools"]}["large"] == (1, 0)


def test_expectations_are_tests_of_a_policy(run: Baton, draft: str, tmp_path: Path) -> None:
    """Leads are named by id, address or event; what is not met is listed with its line, and fails."""
    met = _expectations(
        tmp_path, "1,,north,north,offered", "ana@ACME.example,,,,", "/forms/demo:f-6,,pool:north,large,"
    )
    code, told, _ = run("backtest", draft, "--expect", met)
    assert (code, "Every expectation is met." in told) == (0, True)
    unmet = _expectations(tmp_path, "/forms/demo:f-6,,,,", "2,rep:sara,,,held", "nobody@x.example,,,,")

    code, told, _ = run("backtest", draft, "--expect", unmet, "--json")

    found = [(one["line"], one["expected"].split()[0]) for one in json.loads(told)["unmet"]]
    assert code == 1
    assert found == [(2, "still"), (3, "owner"), (3, "status"), (4, "a")]


def test_what_cannot_be_rehearsed_is_said(run: Baton, tmp_path: Path) -> None:
    """A draft with errors, a period that ends before it begins, a file without leads, a version there is not."""
    broken = tmp_path / "broken.yaml"
    broken.write_text(OPS_POLICY.replace("to: pool:south}", "to: pool:nowhere}"))
    empty = tmp_path / "empty.csv"
    empty.write_text("owner\nsara\n")

    answers = [
        run("backtest", str(broken)),
        run("backtest", "live", "--since", "1d", "--until", "2d"),
        run("backtest", "live", "--since", "soon"),
        run("backtest", "live", "--expect", str(empty)),
        run("backtest", "7"),
    ]

    assert [code for code, _, _ in answers] == [1, 2, 2, 2, 1]
    assert "pool:nowhere" in answers[0][2]
    assert "--since comes before --until" in answers[1][2]
    assert "no column `lead`" in answers[3][2]


def test_decisions_without_a_record_are_counted_and_left_out(run: Baton, pipeline: Pipeline) -> None:
    """A release that kept no coverage made them: nobody knows any more who could have taken the leads."""
    pipeline.rows("UPDATE decision SET detail = detail - 'coverage' WHERE stage = 'assignment' AND lead_id <= 2")

    code, told, notes = run("backtest", "live")

    assert (code, "on 4 leads" in told, "Nothing changes." in told) == (0, True, True)
    assert "2 decisions are left out" in notes


def test_an_empty_period_has_nothing_to_say(run: Baton) -> None:
    """No lead is no error."""
    code, told, _ = run("backtest", "live", "--since", "2020-01-01", "--until", "2020-02-01")

    assert (code, "on 0 leads" in told) == (0, True)


@pytest.mark.usefixtures("run")
def test_the_number_of_statements_does_not_grow(pipeline: Pipeline, draft: str) -> None:
    """Twice the leads, the same statements: they come by a cursor, and who could take them by portions."""
    counts = []
    for _ in range(2):
        with counted(pipeline.context.engine) as statements:
            replay(pipeline, Path(draft).read_text())
        counts.append(len(statements))
        pipeline.route(*(lead_event(country="IT", employees=200) for _ in range(20)))

    assert counts[0] == counts[1]

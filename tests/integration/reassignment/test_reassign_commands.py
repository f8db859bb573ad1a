"""`baton reassign` as a person and a script run it: nothing moves without `apply`, and what moves is said."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.commands import Baton
from tests.fixtures.pipeline import Pipeline
from workers.reassignment.tasks import apply, cancel, pause, plan, resume, undo


@pytest.fixture
def run(baton: Baton, company: Pipeline) -> Baton:
    """Run `baton reassign …` against the database of a company."""
    del company
    return partial(baton, "reassign")


def _plan(run: Baton, *arguments: str) -> dict[str, Any]:
    exit_code, out, err = run("plan", *arguments, "--json")
    assert exit_code == 0, err
    found: dict[str, Any] = json.loads(out)
    return found


def test_a_plan_is_printed_for_people_and_programs(company: Pipeline, run: Baton, tmp_path: Path) -> None:
    """Count, ways, loads before and after, and every lead in a file; nothing has moved."""
    file = tmp_path / "plan.csv"

    document = _plan(run, "--rep", "ann", "--to", "policy", "--out", str(file))
    exit_code, out, _ = run("show", str(document["plan_id"]))

    assert (document["state"], document["pending"]) == ("planned", 6)
    assert (document["count"], document["listed"]) == (6, [])
    assert document["matrix"] == [{"from": "ann", "to": "ben", "leads": 6}]
    loads = {one["rep_id"]: (one["before"], one["after"]) for one in document["load"]}
    assert loads == {"ann": (6, 0), "ben": (6, 12)}
    assert len(file.read_text(encoding="utf-8").splitlines()) == 7
    assert (exit_code, "6 leads to move" in out, "holds before" in out) == (0, True, True)
    assert company.value("SELECT count(*) FROM report.assignment WHERE plan_id IS NOT NULL") == 0


@pytest.mark.parametrize("target", [("--to", "rep", "erik"), ("--to", "rep:erik"), ("--to", "erik")])
def test_a_rep_is_named_in_any_of_the_usual_ways(run: Baton, target: tuple[str, ...]) -> None:
    """`rep R` as two words, `rep:R` as policies write it, or the id alone."""
    assert _plan(run, "--territory", "south", *target)["target"] == "rep:erik"


def test_lines_that_name_no_lead_are_told(run: Baton, tmp_path: Path) -> None:
    """A wrong line does not stop the others, and is named with its number."""
    file = tmp_path / "moves.csv"
    file.write_text("lead,owner\n1,cleo\nnobody@nowhere.example,cleo\n1,dino\n", encoding="utf-8")

    document = _plan(run, "--csv", str(file))

    assert document["pending"] == 1
    assert document["rejected"] == [
        {"line": 3, "key": "nobody@nowhere.example", "reason": "no lead has this key"},
        {"line": 4, "key": "1", "reason": "lead 1 is named by an earlier line"},
    ]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["plan"], 2, "Say which leads are meant"),
        (["plan", "--rep", "ann"], 2, "Say where the leads are to go"),
        (["plan", "--rep", "nobody", "--to", "policy"], 1, "There is no rep 'nobody'"),
        (["plan", "--csv", "/nowhere.csv", "--to", "policy"], 2, "cannot be read"),
        (["plan", "--rep", "ann", "--to", "rep:cleo", "dino"], 2, "'dino' says nothing here"),
        (["apply", "99", "--yes"], 1, "There is no plan 99"),
        (["undo", "99", "--yes"], 1, "There is no plan 99"),
        (["show", "99"], 1, "There is no plan 99"),
        (["status", "99"], 1, "There is no plan 99"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(run: Baton, arguments: list[str], exit_code: int, message: str) -> None:
    """The error names what is wrong, and is not a traceback."""
    code, _, err = run(*arguments)

    assert (code, message in err, "Traceback" in err) == (exit_code, True, False)


def test_the_words_of_the_command_line(company: Pipeline, run: Baton) -> None:
    """Apply, pause, resume, cancel, undo and status do what they say, from outside of any worker."""
    plan_id = str(_plan(run, "--territory", "north", "--to", "pool", "vikings")["plan_id"])

    applied = json.loads(run("apply", plan_id, "--yes", "--detach", "--rate", "2", "--json")[1])
    paused = json.loads(run("pause", plan_id, "--json")[1])
    resumed = run("resume", plan_id)[1]
    cancelled = json.loads(run("cancel", plan_id, "--json")[1])
    undone = json.loads(run("undo", plan_id, "--yes", "--detach", "--json")[1])
    listed = json.loads(run("status", "--json")[1])

    states = [one["state"] for one in (applied, paused, cancelled, undone)]
    assert states == ["applying", "paused", "cancelled", "undoing"]
    assert "is applying: 0 of 12 leads moved" in resumed
    assert [one["plan_id"] for one in listed] == [int(plan_id)]
    assert company.breaches() == []


def test_apply_asks_first(run: Baton) -> None:
    """Without --yes and without an answer nothing moves."""
    plan_id = str(_plan(run, "--rep", "ann", "--to", "policy")["plan_id"])

    command = [sys.executable, "-m", "workers", "reassign", "apply", plan_id]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, "Move 6 leads?" in done.stderr) == (130, True)
    assert json.loads(run("status", plan_id, "--json")[1])["state"] == "planned"


def test_ops_tooling_says_the_same_by_task(company: Pipeline) -> None:
    """The tasks take the words of the command line; a plan can be asked for, applied, and undone."""
    plan(company.context, rep="ann", to="policy", by="workday", note="moves to Rome")
    apply(company.context, 1, rate=2.0, by="workday")
    pause(company.context, 1)
    resume(company.context, 1)
    cancel(company.context, 1)
    undo(company.context, 1, by="workday")
    plan(company.context, leads=[{"lead": 13, "owner": "erik"}, 14], to="rep:freya")

    found = company.rows("SELECT state, target, made_by, note FROM report.plan ORDER BY plan_id")
    assert found == [
        {"state": "undoing", "target": "policy", "made_by": "workday", "note": "moves to Rome"},
        {"state": "planned", "target": "rep:freya", "made_by": "celery", "note": None},
    ]
    assert company.ids("SELECT to_owner FROM report.plan_move WHERE plan_id = 2 ORDER BY lead_id") == ["erik", "freya"]

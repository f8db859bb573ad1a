"""`baton sync` and `baton rep`: reference data from files and by hand."""

from pathlib import Path

import pytest

from tests.fixtures.commands import Baton
from tests.fixtures.intake import table_file
from tests.fixtures.pipeline import Pipeline, lead_event, rep
from tests.fixtures.policy_texts import OPEN_POLICY


def test_a_file_of_reps_is_applied(baton: Baton, pipeline: Pipeline, tmp_path: Path) -> None:
    """What was new, what changed, and what is as it was."""
    head = "Rep ID;Name;Status;Skills;capacity"
    path = tmp_path / "reps.csv"

    first = baton("sync", "reps", table_file(path, head, "r1;Rae;active;anvils|crm;", "r2;Bob;active;;5"), "--json")
    second = baton("sync", "reps", table_file(path, head, "r1;Rae;active;crm|anvils;", "r2;Bob;departed;;5"))

    assert (first.code, first.facts["inserted"], first.facts["rejected"]) == (0, 2, 0)
    assert (second.code, second.out) == (0, "0 inserted, 1 updated, 1 unchanged, 0 rejected.\n")
    assert pipeline.rows("SELECT rep_id, status, skills, capacity FROM rep ORDER BY 1") == [
        {"rep_id": "r1", "status": "active", "skills": ["anvils", "crm"], "capacity": None},
        {"rep_id": "r2", "status": "departed", "skills": [], "capacity": 5},
    ]


def test_rows_that_fail_are_reported_and_the_rest_goes_on(baton: Baton, pipeline: Pipeline, tmp_path: Path) -> None:
    """Each with its line: what cannot be read, what makes no sense, and what the database refuses."""
    pipeline.rows("ALTER TABLE account ADD CHECK (name <> 'Poison')")
    rows = [f"a-{number},Account {number},prospect" for number in range(2500)]
    rows[1] = "a-1,,prospect"
    rows[1200] = "a-1200,Poison,prospect"
    rows[2400] = "a-2400,Account,friend"
    path = table_file(tmp_path / "a.csv", "account_id,name,status", *rows, "one,cell,too,many")

    lenient = baton("sync", "accounts", path, "--json")
    strict = baton("sync", "accounts", path, "--strict")

    reasons = {row["line"]: row["reason"] for row in lenient.facts["rejections"]}
    assert (lenient.code, lenient.facts["inserted"], lenient.facts["rejected"]) == (0, 2497, 4)
    assert list(reasons) == [3, 1202, 2402, 2502]
    assert reasons[3] == "name is missing"
    assert reasons[1202].startswith("the database refuses it: new row for relation")
    assert reasons[2402] == "status: 'friend' is none of prospect, customer, former"
    assert reasons[2502] == "4 cells where the header has 3"
    assert (strict.code, strict.out) == (1, "0 inserted, 0 updated, 2,497 unchanged, 4 rejected.\n")
    assert f"{path} line 3: name is missing; not applied" in strict.err


def test_of_two_rows_with_one_key_the_last_counts(baton: Baton, pipeline: Pipeline, tmp_path: Path) -> None:
    """And the person is told."""
    path = table_file(tmp_path / "a.csv", "account_id,name", "a,First", "b,Other", "a,Last")

    answer = baton("sync", "accounts", path)

    assert answer.out == "2 inserted, 0 updated, 1 unchanged, 0 rejected.\n"
    assert "1 of the unchanged are followed by another row of the same key" in answer.err
    assert pipeline.ids("SELECT name FROM account ORDER BY account_id") == ["Last", "Other"]


def test_columns_that_nobody_knows_are_named_once(baton: Baton, tmp_path: Path) -> None:
    """With what they may have meant, and on stderr."""
    path = table_file(tmp_path / "a.csv", "account_id,name,domian,Zodiac", "a,Acme,acme.example,Leo", "b,Bcme,,")

    answer = baton("sync", "accounts", path, "--json")

    (warning,) = answer.err.splitlines()
    assert "ignored columns that accounts do not have: domian (did you mean domain?), Zodiac." in warning
    assert (answer.code, answer.facts["inserted"]) == (0, 2)


@pytest.mark.parametrize(
    ("kind", "content", "sentence"),
    [
        (
            "reps",
            "rep_id,nmae,state",
            "there is no column name, status; reps need rep_id, name, status, and the file has",
        ),
        ("absences", "", "there is no header"),
        ("accounts", None, "there is no such file"),
    ],
)
def test_a_file_that_cannot_be_applied_is_a_sentence(
    baton: Baton, tmp_path: Path, kind: str, content: str | None, sentence: str
) -> None:
    """Which names the file and what it has."""
    if content is not None:
        (tmp_path / "a.csv").write_text(content)

    answer = baton("sync", kind, tmp_path / "a.csv")

    assert (answer.code, answer.out) == (2, "")
    assert f"{tmp_path / 'a.csv'}: {sentence}" in answer.err


def test_absences_and_opportunities_are_applied(baton: Baton, pipeline: Pipeline, tmp_path: Path) -> None:
    """Instants, durations and amounts arrive as they were meant."""
    absences = table_file(
        tmp_path / "a.csv", "rep_id,from,until,stop_before", "r1,2026-12-24,2027-01-02T08:00:00+01:00,2h"
    )
    opportunities = table_file(tmp_path / "o.csv", "opportunity_id,amount,is_open", 'o1,"1,250.50",no', "o2,,")

    answers = [baton("sync", "absences", absences), baton("sync", "opportunities", opportunities)]

    assert [answer.out[:10] for answer in answers] == ["1 inserted", "2 inserted"]
    assert pipeline.rows(
        "SELECT starts_at::text, ends_at::text, stop_before::text, cover_rep_id AS cover FROM absence"
    ) == [
        {
            "starts_at": "2026-12-24 00:00:00+00",
            "ends_at": "2027-01-02 07:00:00+00",
            "stop_before": "02:00:00",
            "cover": None,
        }
    ]
    assert pipeline.rows("SELECT amount::text, is_open FROM opportunity ORDER BY opportunity_id") == [
        {"amount": "1250.50", "is_open": False},
        {"amount": None, "is_open": True},
    ]


def test_a_rep_departs(baton: Baton, pipeline: Pipeline) -> None:
    """The leads are decided again, what is known of the rep stays, and doing it twice changes nothing."""
    pipeline.activate(OPEN_POLICY)
    pipeline.sync("reps", [rep("rae", team="North", capacity="9", weight="2.5")])
    pipeline.route(lead_event(), lead_event())

    first, second = baton("rep", "depart", "rae", "--by", "ops"), baton("rep", "depart", "rae", "--json")

    assert first.out.startswith("rae has departed; 2 leads are decided again.\n")
    assert second.facts | {"rep_id": "rae", "status": "departed", "leads": 0} == second.facts
    assert pipeline.rows("SELECT name, team, capacity, weight::text, status FROM rep") == [
        {"name": "Rae", "team": "North", "capacity": 9, "weight": "2.5", "status": "departed"}
    ]
    assert pipeline.statuses() == {"held": 2}


def test_a_rep_is_away(baton: Baton, pipeline: Pipeline) -> None:
    """The same start again changes the absence that was recorded for it."""
    pipeline.sync("reps", [rep("rae"), rep("bob")])
    away = ("rep", "away", "rae", "--from", "2026-12-24T08:00:00Z")

    first = baton(*away, "--until", "2026-12-27", "--cover", "bob", "--stop-before", "4h")
    second = baton(*away, "--until", "2026-12-28", "--json")

    assert first.out == "rae is away from 2026-12-24T08:00:00Z until 2026-12-27, covered by bob (inserted).\n"
    assert second.facts["outcome"] == "updated"
    assert pipeline.rows("SELECT rep_id, ends_at::text, cover_rep_id FROM absence") == [
        {"rep_id": "rae", "ends_at": "2026-12-28 00:00:00+00", "cover_rep_id": None}
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("depart", "rea"), 1, "There is no rep rea: did you mean rae?"),
        (("away", "rae", "--from", "2026-12-24", "--until", "2026-12-24"), 2, "until: is not after from."),
        (("away", "rae", "--from", "soon", "--until", "2026-12-24"), 2, "from: 'soon' is not an ISO date"),
        (("away", "rae", "--from", "2026-12-24", "--until", "2026-12-25", "--cover", "x"), 1, "There is no rep x"),
    ],
)
def test_a_rep_that_cannot_be_changed_is_a_sentence(
    baton: Baton, pipeline: Pipeline, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    """Nothing is written."""
    pipeline.sync("reps", [rep("rae")])

    answer = baton("rep", *arguments)

    assert (answer.code, answer.out) == (code, "")
    assert sentence in answer.err
    assert pipeline.value("SELECT count(*) FROM absence") == 0

"""The commands about versions as a person and a script run them."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.fixtures.commands import Baton, document_of
from tests.fixtures.ops_texts import OPS_POLICY, OPS_TEAM
from tests.fixtures.pipeline import Pipeline


@pytest.fixture
def run(baton: Baton, pipeline: Pipeline) -> Baton:
    """Run `baton policy …` against a database with people and one version in force."""
    pipeline.sync("reps", OPS_TEAM)
    pipeline.activate(OPS_POLICY)
    return partial(baton, "policy")


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """A file that gives the South another language, moves a rule and renames another."""
    path = tmp_path / "draft.yaml"
    text = OPS_POLICY.replace("{team: South}", "{team: [South, North]}").replace("name: rest", "name: others")
    path.write_text(text.replace("name: full", "name: draft").replace("share_alarm: 5%", "share_alarm: 8%"))
    return path


def test_a_diff_names_what_changes_and_who_moves(run: Baton, draft: Path) -> None:
    """Rules, pools and queues in words, and the reps who join, for people and for scripts."""
    code, told, _ = run("diff", "live", str(draft))
    document = document_of(run("diff", "live", str(draft), "--json"))

    assert code == 0
    assert "~ others  renamed, was `rest`" in told
    assert "alarm above: 5% → 8%" in told
    assert "+ south  joined by nils (weight 1, 25%), nora (weight 1, 25%)" in told
    assert {one["section"] for one in document["changes"]} == {"policy", "rules", "pools", "queues"}
    assert [one["rep_id"] for one in document["members"][0]["joins"]] == ["nils", "nora"]
    assert (document["from"]["version"], document["to"]["version"], document["text"]) == (1, None, None)


def test_a_diff_can_be_text(run: Baton, draft: Path) -> None:
    """The unified diff stands alone on stdout, so that it can be piped on."""
    _, told, _ = run("diff", "1", str(draft), "--text")
    document = document_of(run("diff", "1", str(draft), "--text", "--json"))

    assert told.startswith("--- version 1 (full)\n+++ ")
    assert document["text"] == told.rstrip("\n")


def test_two_files_are_compared_without_a_server(
    run: Baton, draft: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A draft in review needs no database; what only a database knows is said to be missing."""
    other = tmp_path / "other.yaml"
    other.write_text(OPS_POLICY + "# a comment\n")
    monkeypatch.setenv("BATON_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")

    code, told, hint = run("diff", str(other), str(draft))
    same = run("diff", str(other), str(other))

    assert (code, "alarm above" in told, "No migrated database answers" in hint) == (0, True, True)
    assert "nothing changes" in same[1]


def test_a_review_is_recorded_and_listed(run: Baton) -> None:
    """Who looked, and when it is due again, as far as the policy says how often."""
    told = run("review", "--by", "rita", "--note", "fine")
    document = document_of(run("review", "--json"))
    listed = run("list")
    rows = document_of(run("list", "--json"))

    assert told[1].startswith("Version 1 (full) was looked through; when it is due again the policy does not say")
    assert (document["version"], document["due_at"]) == (1, None)
    assert "Looked through or changed last on" in listed[1]
    assert rows[0]["review"]["every"] == ""


def test_a_policy_is_written_as_a_page(run: Baton, draft: Path, tmp_path: Path) -> None:
    """Markdown on stdout, HTML into a file, the blocks as JSON; of a file as well, with the reps as they are."""
    file = tmp_path / "page.html"
    _, told, _ = run("document")
    _, nothing, hint = run("document", "1", "--html", str(file))
    _, of_file, _ = run("document", str(draft))
    page = document_of(run("document", "--json"))

    assert told.startswith("# Lead routing: full\n\nVersion 1, in force. Written on")
    assert "| `nils` | Nils | 1 | 50% | unlimited |" in told
    assert (nothing, f"Wrote {file}." in hint) == ("", True)
    assert file.read_text().startswith("<!doctype html>")
    assert "The file draft.yaml. Written on" in of_file
    assert [one["title"] for one in page["chapters"]][1:3] == ["What outranks what", "Who is worth a seller's time"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["diff", "live", "9"], 1, "no policy version 9"),
        (["diff", "live", "nowhere.yaml"], 2, "nowhere.yaml cannot be read"),
        (["cancel", "1"], 1, "Version 1 is not planned: no one is"),
        (["show", "9"], 1, "no policy version 9"),
    ],
)
def test_what_is_not_there_gets_a_sentence(run: Baton, arguments: list[str], code: int, says: str) -> None:
    """Nothing on stdout, one sentence on stderr."""
    exit_code, out, err = run(*arguments)

    assert (exit_code, out) == (code, "")
    assert says in err


def test_a_plan_is_listed_shown_and_taken_back(run: Baton, draft: Path) -> None:
    """From the plan to its cancellation everybody can see who asked for what."""
    at = f"{datetime.now(UTC) + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}"
    planned = document_of(run("activate", str(draft), "--yes", "--at", at, "--by", "olga", "--note", "soon", "--json"))
    listed, rows = run("list"), document_of(run("list", "--json"))
    again = run("rollback", "1", "--yes")
    cancelled = run("cancel", "2", "--by", "otto", "--note", "too soon")
    _, _, history = run("show", "2")
    page = document_of(run("show", "2", "--json"))

    assert planned["effective_at"][:19] == at[:19]
    assert "Version 2 (draft) takes effect at" in listed[1]
    assert [(one["version"], one["active"], len(one["planned"])) for one in rows] == [(2, False, 1), (1, True, 0)]
    assert "version 2 (draft) takes effect at" in again[2]
    assert "does not take effect" in cancelled[1]
    assert "was planned for" in history
    assert "taken back by otto: too soon" in history
    assert (page["planned"], page["cancelled"][0]["cancelled_by"]) == ([], "otto")

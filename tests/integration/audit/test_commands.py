"""The audit's commands: what they print, and how they end."""

import json
import re

import pytest

from shared.bus.context import Context
from shared.db.transaction import transaction
from workers.cli import main

pytestmark = pytest.mark.usefixtures("environment", "world")


def test_an_audit_without_breaches_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    """A person reads each law with its meaning, and that it is kept."""
    code = main(["audit"])

    out = capsys.readouterr().out
    assert code == 0
    assert "Conservation" in out
    assert re.search(r"All laws are kept \(\d+ checks\)\.", out)


def test_a_breach_is_shown_with_its_ids(world: Context, capsys: pytest.CaptureFixture[str]) -> None:
    """The command fails, and says what does not hold for whom."""
    with transaction(world.engine) as tx:
        tx.run("UPDATE lead SET epoch = 1 WHERE status = 'nurturing'")

    code = main(["audit"])

    assert code == 1
    assert "it does not hold that a lead's epoch counts its custodies" in capsys.readouterr().out


def test_an_audit_for_programs_is_one_document(world: Context, capsys: pytest.CaptureFixture[str]) -> None:
    """Each law carries its checks, each check its count and first ids."""
    with transaction(world.engine) as tx:
        tx.run("UPDATE rep_load SET open_leads = 99 WHERE rep_id = 'ann'")

    code = main(["audit", "--json"])

    document = json.loads(capsys.readouterr().out)
    books = next(law for law in document["laws"] if law["name"] == "Books")
    assert (code, document["kept"]) == (1, False)
    assert [check["ids"] for check in books["checks"] if check["breaches"]] == [["ann"]]


def test_the_last_leads_of_a_source_have_owner_times_and_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    """The newest come first, and no more than asked for."""
    code = main(["report", "audit", "--source", "/form", "--last", "4", "--json"])

    rows = json.loads(capsys.readouterr().out)
    assert code == 0
    assert [(row["lead_id"], row["status"], row["owner"]) for row in rows] == [
        (11, "diverted", None),
        (10, "nurturing", None),
        (9, "held", "exceptions"),
        (8, "pooled", "tank"),
    ]


def test_a_source_without_leads_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing found is a sentence and not an empty table."""
    main(["report", "audit", "--source", "/nowhere"])

    assert "No lead has the source /nowhere." in capsys.readouterr().out

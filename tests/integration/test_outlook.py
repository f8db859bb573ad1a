"""`baton policy forecast`: many leads at once, at an instant that is to come, as the pipeline would decide them."""

import csv
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from shared.db import policies
from shared.db.transaction import transaction
from tests.fixtures.commands import Baton
from tests.fixtures.ops_texts import OPS_POLICY, OPS_TEAM
from tests.fixtures.pipeline import Pipeline, counted, lead_event
from workers.assignment.ops.find import active_policy
from workers.outlook.outlook import Outlook, look_ahead
from workers.outlook.prospects import read_prospects


@pytest.fixture
def team(pipeline: Pipeline) -> Pipeline:
    """A pipeline with a policy, its people, an account with an owner, and a lead that came before."""
    pipeline.activate(OPS_POLICY)
    pipeline.sync("reps", OPS_TEAM)
    acme = {"name": "Acme", "domain": "acme.example", "status": "customer", "owner_rep_id": "nora"}
    pipeline.sync("accounts", [{"account_id": "acme", **acme}])
    pipeline.route(lead_event(email="old@elsewhere.example", country="IT", employees=200))
    return pipeline


@pytest.fixture
def run(baton: Baton, team: Pipeline) -> Baton:
    """Run `baton policy forecast …` against the database of a team."""
    del team
    return partial(baton, "policy", "forecast")


def _leads() -> list[dict[str, Any]]:
    """Return leads of every kind: pools, an account's owner, the same person twice, one known, one not understood."""
    return [
        *(lead_event(f"n-{number}", country="GB", employees=200) for number in range(3)),
        *(lead_event(f"s-{number}", country="IT", employees=200) for number in range(4)),
        lead_event("a-1", email="ceo@acme.example", employees=200),
        lead_event("b-1", product="Anvil", employees=50, hand_raise=True),
        lead_event("l-1", country="IT", employees=5000),
        lead_event("d-1", email="twice@new.example", country="IT", employees=200),
        lead_event("d-2", email="twice@new.example", country="GB", employees=200),
        lead_event("k-1", email="old@elsewhere.example", country="GB", employees=200),
        lead_event("h-1", country="Atlantis", employees=200),
        lead_event("u-1", lead_type="newsletter", employees=200),
    ]


def _write(path: Path, events: Iterable[Mapping[str, Any]]) -> str:
    path.write_bytes(b"\n".join(orjson.dumps(one) for one in events))
    return str(path)


def _outlook(pipeline: Pipeline, file: str, at: datetime | None = None) -> Outlook:
    prospects, refused = read_prospects(file)
    assert refused == []
    with transaction(pipeline.context.engine) as tx:
        tx.run("SET TRANSACTION READ ONLY")
        when = at or tx.started_at
        return look_ahead(pipeline.context, tx, active_policy(tx, pipeline.context.policies, when), prospects, when)


def _owners(found: Outlook) -> dict[str, tuple[str, str | None]]:
    return {one.prospect.event_id: (one.verdict.status, one.verdict.owner) for one in found.leads}


def test_a_forecast_says_what_the_pipeline_then_does(team: Pipeline, tmp_path: Path) -> None:
    """The same leads, published all at once, come to the same owners, queues, tracks and persons."""
    file = _write(tmp_path / "leads.jsonl", _leads())

    found = _outlook(team, file)
    team.route(*Path(file).read_bytes().splitlines())

    rows = team.rows("SELECT event_id, status, owner FROM report.lead WHERE lead_id > 1")
    then = {row["event_id"]: (row["status"], row["owner"]) for row in rows}
    expected = _owners(found)
    # A track is no owner in the reports.
    expected["u-1"] = ("nurturing", None)
    assert expected == then
    assert {one.prospect.event_id: one.joins for one in found.leads if one.joins} == {
        "d-2": "/forms/demo:d-1",
        "k-1": "lead 1",
    }
    assert {one.rep_id: one.leads for one in found.reps} == {
        rep_id: leads
        for rep_id in ("nils", "nora", "sara", "sven")
        if (leads := sum(owner == rep_id for _, owner in then.values()))
    }


def test_the_instant_counts(team: Pipeline, tmp_path: Path) -> None:
    """A version that is planned and an absence that begins by then are seen at that instant, and not before it."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    file = _write(tmp_path / "leads.jsonl", [lead_event("n-1", country="GB", employees=200)])
    with transaction(team.context.engine) as tx:
        text = OPS_POLICY.replace("{region: north}, to: pool:north", "{region: north}, to: pool:south")
        number = policies.store(tx, text, name="planned", by="test")
        policies.activate(tx, number, by="test", effective_at=tomorrow)
    away = {"rep_id": "sara", "from": tomorrow.isoformat(), "until": (tomorrow + timedelta(days=9)).isoformat()}
    team.sync("absences", [away])

    now, then = _outlook(team, file), _outlook(team, file, tomorrow + timedelta(hours=1))

    assert (now.policy_version, _owners(now)["n-1"][1] in {"nils", "nora"}) == (1, True)
    assert (then.policy_version, _owners(then)) == (number, {"n-1": ("offered", "sven")})
    assert then.leads[0].overdue_at is not None
    assert then.leads[0].overdue_at - tomorrow >= timedelta(hours=3)


def test_the_number_of_statements_does_not_depend_on_the_leads(team: Pipeline, tmp_path: Path) -> None:
    """Ten times as many leads, the same statements."""
    counts = []
    for times in (1, 1, 10):
        events = [lead_event(f"{number}-{one['id']}", **one["data"]) for number in range(times) for one in _leads()]
        with counted(team.context.engine) as statements:
            _outlook(team, _write(tmp_path / "leads.jsonl", events))
        counts.append(len(statements))

    # The first fills caches: the policy, the reps, the names of accounts.
    assert counts[1] == counts[2]


def test_a_table_of_leads_is_forecast_and_tested(run: Baton, tmp_path: Path) -> None:
    """A CSV in, a CSV out, and what must become of leads held against it."""
    table, out, expected = tmp_path / "leads.csv", tmp_path / "out.csv", tmp_path / "expected.csv"
    table.write_text("id,email,country,employees,lead_type\nt-1,zoe@x.example,IT,20,demo_request\n")
    expected.write_text("lead,owner,pool\nZoe@x.example,,south\nt-1,nora,\n")

    code, told, _ = run("--leads", str(table), "--csv", str(out), "--expect", str(expected))

    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert code == 1
    assert "1 lead, if they came at" in told
    assert "owner nora" in told
    assert [(row["event_id"], row["status"], row["target"], row["rule"]) for row in rows] == [
        ("t-1", "offered", "pool:south", "south")
    ]


def test_what_would_be_no_lead_is_named(run: Baton, tmp_path: Path) -> None:
    """The rest is forecast, for people and for scripts; an instant that is past is refused."""
    touched = {"id": "x", "source": "s", "type": "lead.touched", "data": {"lead_id": 1, "rep_id": "nora"}}
    twice = lead_event("n-1", email="a@x.example", country="GB", employees=200)
    file = _write(tmp_path / "leads.jsonl", [twice, touched, {"id": "y"}, twice])

    code, told, _ = run("--leads", file, "--json")
    past, _, notes = run("--leads", file, "--at", "2020-01-01")

    document = json.loads(told)
    assert code == 1
    assert [one["event_id"] for one in document["leads"]] == ["n-1"]
    assert [one["place"] for one in document["refused"]] == [2, 3, 4]
    assert (past, "That is past" in notes) == (1, True)

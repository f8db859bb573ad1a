"""What `baton rep depart` says of a rep who leaves, and that what it says comes true."""

import json
import os
import pty
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests.fixtures.commands import Baton
from tests.fixtures.intake import other_event
from tests.fixtures.pipeline import Pipeline, counted, lead_event, rep
from workers.assignment.ops.policies import activate_document
from workers.intake.departing import DepartureReport
from workers.intake.rep_changes import depart, look_at_departure

_POLICY = """
baton_policy: 1
name: leavers
owner: ops@here.example
vocabulary: {lead_type: [demo_request, contact_sales]}
buffer: {default: {minimum: 0s, maximum: 60s}}
rules:
  - {name: deals, when: {has_open_opportunity: true}, to: owner:opportunity, else: [queue:exceptions]}
  - {name: danes, when: {country: DK}, to: rep:ana, else: [pool:west]}
  - {name: calls, when: {lead_type: contact_sales}, to: pool:solo}
  - {name: everyone, to: pool:west}
pools:
  west: {members: {team: West}, overflow: [queue:exceptions]}
  solo: {members: {reps: [ana]}, overflow: [pool:west]}
queues:
  exceptions: {kind: exception, alert: "#d", escalate_after: 30m, escalate_to: boss@here.example}
  shark_tank: {kind: claim, members: {team: West}, escalate_after: 1h, escalate_to: boss@here.example}
"""

_OWNERS = "SELECT owner, count(*) AS leads FROM assignment WHERE ended_at IS NULL GROUP BY owner"


@pytest.fixture
def team(pipeline: Pipeline) -> Pipeline:
    """Ana, Bob and Cid in the West; Ana has every kind of lead, an account, a deal, and stands in for Bob."""
    pipeline.activate(_POLICY)
    pipeline.sync("reps", [rep("ana", team="West"), rep("bob", team="West", weight=2), rep("cid", team="West")])
    accounts = [{"account_id": f"a-{n:02}", "name": f"A {n}", "owner_rep_id": "ana"} for n in range(25)]
    accounts.append({"account_id": "z-1", "name": "Zenith", "domain": "zenith.example", "owner_rep_id": "ana"})
    accounts[-1]["named"] = "true"
    pipeline.sync("accounts", accounts)
    deal = {"opportunity_id": "o-1", "account_id": "z-1", "is_open": "true", "owner_rep_id": "ana"}
    pipeline.sync("opportunities", [deal, {**deal, "opportunity_id": "o-2", "is_open": "false"}])
    soon = datetime.now(UTC) + timedelta(days=3)
    absence = {"rep_id": "bob", "from": soon.isoformat(), "until": (soon + timedelta(days=1)).isoformat()}
    pipeline.sync("absences", [{**absence, "cover_rep_id": "ana"}])
    pipeline.route(
        *(lead_event(country="DK") for _ in range(3)),
        *(lead_event(lead_type="contact_sales") for _ in range(2)),
        lead_event(email="zoe@zenith.example", company="Zenith"),
        *(lead_event() for _ in range(8)),
    )
    return pipeline


def _going(report: DepartureReport) -> dict[str, int]:
    found: Counter[str] = Counter()
    for one in report.going:
        found[one.to.partition(":")[2]] += one.leads
    return dict(found)


def _owners(pipeline: Pipeline) -> Counter[str]:
    return Counter({row["owner"]: row["leads"] for row in pipeline.rows(_OWNERS)})


def test_a_dry_run_says_what_hangs_on_a_rep_and_changes_nothing(team: Pipeline) -> None:
    """Leads, rules, pools, queues, accounts, deals and stand-ins are named, and everything stays as it is."""
    before = (_owners(team), team.value("SELECT count(*) FROM decision"))

    report = look_at_departure(team.context, "ana")

    assert (report.name, report.team, report.has_departed, report.policy_version) == ("Ana", "West", False, 1)
    assert report.leads == {"offered": report.open_leads}
    assert [(one.rule, one.then) for one in report.hangs.rules] == [("danes", ("pool:west", "queue:exceptions"))]
    assert {one.name: (one.named, one.left, one.is_emptied) for one in report.hangs.pools} == {
        "west": (False, 2, False),
        "solo": (True, 0, True),
    }
    assert {one.name: one.share for one in report.hangs.pools} == {"west": 0.25, "solo": 1.0}
    assert [(one.name, one.left) for one in report.hangs.queues] == [("shark_tank", 2)]
    assert (report.accounts["owned"], report.accounts["named"], report.accounts["first"][0]) == (26, 1, "z-1")
    assert (len(report.accounts["first"]), report.opportunities) == (20, {"owned": 1, "first": ["o-1"]})
    assert [one["rep_id"] for one in report.stands_in] == ["bob"]
    assert before == (_owners(team), team.value("SELECT count(*) FROM decision"))
    assert team.value("SELECT status FROM rep WHERE rep_id = 'ana'") == "active"


@pytest.mark.parametrize("way", ["command", "event", "file"])
def test_the_leads_go_where_the_report_says(team: Pipeline, way: str) -> None:
    """By command, by event and by file alike: every lead is decided again, and comes to whom the dry run named."""
    held = _owners(team)
    report = look_at_departure(team.context, "ana")

    if way == "command":
        done = depart(team.context, "ana", made_by="olga")
        assert (done.going, done.hangs) == (report.going, report.hangs)
    elif way == "event":
        team.publish(other_event("rep.upserted", time=datetime.now(UTC), **rep("ana", team="West", status="departed")))
    else:
        team.sync("reps", [rep("ana", team="West", status="departed")])
    team.keeper.retry()
    team.run_all()

    moved = _owners(team)
    assert (report.open_leads, moved["ana"]) == (held["ana"], 0)
    assert report.open_leads >= 8
    assert {name: leads - held[name] for name, leads in moved.items() if leads != held[name]} == _going(report)
    assert team.breaches() == []


def test_the_owner_of_the_policy_is_told_what_to_mend(team: Pipeline) -> None:
    """Once, whatever way the rep left; a rep on whom nothing counts leaves without a word."""
    told = "SELECT recipient, body ->> 'text' AS text FROM notice WHERE kind = 'policy'"
    gone = rep("ana", team="West", status="departed")
    team.sync("reps", [gone, rep("cid", team="West", status="departed")])
    team.sync("reps", [{**gone, "name": "Ana L."}])

    (row,) = team.rows(told)
    assert row["recipient"] == "ops@here.example"
    assert row["text"].startswith("ana has departed: rule danes names them; pool solo has nobody left; accounts that")


def test_a_plan_that_counts_on_the_rep_is_named(team: Pipeline) -> None:
    """A version that is planned was checked while the rep was here, and names the rep all the same."""
    at = datetime.now(UTC) + timedelta(days=1)
    planned = _POLICY.replace("name: leavers", "name: january").replace("country: DK", "country: SE")
    number = activate_document(team.context, planned, made_by="ops", override=True, at=at).version

    report = look_at_departure(team.context, "ana")

    assert [(one.version, one.rules, one.pools) for one in report.planned] == [(number, ("danes",), ("solo",))]


def test_who_has_departed_has_nothing_left_to_give(team: Pipeline) -> None:
    """A second time nothing is decided again; the rule that still names the rep is named again."""
    depart(team.context, "ana", made_by="olga")

    again = depart(team.context, "ana", made_by="olga")

    assert (again.has_departed, again.open_leads, again.going) == (True, 0, ())
    assert [one.rule for one in again.hangs.rules] == ["danes"]
    assert [one.name for one in again.hangs.pools] == ["solo"]


def test_a_report_without_a_policy_has_what_the_tables_say(pipeline: Pipeline) -> None:
    """Accounts and deals are named although nobody could say where leads go."""
    pipeline.sync("reps", [rep("ana")])
    pipeline.sync("accounts", [{"account_id": "a-1", "name": "A", "owner_rep_id": "ana"}])

    report = look_at_departure(pipeline.context, "ana")

    assert (report.policy_version, report.going, report.accounts["owned"]) == (None, (), 1)


def test_the_report_costs_as_much_for_many_leads_as_for_few(team: Pipeline) -> None:
    """The number of statements does not grow with the leads that the rep holds."""
    with counted(team.context.engine) as few:
        look_at_departure(team.context, "ana")
    team.route(*(lead_event(country="DK") for _ in range(40)))

    with counted(team.context.engine) as many:
        look_at_departure(team.context, "ana")

    assert len(many) == len(few)


# The command ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(baton: Baton, team: Pipeline) -> Baton:
    """Run `baton rep …` against the database of a team."""
    del team
    return partial(baton, "rep")


def test_a_person_reads_what_hangs_on_the_rep(run: Baton, team: Pipeline) -> None:
    """Every part of the report has its line, and the dry run says that it was one."""
    code, told, _ = run("depart", "ana", "--dry-run")

    assert code == 0
    for words in (
        "ana would depart; 8 leads would be decided again.\n  is Ana of team West\n",
        "open leads (",
        "to rep:bob by pool:west",
        "is named by rule danes (line 9); its leads go to pool:west, then queue:exceptions",
        "is in pool west with 25% of its leads: 2 active members are left",
        "is named by pool solo with 100% of its leads: nobody is left, its leads go to pool:west",
        "may claim from queue shark_tank: 2 active members are left",
        "owns 26 accounts, 1 of them named: z-1, a-00",
        "and 6 more",
        "owns 1 open opportunity: o-1",
        "stands in for bob",
        "Nothing was changed.",
    ):
        assert words in told
    assert team.value("SELECT status FROM rep WHERE rep_id = 'ana'") == "active"


def test_a_script_is_not_asked(run: Baton, team: Pipeline) -> None:
    """Off a terminal the rep departs, and the document holds what a script looked for before beside the report."""
    code, told, _ = run("depart", "ana", "--json", "--by", "olga")
    document: dict[str, Any] = json.loads(told)

    assert code == 0
    assert (document["rep_id"], document["status"], document["by"], document["dry_run"]) == (
        "ana",
        "departed",
        "olga",
        False,
    )
    assert document["leads"] == sum(one["leads"] for one in document["report"]["going"])
    assert team.value("SELECT made_by FROM reference_change ORDER BY change_id DESC LIMIT 1") == "olga"
    assert team.value("SELECT status FROM rep WHERE rep_id = 'ana'") == "departed"


@pytest.mark.parametrize(("answer", "code", "status"), [("n", 130, "active"), ("y", 0, "departed")])
def test_a_person_on_a_terminal_is_asked(run: Baton, team: Pipeline, answer: str, code: int, status: str) -> None:
    """The counts stand before the question; nothing is changed without a yes."""
    assert run("depart", "ana", "--dry-run")[0] == 0
    person, terminal = pty.openpty()
    command = [sys.executable, "-m", "workers", "rep", "depart", "ana"]
    with subprocess.Popen(
        command, stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        os.write(person, f"{answer}\n".encode())
        _, told = process.communicate(timeout=60)
    os.close(person)
    os.close(terminal)

    assert process.returncode == code
    assert "Let ana depart, with 8 open leads?" in told
    assert team.value("SELECT status FROM rep WHERE rep_id = 'ana'") == status


def test_nobody_is_told_of_a_rep_whom_there_is_not(run: Baton) -> None:
    """A misspelt id gets the one that was meant."""
    code, told, error = run("depart", "anna", "--dry-run")

    assert (code, told) == (1, "")
    assert "did you mean ana?" in error

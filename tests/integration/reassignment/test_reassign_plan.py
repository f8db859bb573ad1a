"""A plan says who would get which lead, and moves nothing."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from shared.errors import RefusedError, UsageError
from tests.fixtures.pipeline import Pipeline, rep
from tests.fixtures.territory_texts import AFTER
from tests.integration.reassignment.conftest import Plan

Moves = Callable[[int], list[dict[str, Any]]]


def _owners(company: Pipeline) -> dict[int, str]:
    return {row["lead_id"]: row["owner"] for row in company.rows("SELECT lead_id, owner FROM report.lead")}


def test_a_plan_moves_nothing(company: Pipeline, plan: Plan, moves: Moves) -> None:
    """What is planned is rows; owners, clocks and ledgers stay."""
    before = _owners(company), company.rows("SELECT * FROM pool_ledger ORDER BY 1, 2")

    plan_id = plan(rep="ann", to="policy")

    assert [one["state"] for one in moves(plan_id)] == ["pending"] * 6
    assert (_owners(company), company.rows("SELECT * FROM pool_ledger ORDER BY 1, 2")) == before


def test_a_rep_who_leaves_gets_none_of_them_again(plan: Plan, moves: Moves) -> None:
    """The leads of a rep go to the others of the pool, by the rules."""
    found = moves(plan(rep="ann", to="policy"))

    assert {one["from_owner"] for one in found} == {"ann"}
    assert {one["to_owner"] for one in found} == {"ben"}
    assert {one["rule"] for one in found} == {"north"}


def test_who_belongs_where_it_is_stays(company: Pipeline, plan: Plan) -> None:
    """A territory whose rules did not change has nothing to move."""
    plan_id = plan(territory="south", to="policy")

    assert company.rows("SELECT unchanged, pending FROM report.plan WHERE plan_id = :id", id=plan_id) == [
        {"unchanged": 4, "pending": 0}
    ]


def test_a_new_policy_moves_what_it_changes_and_nothing_else(company: Pipeline, plan: Plan, moves: Moves) -> None:
    """The difference of two versions is the leads that go another way, and the new pool shares them by weight."""
    norway = set(company.ids("SELECT lead_id FROM report.lead WHERE country = 'NO'"))
    company.activate(AFTER)

    found = moves(plan(policy_diff=True))

    assert {one["lead_id"] for one in found} == norway
    assert Counter(one["to_owner"] for one in found) == {"erik": 2, "freya": 4}


def test_a_claimed_lead_is_no_difference(company: Pipeline, plan: Plan, moves: Moves) -> None:
    """Where the rules say the same as before, it does not matter who has the lead."""
    british = company.ids("SELECT lead_id FROM report.lead WHERE country = 'GB'")
    company.rows("UPDATE assignment SET owner = 'cleo' WHERE lead_id = :id", id=british[0])
    company.activate(AFTER)

    found = moves(plan(policy_diff=True))

    assert british[0] not in {one["lead_id"] for one in found}


def test_a_territory_is_a_region_or_a_pool(plan: Plan, moves: Moves) -> None:
    """Facts say the region, the ledger the pool; here they name the same leads."""
    by_region = {one["lead_id"] for one in moves(plan(territory="north", to="pool:vikings"))}

    assert len(by_region) == 12
    with pytest.raises(RefusedError, match=r"no territory .* 'nort'.*north"):
        plan(territory="nort", to="pool:vikings")


def test_old_leads_are_meant_by_their_age(company: Pipeline, plan: Plan, moves: Moves) -> None:
    """What nobody has worked for weeks goes to somebody who will; `created_before` names the instant itself."""
    company.rows("UPDATE lead SET received_at = received_at - interval '40 days' WHERE lead_id <= 3")
    before = str(company.value("SELECT now() - interval '30 days'"))

    by_age = moves(plan(older_than="30d", to="pool:vikings"))
    by_instant = moves(plan(created_before=before, to="pool:vikings"))

    assert [one["lead_id"] for one in by_age] == [one["lead_id"] for one in by_instant] == [1, 2, 3]


def test_nobody_gets_more_than_the_cap(plan: Plan, moves: Moves) -> None:
    """A cap of the plan bounds what each rep gets; what is beyond it is listed with the reason."""
    found = moves(plan(territory="north", to="pool:vikings", cap=3))

    got = Counter(one["to_owner"] for one in found if one["state"] == "pending")
    assert got == {"erik": 3, "freya": 3}
    assert {one["reason"] for one in found if one["state"] == "blocked"} == {"no_one_available"}


def test_nobody_gets_more_than_the_rep_may_hold(company: Pipeline, plan: Plan, moves: Moves) -> None:
    """Capacity bounds a plan as it bounds routing."""
    company.sync("reps", [rep("erik", team="Vikings", capacity="2")])

    found = moves(plan(territory="north", to="rep:erik"))

    assert Counter((one["state"], one["reason"]) for one in found) == {
        ("pending", None): 2,
        ("blocked", "at_capacity"): 10,
    }


def test_a_file_names_leads_and_owners(company: Pipeline, plan: Plan, moves: Moves) -> None:
    """Ids, e-mail addresses and events are keys; each line may have its own owner."""
    email = company.value("SELECT email FROM report.lead WHERE lead_id = 2")
    event = company.value("SELECT event_source || ':' || event_id FROM report.lead WHERE lead_id = 3")

    found = moves(plan([("1", "cleo"), (email.upper(), "rep:dino"), (event, "pool:vikings")]))

    assert [(one["lead_id"], one["to_owner"]) for one in found[:2]] == [(1, "cleo"), (2, "dino")]
    assert found[2]["pool"] == "vikings"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"to": "policy"}, "Say which leads are meant"),
        ({"rep": "ann"}, "Say where the leads are to go"),
        ({"rep": "an", "to": "policy"}, "no rep 'an'"),
        ({"rep": "ann", "to": "rep:nobody"}, "no active rep 'nobody'"),
        ({"rep": "ann", "to": "pool:nort"}, "no pool 'nort'"),
        ({"rep": "ann", "to": "queue:exceptions"}, "no claim queue 'exceptions'"),
        ({"rep": "ann", "to": "suppress:x"}, "suppress"),
        ({"rep": "ann", "to": "policy", "status": "merged"}, "Nobody holds a lead that is 'merged'"),
        ({"rep": "ann", "to": "policy", "clock": "stop"}, "clock is 'stop'"),
        ({"rep": "ann", "to": "policy", "created_before": "soon"}, "no instant"),
        ({"policy_diff": "1..7"}, "Version 7 is not in force"),
        ({"policy_diff": "one"}, "no difference"),
    ],
)
def test_what_nobody_knows_is_refused(plan: Plan, words: dict[str, Any], message: str) -> None:
    """A wrong name is an error that says what there is, before a plan of nothing looks like an answer."""
    with pytest.raises((RefusedError, UsageError), match=message):
        plan(**words)


def test_a_message_that_comes_twice_makes_one_plan(company: Pipeline, plan: Plan) -> None:
    """The message is the key of the plan."""
    first = plan(rep="ann", to="policy", request_id="task-1")

    assert plan(rep="ann", to="policy", request_id="task-1") == first
    assert company.value("SELECT count(*) FROM report.plan") == 1

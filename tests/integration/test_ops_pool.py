"""Pools as ops see them, without a lock, and credits that count once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.db.transaction import transaction
from shared.errors import RefusedError
from tests.fixtures.ops_texts import OPS_POLICY, OPS_TEAM
from tests.fixtures.pipeline import Pipeline, lead_event
from workers.assignment.desks import PoolPage, pool_desks, pool_page
from workers.assignment.ops import credit_member
from workers.assignment.ops.find import active_policy
from workers.assignment.queries.changes import Adjustment

_POLICY = OPS_POLICY.replace("calendar: office,", "calendar: office, when_closed: wait,")


@pytest.fixture
def full(pipeline: Pipeline) -> Pipeline:
    """A pipeline with the full policy and its people."""
    pipeline.activate(_POLICY)
    pipeline.sync("reps", OPS_TEAM)
    return pipeline


def _page(pipeline: Pipeline, name: str, at: datetime | None = None) -> PoolPage:
    with transaction(pipeline.context.engine) as tx:
        return pool_page(tx, pipeline.context, active_policy(tx, pipeline.context.policies), name, at)


def _southern(**data: Any) -> dict[str, Any]:
    return lead_event(country="IT", employees=200, **data)


def _credit(pipeline: Pipeline, leads: int, *, rep_id: str = "sven", pool: str = "south", key: str = "a") -> bool:
    return credit_member(pipeline.context, Adjustment(key, pool, rep_id, leads, "made up for March", "ops"))


def test_a_pool_names_who_is_next(full: Pipeline) -> None:
    """Whoever is shown as next gets the next lead, again and again."""
    shown, given = [], []

    for _ in range(4):
        shown.append(_page(full, "south").next)
        (lead_id,) = full.route(_southern())
        given.append(full.lead(lead_id)["owner"])

    assert shown == given
    assert set(given) == {"sara", "sven"}


def test_a_pool_says_why_the_others_are_not(full: Pipeline) -> None:
    """Away, full and departed members are shown with that reason, behind those who are eligible."""
    now = datetime.now(UTC)
    full.route(_southern(), _southern())
    full.sync(
        "reps",
        [{**OPS_TEAM[2], "capacity": "1"}, {"rep_id": "sue", "name": "Sue", "status": "departed", "team": "South"}],
    )
    full.sync("absences", [{"rep_id": "sven", "from": now.isoformat(), "until": (now + timedelta(days=1)).isoformat()}])

    page = _page(full, "south")
    later = _page(full, "south", now + timedelta(days=2))

    assert {one.rep_id: one.reason for one in page.seats} == {"sara": "at_capacity", "sue": "departed", "sven": "away"}
    assert (page.next, page.given) == (None, 2)
    assert (later.next, later.what) == ("sven", "as it would stand")


def test_a_pool_keeps_its_hours_at_another_time(full: Pipeline) -> None:
    """At an instant to come, members are judged by the hours of that instant."""
    sunday = datetime(2031, 1, 5, 12, tzinfo=UTC)

    closed = _page(full, "north", sunday)
    open_ = _page(full, "north", sunday + timedelta(days=1))

    assert {one.reason for one in closed.seats} == {"closed"}
    assert [one.reason for one in open_.seats] == [None, None]


def test_a_pool_is_shown_as_it_stood(full: Pipeline) -> None:
    """At a past instant the pool is shown as its last decision before it saw it."""
    full.route(_southern())
    full.pass_time(3600)
    full.route(_southern())

    page = _page(full, "south", datetime.now(UTC) - timedelta(minutes=30))

    assert page.what == "as it stood"
    assert [(one.rep_id, one.order, one.open_leads) for one in page.seats] == [("sara", 1, 0), ("sven", 2, 0)]
    with pytest.raises(RefusedError, match="no lead before"):
        _page(full, "north", datetime.now(UTC) - timedelta(minutes=30))


def test_looking_changes_nothing_and_waits_for_nobody(full: Pipeline) -> None:
    """A pool whose ledger a batch has locked can be looked at, and no row is made by looking."""
    full.route(_southern())
    before = full.rows("SELECT * FROM pool_ledger ORDER BY rep_id")

    with transaction(full.context.engine) as tx:
        tx.rows("SELECT 1 FROM pool FOR UPDATE")
        tx.rows("SELECT 1 FROM rep_load FOR UPDATE")
        page = _page(full, "south")
        _page(full, "large")

    assert page.next == "sven"
    assert full.rows("SELECT * FROM pool_ledger ORDER BY rep_id") == before
    assert full.ids("SELECT pool FROM pool") == ["south"]


def test_pools_are_listed(full: Pipeline) -> None:
    """Every pool of the policy is there with members, who is next and where its overflow goes."""
    with transaction(full.context.engine) as tx:
        rows = {str(one["pool"]): one for one in pool_desks(tx, full.context, active_policy(tx, full.context.policies))}

    assert list(rows) == ["anvils", "large", "north", "south"]
    assert (rows["south"]["members"], rows["south"]["next"]) == (2, "sara")
    assert rows["south"]["overflow"] == "queue:exceptions"


def test_a_credit_moves_a_member_by_its_size(full: Pipeline) -> None:
    """Owed two leads, a member is given two before the turns go on."""
    _credit(full, 2)

    owners = [full.lead(lead_id)["owner"] for _ in range(4) for lead_id in full.route(_southern())]

    assert owners[:2] == ["sven", "sven"]
    assert sorted(owners[2:]) == ["sara", "sven"]
    assert full.breaches() == []


def test_a_credit_counts_once_per_id(full: Pipeline) -> None:
    """The same adjustment again changes nothing; another under its id is refused."""
    assert _credit(full, 3)
    assert not _credit(full, 3)
    with pytest.raises(RefusedError, match="another adjustment"):
        _credit(full, 4)

    assert full.value("SELECT owed FROM pool_ledger WHERE rep_id = 'sven'") == 3
    assert full.rows("SELECT leads, note, made_by FROM pool_adjustment") == [
        {"leads": 3, "note": "made up for March", "made_by": "ops"}
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"leads": 0}, "no adjustment"),
        ({"leads": 10_001}, "no adjustment"),
        ({"leads": 1, "pool": "suoth"}, "south"),
        ({"leads": 1, "rep_id": "zoe"}, "not known"),
        ({"leads": 1, "rep_id": "nils"}, "not an active member"),
    ],
)
def test_an_impossible_credit_is_refused(full: Pipeline, change: dict[str, Any], says: str) -> None:
    """Nothing, too much, an unknown pool, and who is no member cannot be credited."""
    with pytest.raises(RefusedError, match=says):
        _credit(full, **change)

    assert full.rows("SELECT * FROM pool_adjustment") == []

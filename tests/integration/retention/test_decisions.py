"""Decisions of leads that ended long ago leave; a lead that lives keeps them all, and the books balance."""

from typing import Any

import pytest

from tests.fixtures.commands import Baton, document_of
from tests.fixtures.intake import other_event
from tests.fixtures.pipeline import Pipeline, lead_event, open_pipeline, rep
from tests.fixtures.policy_texts import OPEN_POLICY
from tests.integration.retention.conftest import pass_days

_THERE = "SELECT lead_id, count(*)::int AS made FROM decision GROUP BY 1 ORDER BY 1"
_COUNTED = "SELECT lead_id, decisions AS made FROM lead ORDER BY 1"
_PARTS = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'decision'::regclass"


def _convert(pipeline: Pipeline, *lead_ids: int) -> None:
    pipeline.route(*(other_event("lead.converted", lead_id=one, rep_id="ana") for one in lead_ids))
    assert {pipeline.lead(one)["status"] for one in lead_ids} == {"converted"}


@pytest.fixture
def long_ago(pipeline: Pipeline) -> dict[str, int]:
    """Leads of a year and a half ago: one converted then, one a year later, one never; and one of today."""
    then, later, never = pipeline.route(lead_event("then"), lead_event("later"), lead_event("never"))
    _convert(pipeline, then)
    pass_days(pipeline, 400)
    _convert(pipeline, later)
    pass_days(pipeline, 100)
    (today,) = pipeline.route(lead_event("today"))
    return {"then": then, "later": later, "never": never, "today": today}


def _made(pipeline: Pipeline, sql: str, leads: dict[str, int]) -> dict[str, int]:
    made = {row["lead_id"]: row["made"] for row in pipeline.rows(sql)}
    return {name: made.get(lead_id, 0) for name, lead_id in leads.items()}


def test_leads_that_ended_lose_what_is_old_and_nothing_else_changes(
    pipeline: Pipeline, command: Baton, long_ago: dict[str, int]
) -> None:
    """The first decisions go and the last ones stay; looking changes nothing, and a second time there is nothing."""
    before, counted = _made(pipeline, _THERE, long_ago), _made(pipeline, _COUNTED, long_ago)
    leads = pipeline.rows("SELECT * FROM report.lead ORDER BY 1")

    looked = document_of(command("--of", "decisions"))
    untouched = _made(pipeline, _THERE, long_ago)
    dropped = document_of(command("--of", "decisions", "--yes", "--by", "dora"))
    after = _made(pipeline, _THERE, long_ago)

    assert untouched == before == counted
    assert (looked["dropped"], dropped["dropped"], looked["months"]) == (False, True, dropped["months"])
    assert after == before | {"then": 0, "later": after["later"]}
    assert 0 < after["later"] < before["later"]
    assert _made(pipeline, _COUNTED, long_ago) == counted
    assert sum(one["decisions"] for one in dropped["months"]) == sum(before.values()) - sum(after.values())
    assert pipeline.ids("SELECT DISTINCT dropped_by FROM dropped_decisions") == ["dora"]
    assert pipeline.rows("SELECT * FROM report.lead ORDER BY 1") == leads
    assert pipeline.breaches() == []
    assert document_of(command("--of", "decisions", "--yes"))["months"] == []


def test_a_lead_that_ends_later_goes_with_a_later_run(
    pipeline: Pipeline, command: Baton, long_ago: dict[str, int]
) -> None:
    """Its month is smaller after the first run and gone after the second, and takes no new rows meanwhile."""
    document_of(command("--of", "decisions", "--yes"))
    parts = pipeline.value(_PARTS)
    _convert(pipeline, long_ago["never"])

    document_of(command("--of", "decisions", "--yes"))

    assert pipeline.value(_PARTS) == parts - 1
    assert 0 < _made(pipeline, _THERE, long_ago)["never"] < _made(pipeline, _COUNTED, long_ago)["never"]
    pipeline.route(lead_event("more"))
    assert pipeline.breaches() == []


def test_what_pools_were_like_goes_with_the_last_decision_that_names_it(
    pipeline: Pipeline, command: Baton, long_ago: dict[str, int]
) -> None:
    """The batch of three leads still has one that lives; the batch after it has none."""
    snapshots = "SELECT (SELECT count(*) FROM pool_snapshot), (SELECT count(*) FROM coverage_snapshot)"
    before = pipeline.rows(snapshots)

    document_of(command("--of", "decisions", "--yes"))
    with_one_living = pipeline.rows(snapshots)
    _convert(pipeline, long_ago["never"])
    document_of(command("--of", "decisions", "--yes"))

    assert with_one_living == before
    assert list(pipeline.rows(snapshots)[0].values()) == [count - 1 for count in before[0].values()]


def test_a_month_that_got_smaller_is_like_any_other(
    pipeline: Pipeline, command: Baton, long_ago: dict[str, int]
) -> None:
    """It has the bounds, the index and the columns of the one before it."""
    described = """
        SELECT pg_get_expr(relpartbound, oid) AS bound,
            (SELECT array_agg((attname, atttypid, attnotnull, atthasdef) ORDER BY attnum) FROM pg_attribute
            WHERE attrelid = pg_class.oid AND attnum > 0)::text AS columns,
            (SELECT count(*) FROM pg_index WHERE indrelid = pg_class.oid) AS indexes,
            (SELECT count(*) FROM pg_constraint WHERE conrelid = pg_class.oid AND contype = 'c') AS checks
        FROM pg_class JOIN pg_inherits ON inhrelid = oid WHERE inhparent = 'decision'::regclass ORDER BY 1
    """
    before = pipeline.rows(described)

    document_of(command("--of", "decisions", "--yes"))

    assert long_ago
    assert pipeline.rows(described) == before


def test_months_without_a_part_of_their_own_go_as_well(database_url: str, redis_url: str, baton: Baton) -> None:
    """Without a keeper nobody makes parts in time; no lead loses decisions from the middle of its record by that."""
    with open_pipeline(database_url, redis_url) as pipeline:
        pipeline.activate(OPEN_POLICY)
        pipeline.sync("reps", [rep("ana")])
        then, never = pipeline.route(lead_event("then"), lead_event("never"))
        _convert(pipeline, then)
        pass_days(pipeline, 500)
        lying = pipeline.value("SELECT count(*) FROM decision_other")

        dropped = document_of(baton("retention", "--of", "decisions", "--yes", "--json"))

        made = _made(pipeline, _COUNTED, {"then": then, "never": never})
        assert lying > made["then"] == dropped["months"][0]["decisions"]
        assert _made(pipeline, _THERE, {"then": then, "never": never}) == {"then": 0, "never": made["never"]}
        assert pipeline.breaches() == []


@pytest.mark.parametrize("name", ["then", "never"])
def test_the_audit_misses_what_went_without_being_counted(
    pipeline: Pipeline, command: Baton, long_ago: dict[str, int], name: str
) -> None:
    """Of a lead that ended, the number is off; of one that lives, its record has a gap as well."""
    document_of(command("--of", "decisions", "--yes"))
    pipeline.rows("DELETE FROM decision WHERE lead_id = :id AND sequence = 1", id=long_ago["never"])
    if name == "then":
        pipeline.rows("UPDATE dropped_decisions SET decisions = decisions + 1")
        pipeline.rows("UPDATE lead SET status = 'diverted' WHERE lead_id = :id", id=long_ago["never"])

    found = {one.holds[:30] for one in pipeline.breaches()}

    assert ("the decisions of a lead are numbered"[:30] in found) == (name == "never")


def test_a_lead_without_its_decisions_can_still_be_looked_at(
    pipeline: Pipeline, baton: Baton, command: Baton, long_ago: dict[str, int]
) -> None:
    """What is known of it is told, and that its first decisions were dropped."""
    document_of(command("--of", "decisions", "--yes"))
    page: Any = document_of(baton("lead", "show", long_ago["then"], "--json"))
    told = baton("lead", "show", long_ago["then"])
    whole = baton("lead", "show", long_ago["never"])

    assert (page["timeline"], page["dropped_decisions"]) == ([], page["lead"]["decisions"])
    assert f"{page['lead']['decisions']} older decisions were dropped" in told.out
    assert "were dropped" not in whole.out
    assert pipeline.breaches() == []


def test_how_a_pool_stood_then_is_not_guessed(
    pipeline: Pipeline, baton: Baton, command: Baton, long_ago: dict[str, int]
) -> None:
    """Where snapshots were dropped, an older one that is still there would be taken for the one of that time."""
    (pool,) = pipeline.ids("SELECT DISTINCT pool FROM pool_snapshot")
    document_of(command("--of", "decisions", "--yes"))

    refused = baton("pool", "show", pool, "--at", pipeline.lead(long_ago["then"])["received_at"].isoformat())
    known = baton("pool", "show", pool, "--at", pipeline.value("SELECT now()").isoformat())

    assert (refused.code, known.code) == (1, 0)
    assert "was dropped with the decisions of that time" in refused.err


def test_a_rehearsal_is_not_made_of_halves(
    pipeline: Pipeline, baton: Baton, command: Baton, long_ago: dict[str, int]
) -> None:
    """A period from which decisions are missing is refused, with the first day that is whole."""
    whole = document_of(baton("policy", "backtest", "live", "--since", "900d", "--json"))
    document_of(command("--of", "decisions", "--yes"))
    since = pipeline.value("SELECT to_char(decisions_whole_since() AT TIME ZONE 'UTC', 'YYYY-MM-DD')")

    refused = baton("policy", "backtest", "live", "--since", "900d")
    later = document_of(baton("policy", "backtest", "live", "--since", since, "--json"))

    assert (whole["leads"], whole["differs"]) == (len(long_ago), 0)
    assert (refused.code, refused.out) == (1, "")
    assert f"were dropped: --since {since}, or later" in refused.err
    assert (later["leads"], later["differs"]) == (1, 0)


def test_without_old_decisions_there_is_nothing_to_say(baton: Baton) -> None:
    """An empty answer is a sentence."""
    answer = baton("retention", "--of", "decisions", "--months", "1")

    assert (answer.code, "There are no decisions of a month before" in answer.out) == (0, True)

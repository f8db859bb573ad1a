"""What intake applies itself: engagement and reference data, always the newest truth."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fixtures.intake import conservation, other_event
from tests.fixtures.pipeline import Pipeline, lead_event, rep
from tests.fixtures.policy_texts import OPEN_POLICY


def test_engagement_is_counted_by_person(pipeline: Pipeline) -> None:
    """By the normal address, or by a lead that has one; a lead that nobody knows is refused."""
    pipeline.activate(OPEN_POLICY)
    (lead_id,) = pipeline.route(lead_event(email="ana@acme.example"))
    late, early = datetime(2026, 11, 21, 9, tzinfo=UTC), datetime(2026, 11, 20, 9, tzinfo=UTC)

    pipeline.publish(
        other_event("lead.engaged", time=late, email="Ana+news@ACME.example", signal="pricing_page_view"),
        other_event("lead.engaged", time=early, lead_id=lead_id, signal="pricing_page_view"),
        other_event("lead.engaged", time=early, lead_id=str(lead_id), signal="webinar"),
    )
    pipeline.publish(other_event("lead.engaged", "late-1", lead_id=9_999, signal="webinar"))
    pipeline.publish(other_event("lead.engaged", time=early, email="ana@acme.example", signal="pricing_page_view"))

    assert pipeline.rows("SELECT email, signal, times, last_at FROM engagement ORDER BY signal") == [
        {"email": "ana@acme.example", "signal": "pricing_page_view", "times": 3, "last_at": late},
        {"email": "ana@acme.example", "signal": "webinar", "times": 1, "last_at": early},
    ]
    assert pipeline.rows("SELECT id, reason FROM event WHERE outcome = 'refused'") == [
        {"id": "late-1", "reason": "no lead 9999 with an email"}
    ]
    assert conservation(pipeline)["delta"] == 0


def test_reference_events_keep_the_newest_truth(pipeline: Pipeline) -> None:
    """Older than what is stored is refused, in any order of arrival, also when the newest said nothing new."""
    start = datetime(2026, 11, 1, tzinfo=UTC)

    def said(day: int, name: str) -> dict[str, Any]:
        return other_event("account.upserted", time=start + timedelta(days=day), account_id="a-1", name=name)

    pipeline.publish(said(2, "Second"))
    pipeline.publish(said(1, "First"))
    pipeline.publish(said(3, "Second"), said(5, "Fifth"), said(4, "Fourth"))
    pipeline.publish(said(7, "Fifth"))
    pipeline.publish(said(6, "Sixth"))

    assert pipeline.ids("SELECT name FROM account") == ["Fifth"]
    assert pipeline.rows("SELECT data ->> 'name' AS name, reason FROM event WHERE outcome = 'refused' ORDER BY 1") == [
        {"name": "First", "reason": "older than what is stored"},
        {"name": "Sixth", "reason": "older than what is stored"},
    ]
    assert conservation(pipeline) | {"applied": 5, "refused": 2, "delta": 0} == conservation(pipeline)


def test_nothing_is_true_of_the_future(pipeline: Pipeline) -> None:
    """A publisher whose clock is wrong does not keep the truth out that comes after it."""
    tomorrow = datetime.now(UTC) + timedelta(days=400)

    pipeline.publish(other_event("account.upserted", time=tomorrow, account_id="a-1", name="Wrong"))
    pipeline.publish(other_event("account.upserted", time=datetime.now(UTC), account_id="a-1", name="Right"))

    assert pipeline.ids("SELECT name FROM account") == ["Right"]


@pytest.mark.parametrize(
    ("event_type", "table", "data"),
    [
        ("account.upserted", "account", {"account_id": "k", "name": "A", "employees": "200-500", "named": True}),
        ("opportunity.upserted", "opportunity", {"opportunity_id": "k", "amount": 12.5, "closed_at": "2026-12-01"}),
        ("rep.upserted", "rep", {"rep_id": "k", "name": "R", "status": "active", "skills": ["a", "b"], "weight": 2}),
    ],
)
def test_every_kind_of_reference_event_is_applied(
    pipeline: Pipeline, event_type: str, table: str, data: dict[str, Any]
) -> None:
    """The same again changes nothing but the instant up to which it is known to be true."""
    pipeline.publish(other_event(event_type, **data))
    before = pipeline.rows(f"SELECT * FROM {table}")
    pipeline.publish(other_event(event_type, **data))
    after = pipeline.rows(f"SELECT * FROM {table}")

    assert len(before) == 1
    assert before[0].pop("as_of") < after[0].pop("as_of")
    assert before == after
    assert pipeline.ids("SELECT outcome FROM event") == ["applied", "applied"]


def test_a_rep_who_departs_loses_every_lead_at_once(pipeline: Pipeline) -> None:
    """In the transaction of the event; the leads are tried again, and find somebody who is there."""
    pipeline.activate(OPEN_POLICY)
    pipeline.sync("reps", [rep("rae"), rep("bob")], as_of=datetime(2026, 11, 1, tzinfo=UTC))
    pipeline.route(*[lead_event() for _ in range(6)])

    pipeline.publish(other_event("rep.upserted", time=datetime.now(UTC), **rep("rae", status="departed")))

    owners = "SELECT owner, count(*) AS leads FROM assignment WHERE ended_at IS NULL GROUP BY owner ORDER BY owner"
    assert pipeline.rows(owners) == [{"owner": "bob", "leads": 3}, {"owner": "exceptions", "leads": 3}]
    assert pipeline.value("SELECT open_leads FROM rep_load WHERE rep_id = 'rae'") == 0

    pipeline.keeper.retry()
    pipeline.run_all()
    assert pipeline.rows(owners) == [{"owner": "bob", "leads": 6}]


def test_an_old_departure_takes_nothing_from_who_is_back(pipeline: Pipeline) -> None:
    """Neither when it arrives late, nor when the return stands beside it in a batch."""
    pipeline.activate(OPEN_POLICY)
    pipeline.sync("reps", [rep("rae")], as_of=datetime(2026, 11, 10, tzinfo=UTC))
    pipeline.route(lead_event(), lead_event())
    left, back = datetime(2026, 11, 11, tzinfo=UTC), datetime(2026, 11, 12, tzinfo=UTC)

    pipeline.publish(
        other_event("rep.upserted", time=datetime(2026, 11, 1, tzinfo=UTC), **rep("rae", status="departed"))
    )
    pipeline.publish(
        other_event("rep.upserted", time=back, **rep("rae")),
        other_event("rep.upserted", time=left, **rep("rae", status="departed")),
    )

    assert pipeline.statuses() == {"offered": 2}
    assert pipeline.ids("SELECT owner FROM assignment WHERE ended_at IS NULL") == ["rae", "rae"]

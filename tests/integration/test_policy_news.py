"""What people are told of the policy: when it is due to be looked through, and every change of it."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.bus.queues import TaskName
from shared.db.standing import look_at_policy, record_review
from shared.db.transaction import transaction
from shared.settings import Settings
from tests.fixtures.pipeline import Pipeline, rep
from tests.fixtures.policy_texts import one_pool
from workers.assignment.ops.policies import activate_document
from workers.assignment.ops.versions import cancel_plan
from workers.doctor import examine


@pytest.fixture
def staffed(pipeline: Pipeline) -> Pipeline:
    """A pipeline with a rep in each of two teams, and no policy."""
    pipeline.sync("reps", [rep("nora", team="north"), rep("sven", team="south")])
    return pipeline


def _activate(pipeline: Pipeline, document: str, at: datetime | None = None) -> int:
    return activate_document(pipeline.context, document, made_by="olga", at=at).version


def test_a_review_that_is_due_is_seen(staffed: Pipeline, database_url: str, redis_url: str) -> None:
    """A month after the last change it is due; looking it through puts it off by a month, and so does a change."""
    alone = Settings(database_url=database_url, redis_url=redis_url)
    monthly = one_pool("first").replace("owner:", "review: monthly\nowner:", 1)
    number = _activate(staffed, monthly)
    fresh = examine(alone)["policy"]
    staffed.pass_time(32 * 86_400)
    due = examine(alone)["policy"]

    with transaction(staffed.context.engine) as tx:
        record_review(tx, number, by="rita", note="nothing to change")
    after = look_at_policy(database_url)
    staffed.pass_time(32 * 86_400)
    again = examine(alone)["policy"]
    _activate(staffed, one_pool("second"))
    unsaid = look_at_policy(database_url)

    assert (fresh.severity, due.severity, again.severity) == ("well", "hint", "hint")
    assert "to be looked through (monthly) since" in due.text
    assert due.mend.endswith("`baton policy review`")
    assert after is not None
    assert after.review is not None
    assert (after.review.last_by, after.review_is_due) == ("rita", False)
    assert unsaid is not None
    assert unsaid.review is not None
    assert (unsaid.review.due_at, unsaid.review_is_due) == (None, False)


_TOLD = "SELECT recipient, body ->> 'text' AS text FROM notice WHERE kind = 'policy' ORDER BY notice_id"


def test_who_answers_is_told_of_every_change(staffed: Pipeline) -> None:
    """The first policy is no change; a version, a plan and its cancellation are told, and the notices are handed on."""
    _activate(staffed, one_pool("first"))
    silent = staffed.rows(_TOLD)
    second = _activate(staffed, one_pool("second"))
    third = _activate(staffed, one_pool("third", pool="south"), at=datetime.now(UTC) + timedelta(hours=1))
    cancel_plan(staffed.context, third, made_by="otto")

    told = staffed.rows(_TOLD)
    assert silent == []
    assert {row["recipient"] for row in told} == {"ops@here.example"}
    assert [row["text"].partition(" (")[0] for row in told] == [
        f"Version {second}",
        f"Version {third}",
        f"Version {third}",
    ]
    assert "1 in policy, 1 in rules, 2 in pools" in told[1]["text"]
    assert "taken back by otto" in told[2]["text"]
    assert [task for task, _ in staffed.hints.published] == [TaskName.SEND] * 3

"""Notices find their sender: handed on by who writes them, by the keeper when that hint was lost, and by hand."""

from functools import partial
from typing import Any

import pytest

from shared.custody import Notice, write_notices
from shared.db.transaction import transaction
from shared.domain.notice import Addressee, Channel, NoticeKind, NoticeOutcome
from tests.fixtures.commands import Baton
from tests.fixtures.pipeline import Pipeline, lead_event
from tests.fixtures.policy_texts import OPEN_POLICY
from tests.fixtures.receiver import Receiver, slack_error


def test_who_assigns_hands_the_notices_on(pipeline: Pipeline) -> None:
    """Right after the commit; with nothing configured they are marked so, and the leads are where they belong."""
    pipeline.activate(OPEN_POLICY)
    pipeline.publish(lead_event())
    while pipeline.hints.published[0][0] != "notification.send":
        pipeline.deliver(*pipeline.hints.published.pop(0))

    (notice,) = pipeline.ids("SELECT notice_id FROM notice")
    assert pipeline.hints.published[0] == ("notification.send", [notice])
    pipeline.run_all()
    assert pipeline.value("SELECT outcome FROM notice") == "not_configured"


def test_a_lost_hint_costs_a_tick(pipeline: Pipeline) -> None:
    """Also while no policy is in force; once it is sent the keeper is silent."""
    with transaction(pipeline.context.engine) as tx:
        ids = write_notices(tx, [Notice("exception", "#alerts", "queue", (1,))])

    for _ in range(2):
        pipeline.keeper.tick()
    assert pipeline.hints.published == [("notification.send", ids)]

    pipeline.deliver("notification.send", ids)
    assert pipeline.keeper.remind_outbox() == []


def test_the_words_of_the_code_are_those_of_the_database(pipeline: Pipeline) -> None:
    """What the code may write the table accepts, and nothing else."""
    words = {"kind": NoticeKind, "addressee": Addressee, "channel": Channel, "outcome": NoticeOutcome}
    for column, known in words.items():
        allowed = pipeline.value(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name", name=f"notice_{column}_check"
        )

        assert set(allowed.split("'")[1::2]) == {str(word) for word in known}


@pytest.fixture
def run(baton: Baton) -> Baton:
    """Run `baton notification …` on this test's database."""
    return partial(baton, "notification")


def test_the_list_says_to_whom_and_what_became_of_it(outbox: Any, slack: Receiver, run: Baton) -> None:
    """A person reads whose manager was told and why something failed; a program gets the receipt."""
    slack.tell("#gone", slack_error("channel_not_found"))
    outbox.write(
        Notice("overdue", "ann", "manager", tuple(range(1, 9))),
        Notice("exception", "#gone", "queue", (9,)),
    )
    outbox.send()
    outbox.write(Notice("priority", "ann", "rep", (10,)))

    text = run("list").out
    failed = run("list", "--outcome", "failed", "--json").facts
    of_channel = run("list", "--recipient", "#west-managers", "--json").facts

    assert "manager of ann (#west-managers)" in text
    assert "1, 2, 3, 4, 5 and 3 more" in text
    assert "failed: channel_not_found" in text
    assert "waiting" in text
    assert [(one["recipient"], one["reason"]) for one in failed] == [("#gone", "channel_not_found")]
    assert [one["receipt"] for one in of_channel] == ["C0CHANNEL 1700000000.000100"]
    assert len(run("list", "--unsent", "--json").facts) == 2


def test_what_failed_can_be_sent_again_under_its_key(outbox: Any, slack: Receiver, run: Baton) -> None:
    """All of its message; what was sent, or waits, is left alone."""
    slack.tell("#gone", slack_error("channel_not_found"))
    first = outbox.write(*(Notice("exception", "#gone", "queue", (number,)) for number in (1, 2)))
    outbox.write(Notice("exception", "#good", "queue", (3,)))
    outbox.send()
    slack.tell("#gone")

    result = run("retry", str(first[1]), "--by", "ops", "--json")
    outbox.pass_time(2)
    outbox.send()

    assert result.facts == {"notices": first}
    assert outbox.outcomes() == ["sent", "sent", "sent"]
    keys = [one.document["metadata"]["event_payload"]["message_id"] for one in slack.got("#gone")]
    assert keys == [first[0], first[0]]
    assert len(slack.got("#good")) == 1
    assert run("retry", "--all", "--json").facts == {"notices": []}


def test_a_retry_wants_to_know_of_what(run: Baton) -> None:
    """Neither nothing nor both."""
    for arguments in ((), ("1", "--all")):
        answer = run("retry", *arguments)
        assert (answer.code, answer.out) == (2, "")
        assert "Name the notices, or say --all" in answer.err

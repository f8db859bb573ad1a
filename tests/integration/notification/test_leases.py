"""At least once, and never twice at a time: leases, fences, and senders that die."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from shared.custody import Notice
from shared.custody.move import track_notice
from tests.fixtures.receiver import Answer, Receiver
from workers.notification.desk import Desk
from workers.notification.policy.retrying import Delivery, Reply
from workers.notification.policy.rounds import ATTEMPTS
from workers.notification.tasks import claim_letters, settle_replies

_NOTICES = [Notice("exception", f"#c{number % 8}", "queue", (number,)) for number in range(64)]


def test_two_senders_at_once_never_send_one_notice_twice(open_outbox: Callable[..., Any], slack: Receiver) -> None:
    """Eight workers over eight lines: every notice arrives once, in one message per line."""
    senders = [open_outbox(**slack.settings()) for _ in range(8)]
    senders[0].write(*_NOTICES)
    gate = threading.Barrier(len(senders))

    def run(sender: Any) -> None:
        gate.wait()
        sender.send()

    threads = [threading.Thread(target=run, args=(sender,)) for sender in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    told = [one for request in slack.requests for one in request.document["metadata"]["event_payload"]["notice_ids"]]
    assert sorted(told) == [row["notification_id"] for row in senders[0].notices()]
    assert len(slack.requests) == 8
    assert {(row["outcome"], row["attempts"]) for row in senders[0].notices()} == {("sent", 1)}


def test_a_notice_under_a_lease_is_nobody_elses(open_outbox: Callable[..., Any], slack: Receiver) -> None:
    """While one sender has it, another finds nothing, neither the notice nor a new one for the same line."""
    one, other = open_outbox(**slack.settings()), open_outbox(**slack.settings())
    one.write(Notice("exception", "#line", "queue", (1,)))
    letters, _ = claim_letters(one.context)
    one.write(Notice("exception", "#line", "queue", (2,)))

    found, _ = claim_letters(other.context)

    assert [letter.message.lead_ids for letter in letters] == [[1]]
    assert found == []


def test_a_sender_killed_between_sending_and_marking_sends_the_same_message_again(
    open_outbox: Callable[..., Any], slack: Receiver
) -> None:
    """At least once: the receiver gets it twice, under one key and with the same notices, so that it can tell."""
    dying, next_one = open_outbox(**slack.settings(webhook=True)), open_outbox(**slack.settings(webhook=True))
    dying.write(Notice("exception", "#line", "queue", (1,)), track_notice("webhook:map", "value", [1]))
    dying.write(Notice("exception", "#line", "queue", (2,)), track_notice("webhook:map", "value", [2]))
    letters, _ = claim_letters(dying.context)
    Desk().deliver(dying.context.settings, letters)
    dying.write(Notice("exception", "#line", "queue", (3,)), track_notice("webhook:map", "value", [3]))

    next_one.send()
    assert len(slack.requests) == 2
    next_one.pass_time(60)
    next_one.send()

    first, again = [one.document["metadata"]["event_payload"] for one in slack.got("#line")]
    assert first == again
    assert first["leads"] == 2
    posts = slack.got("/map")
    assert posts[0].headers["webhook-id"] == posts[1].headers["webhook-id"]
    assert posts[0].body == posts[1].body
    assert [row["outcome"] for row in next_one.notices()] == ["sent", "sent", "sent", "sent", None, None]
    assert [row["attempts"] for row in next_one.notices()] == [2, 2, 2, 2, 0, 0]


def test_a_sender_that_comes_back_too_late_settles_nothing(open_outbox: Callable[..., Any], slack: Receiver) -> None:
    """Its lease has run out and another has the notice: the fence is the number of the attempt."""
    slow, quick = open_outbox(**slack.settings()), open_outbox(**slack.settings())
    slow.write(Notice("exception", "#line", "queue", (1,)))
    letters, _ = claim_letters(slow.context)
    slow.pass_time(60)
    claim_letters(quick.context)

    settle_replies(slow.context, letters, {letters[0].message.message_id: Reply(Delivery.SENT)})

    assert [(row["outcome"], row["attempts"]) for row in slow.notices()] == [(None, 2)]
    assert all(seconds > timedelta(seconds=25).total_seconds() for seconds in slow.seconds_to_next())


def test_a_message_that_kills_every_sender_is_given_up(outbox: Any, slack: Receiver) -> None:
    """The attempt is counted before it is made."""
    outbox.write(Notice("exception", "#line", "queue", (1,)))
    for _ in range(ATTEMPTS):
        letters, _ = claim_letters(outbox.context)
        assert len(letters) == 1
        outbox.pass_time()

    outbox.send()

    assert [(row["outcome"], row["reason"]) for row in outbox.notices()] == [("failed", "attempts_spent")]
    assert slack.requests == []


def test_a_message_keeps_its_key_when_it_fails_and_others_follow(outbox: Any, slack: Receiver) -> None:
    """What was told together is tried again together, and what came later is a message of its own."""
    slack.tell("#line", Answer(500), Answer(200, b'{"ok": true}'))
    first = outbox.write(*(Notice("exception", "#line", "queue", (number,)) for number in (1, 2)))
    outbox.send()
    later = outbox.write(Notice("exception", "#line", "queue", (3,)))

    for _ in range(3):
        outbox.pass_time(60)
        outbox.send()

    told = [one.document["metadata"]["event_payload"]["notice_ids"] for one in slack.got("#line")]
    assert told == [first, first, later]
    assert [row["message_id"] for row in outbox.notices()] == [first[0], first[0], later[0]]


def test_who_has_departed_is_not_told(outbox: Any, slack: Receiver) -> None:
    """A notice that waited too long says so."""
    outbox.write(Notice("priority", "ann", "rep", (1,)))
    outbox.rows("UPDATE rep SET status = 'departed' WHERE rep_id = 'ann'")

    outbox.send()

    assert [(row["outcome"], row["reason"]) for row in outbox.notices()] == [("not_configured", "no_address")]
    assert slack.requests == []

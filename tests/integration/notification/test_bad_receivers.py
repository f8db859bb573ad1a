"""A receiver that is busy, broken, slow or silent: what is recorded, what is tried again, and who does not wait."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import structlog

from shared.custody import Notice
from shared.custody.move import track_notice
from tests.fixtures.receiver import Answer, Receiver, slack_error
from workers.notification.policy.rounds import ATTEMPTS

_TO_BAD = Notice("exception", "#bad", "queue", (1,))
_TO_GOOD = Notice("exception", "#good", "queue", (2,))

#: What passes, and the word under which it is recorded.
_PASSING = {
    "rate_limited": (slack_error("ratelimited", 429, Retry_After="9"), "rate_limited"),
    "rate_limited_silently": (slack_error("ratelimited", 429), "rate_limited"),
    "rate_limited_in_words": (slack_error("ratelimited"), "rate_limited"),
    "broken": (Answer(500, b"oops"), "http_500"),
    "broken_in_words": (slack_error("internal_error"), "internal_error"),
    "away": (Answer(503), "http_503"),
    "no_json": (Answer(200, b"<html>Hello"), "unreadable_answer"),
    "another_json": (Answer(200, b"[1]"), "unreadable_answer"),
    "no_text": (Answer(200, b"\xff\xfe\xfd"), "unreadable_answer"),
    "no_http": (Answer(manner="garbage"), "unreadable_answer"),
    "closed": (Answer(manner="close"), "no_connection"),
    "silent": (Answer(manner="hang"), "timeout"),
    "dripping": (Answer(200, b"x" * 1000, manner="drip"), "timeout"),
}


@pytest.mark.parametrize("name", _PASSING)
def test_what_passes_is_tried_again_and_holds_up_nobody(outbox: Any, slack: Receiver, name: str) -> None:
    """The notice waits with its reason, and the message to another channel has arrived long before."""
    answer, reason = _PASSING[name]
    slack.tell("#bad", answer)
    outbox.write(_TO_BAD, _TO_GOOD)

    started = time.monotonic()
    outbox.send()
    seconds = time.monotonic() - started

    bad, good = outbox.notices()
    assert (bad["outcome"], bad["attempts"], bad["reason"], bad["sent_at"]) == (None, 1, reason, None)
    assert (good["outcome"], good["attempts"]) == ("sent", 1)
    assert abs(slack.got("#good")[0].at - slack.got("#bad")[0].at) < 1.9
    assert seconds < 8
    assert outbox.counted("slack", "retried") == 1


def test_a_receiver_that_is_not_there_is_tried_again(open_outbox: Callable[..., Any]) -> None:
    """Nobody listens at the port."""
    outbox = open_outbox(slack_bot_token="xoxb-test", slack_api_url="http://127.0.0.1:9")
    outbox.write(_TO_BAD)

    outbox.send()

    assert (outbox.outcomes(), outbox.notices()[0]["reason"]) == ([None], "no_connection")


def test_retry_after_is_kept_for_the_whole_line(outbox: Any, slack: Receiver) -> None:
    """Neither this message nor a new one to that channel leaves before; another channel is not concerned."""
    slack.tell("#bad", slack_error("ratelimited", 429, Retry_After="60"), Answer(200, b'{"ok": true}'))
    outbox.write(_TO_BAD)
    outbox.send()
    assert all(59 < seconds <= 60 for seconds in outbox.seconds_to_next())

    outbox.write(Notice("shark_tank", "#bad", "queue", (3,)), _TO_GOOD)
    outbox.send()
    outbox.pass_time(50)
    outbox.send()
    assert len(slack.got("#bad")) == 1
    assert len(slack.got("#good")) == 1

    for _ in range(2):
        outbox.pass_time(30)
        outbox.send()
    assert len(slack.got("#bad")) == 3
    assert set(outbox.outcomes()) == {"sent"}


def test_pauses_grow_and_attempts_are_bounded(outbox: Any, slack: Receiver) -> None:
    """Each pause is between half and all of twice the one before; after the last attempt the notice has failed."""
    slack.tell("#bad", Answer(500))
    outbox.write(_TO_BAD)
    pauses: list[float] = []

    with structlog.testing.capture_logs() as logs:
        for _ in range(ATTEMPTS + 2):
            outbox.send()
            pauses += outbox.seconds_to_next()
            outbox.pass_time()

    assert len(slack.got("#bad")) == ATTEMPTS
    assert all(
        min(3600, 5 * 2**number) * 0.49 < pause <= min(3600, 5 * 2**number) for number, pause in enumerate(pauses)
    )
    row = outbox.notices()[0]
    assert (row["outcome"], row["reason"], row["attempts"]) == ("failed", "http_500", ATTEMPTS)
    (failed,) = [one for one in logs if one["log_level"] == "error"]
    assert (failed["event"], failed["why"]) == ("notices_failed", "http_500")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (slack_error("channel_not_found"), "channel_not_found"),
        (slack_error("invalid_auth"), "invalid_auth"),
        (slack_error("not_in_channel", 403), "not_in_channel"),
        (Answer(400, b"nonsense <b>"), "http_400"),
        (Answer(404, b"{}"), "http_404"),
    ],
)
def test_what_would_be_refused_again_fails_at_once(outbox: Any, slack: Receiver, answer: Answer, reason: str) -> None:
    """With Slack's word for it, an error in the log, and one request."""
    slack.tell("#bad", answer)
    outbox.write(_TO_BAD)

    with structlog.testing.capture_logs() as logs:
        outbox.send()
    outbox.pass_time()
    outbox.send()

    row = outbox.notices()[0]
    assert (row["outcome"], row["reason"], row["attempts"]) == ("failed", reason, 1)
    assert [one["event"] for one in logs if one["log_level"] == "error"] == ["notices_failed"]
    assert len(slack.got("#bad")) == 1
    assert outbox.counted("slack", "failed") == 1


def test_a_person_whom_slack_does_not_know_cannot_be_told(outbox: Any, slack: Receiver) -> None:
    """The look-up's word is the reason."""
    slack.tell("/api/users.lookupByEmail", slack_error("users_not_found"))
    outbox.write(Notice("priority", "bob", "rep", (1,)))

    outbox.send()

    assert [(row["outcome"], row["reason"]) for row in outbox.notices()] == [("failed", "users_not_found")]


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (Answer(200, b"ok"), "sent", None),
        (Answer(200, b"<html>"), None, "unreadable_answer"),
        (Answer(429, b"rate_limited", {"Retry-After": "3"}), None, "rate_limited"),
        (Answer(500, b"rollup_error"), None, "http_500"),
        (Answer(404, b"no_service"), "failed", "no_service"),
        (Answer(403, b"action_prohibited"), "failed", "action_prohibited"),
        (Answer(400, b"?" * 5000), "failed", "http_400"),
        (Answer(manner="close"), None, "no_connection"),
    ],
)
def test_an_incoming_webhook_answers_in_words(
    open_outbox: Callable[..., Any], slack: Receiver, answer: Answer, outcome: str | None, reason: str | None
) -> None:
    """Only ok is ok; what is no word of Slack's stays out of our records."""
    outbox = open_outbox(**slack.settings(bot=False, hook=True))
    slack.tell("/hook", answer)
    outbox.write(_TO_BAD)

    outbox.send()

    assert [(row["outcome"], row["reason"]) for row in outbox.notices()] == [(outcome, reason)]


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (Answer(200, b"whatever"), "sent", None),
        (Answer(302, headers={"Location": "/elsewhere"}), "failed", "http_302"),
        (Answer(401), "failed", "http_401"),
        (Answer(410), "failed", "http_410"),
        (Answer(408), None, "http_408"),
        (Answer(502), None, "http_502"),
        (Answer(429, headers={"Retry-After": "soon"}), None, "rate_limited"),
        (Answer(manner="garbage"), None, "no_connection"),
        (Answer(manner="hang"), None, "timeout"),
        (Answer(200, headers={"X-Slow": "x" * 200}, manner="drip"), None, "timeout"),
    ],
)
def test_a_webhook_answers_by_status(
    outbox: Any, slack: Receiver, answer: Answer, outcome: str | None, reason: str | None
) -> None:
    """Success is any 2xx; a redirect is not followed, for the body holds people's data."""
    slack.tell("/map", answer)
    outbox.write(track_notice("webhook:map", "value", [1]))

    outbox.send()

    assert [(row["outcome"], row["reason"]) for row in outbox.notices()] == [(outcome, reason)]
    assert {one.name for one in slack.requests} == {"/map"}

"""Which notices become which messages, and what follows from a reply."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.notice import Addressee, Channel, NoticeOutcome
from workers.notification.policy.outbox import INCOMING_WEBHOOK, Line, Pending, Ways, line_of, slack_address
from workers.notification.policy.retrying import (
    LINE_PAUSE,
    LONGEST_PAUSE,
    Delivery,
    Reply,
    reply_of_status,
    settle,
    wait_seconds,
)
from workers.notification.policy.rounds import (
    ATTEMPTS,
    POST_LEADS,
    Message,
    Round,
    lines_of,
    plan_round,
    whole_messages,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BOTH = Ways(bot=True, hook=True, webhooks=frozenset({"map"}))


def notice(number: int, address: str | None = "#a", kind: str = "overdue", **given: Any) -> Pending:
    """Return a new notice to an address."""
    plain = Pending(number, kind, address or "x", Addressee.QUEUE, (number,), NOW, address)
    return replace(plain, **given)


def track(number: int, leads: int = 1, **body: str) -> Pending:
    """Return a new notice to the marketing webhook about so many leads."""
    lead_ids = tuple(range(number * 1000, number * 1000 + leads))
    return Pending(number, "nurture", "webhook:map", Addressee.TRACK, lead_ids, NOW, "webhook:map", body=body)


def plan(notices: Sequence[Pending], ways: Ways = BOTH) -> Round:
    """Plan a round in which every line is free."""
    return plan_round(notices, ways, dict.fromkeys(lines_of(notices, ways)), NOW)


@given(
    st.lists(
        st.builds(
            lambda number, address, kind, attempts: notice(number, address, kind, attempts=attempts),
            st.integers(1, 1000),
            st.sampled_from(["#a", "#b", "ann@here.example", "?", None]),
            st.sampled_from(["overdue", "reminder"]),
            st.sampled_from([0, 0, 0, ATTEMPTS]),
        ),
        unique_by=lambda one: one.notice_id,
        max_size=30,
    ),
    st.sampled_from([Ways(), Ways(bot=True), Ways(hook=True), BOTH]),
    st.sets(st.sampled_from(["#a", "#b", INCOMING_WEBHOOK])),
)
def test_every_notice_has_exactly_one_place_in_a_round(notices: list[Pending], ways: Ways, closed: set[str]) -> None:
    """Sent, set aside, or left for the next round; at most one message per line, of one kind, to one address."""
    free = {line: NOW if line.address in closed else None for line in lines_of(notices, ways)}

    planned = plan_round(notices, ways, free, NOW)

    sent = [one.notice_id for message in planned.messages for one in message.notices]
    placed = [*sent, *(one.notice_id for one in planned.aside), *planned.rest, *planned.behind]
    assert sorted(placed) == sorted(one.notice_id for one in notices)
    assert len({message.line for message in planned.messages}) == len(planned.messages)
    for message in planned.messages:
        assert message.line.address not in closed
        assert len({(one.kind, one.address) for one in message.notices}) == 1
        assert message.message_id == min(one.notice_id for one in message.notices)
    if not (ways.bot or ways.hook):
        assert {one.outcome for one in planned.aside} <= {NoticeOutcome.NOT_CONFIGURED}


def test_a_message_that_failed_is_told_again_as_it_was() -> None:
    """Its notices, no others, under its key, and before what came later."""
    old = [notice(number, message_id=1, attempts=2) for number in (1, 2)]
    new = [notice(number) for number in (3, 4)]

    planned = plan([*new, *old])

    (message,) = planned.messages
    assert (message.message_id, message.attempt) == (1, 3)
    assert [one.notice_id for one in message.notices] == [1, 2]
    assert {one.notice_id for one in planned.aside} == {3, 4}
    assert {one.next_attempt_at for one in planned.aside} == {NOW + timedelta(seconds=1)}


def test_a_post_holds_a_hundred_leads_of_one_track_and_reason() -> None:
    """What would be more follows at once, for a webhook keeps no pace."""
    notices = [track(1, 60, track="a"), track(2, 1, track="b"), track(3, 40, track="a"), track(4, 1, track="a")]

    planned = plan(notices)

    (message,) = planned.messages
    assert [one.notice_id for one in message.notices] == [1, 3]
    assert len(message.lead_ids) == POST_LEADS
    assert planned.behind == [2, 4]
    assert planned.aside == []


def test_a_notice_larger_than_a_post_goes_alone() -> None:
    """A notice is never divided: its key is that of all its leads."""
    (message,) = plan([track(1, 500), track(2)]).messages

    assert [one.notice_id for one in message.notices] == [1]


def test_a_lead_of_several_notices_counts_once() -> None:
    """Two reminders about one lead speak of one lead."""
    (message,) = plan([notice(1, lead_ids=(5, 6)), notice(2, lead_ids=(6,))]).messages

    assert message.lead_ids == [5, 6]


def test_a_list_that_was_cut_loses_its_last_message() -> None:
    """A message is told whole, or its key would name two different ones."""
    notices = [notice(1), notice(2, message_id=2), notice(3, message_id=2)]

    assert [one.notice_id for one in whole_messages(notices, 3)] == [1]
    assert whole_messages(notices, 4) == notices
    assert whole_messages(notices[1:], 2) == notices[1:]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#Lead-Exceptions", "#lead-exceptions"),
        ("west_managers", "#west_managers"),
        ("C0123ABCD", "C0123ABCD"),
        (" U0ANN00 ", "U0ANN00"),
        ("boss@seller.example", "boss@seller.example"),
        ("#équipe", "#équipe"),
        ("", None),
        ("@ann", None),
        ("https://evil.example/hook", None),
        ("two words", None),
        ("#a\n#b", None),
    ],
)
def test_slack_takes_ids_channels_and_people(text: str, expected: str | None) -> None:
    """Anything else is no address."""
    assert slack_address(text) == expected


@pytest.mark.parametrize(
    ("one", "ways", "expected"),
    [
        (notice(1), BOTH, Line(Channel.SLACK, "#a")),
        (notice(1), Ways(hook=True), Line(Channel.SLACK, INCOMING_WEBHOOK)),
        (notice(1, None), BOTH, Line(Channel.SLACK, INCOMING_WEBHOOK)),
        (notice(1, None), Ways(bot=True), None),
        (notice(1), Ways(webhooks=frozenset({"map"})), None),
        (track(1), BOTH, Line(Channel.WEBHOOK, "map")),
        (track(1), Ways(bot=True, hook=True), None),
        (replace(track(1), recipient="webhook:crm"), BOTH, None),
        (replace(track(1), recipient="map"), BOTH, None),
    ],
)
def test_a_notice_goes_over_what_is_configured_for_it(one: Pending, ways: Ways, expected: Line | None) -> None:
    """The app first, then the incoming webhook; a track by its own webhook or not at all."""
    assert line_of(one, ways) == expected


def message(attempts: int = 0, channel: Channel = Channel.SLACK) -> Message:
    """Return a message before its next attempt."""
    return Message(1, Line(channel, "#a"), "overdue", (notice(1, attempts=attempts),))


@given(st.integers(0, ATTEMPTS - 2), st.floats(0, 1), st.one_of(st.none(), st.floats(0, 100_000)))
def test_a_pause_grows_is_spread_and_respects_the_receiver(attempts: int, chance: float, asked: float | None) -> None:
    """Between half and all of a doubling pause, never less than what the receiver asked for, within an hour."""
    found = settle(message(attempts), Reply(Delivery.PASSING, "x", asked), NOW, chance)

    longest = min(timedelta(seconds=5 * 2**attempts), LONGEST_PAUSE)
    pause = found.next_attempt_at - NOW
    assert found.outcome is None
    assert found.attempts == attempts + 1
    assert longest / 2 <= pause <= max(longest, LONGEST_PAUSE if asked else longest)
    assert pause >= timedelta(seconds=min(asked or 0, 3600))
    assert found.free_at - NOW >= timedelta(seconds=1)
    assert asked or found.free_at - NOW <= LINE_PAUSE


@pytest.mark.parametrize(
    ("attempts", "reply", "outcome"),
    [
        (0, Reply(Delivery.SENT), NoticeOutcome.SENT),
        (ATTEMPTS - 1, Reply(Delivery.SENT), NoticeOutcome.SENT),
        (0, Reply(Delivery.REFUSED, "x"), NoticeOutcome.FAILED),
        (ATTEMPTS - 2, Reply(Delivery.PASSING, "x"), None),
        (ATTEMPTS - 1, Reply(Delivery.PASSING, "x"), NoticeOutcome.FAILED),
    ],
)
def test_an_attempt_ends_a_notice_or_not(attempts: int, reply: Reply, outcome: NoticeOutcome | None) -> None:
    """Told, refused, or the last of its attempts."""
    assert settle(message(attempts), reply, NOW, 0.5).outcome is outcome


def test_attempts_outlast_two_hours() -> None:
    """What the shortest possible pauses add up to."""
    waits = [
        settle(message(number), Reply(Delivery.PASSING), NOW, 0.99).next_attempt_at for number in range(ATTEMPTS - 1)
    ]

    assert timedelta(hours=2) < sum((at - NOW for at in waits), timedelta()) < timedelta(hours=4)


def test_a_webhook_is_free_again_at_once() -> None:
    """Only Slack asks for a second between two messages."""
    assert settle(message(channel=Channel.WEBHOOK), Reply(Delivery.SENT), NOW, 0.5).free_at == NOW


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("999999999", 3600.0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("²", None),
        ("Sat, 21 Nov 2026 12:00:30", None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str | None, expected: float | None) -> None:
    """Seconds or a date, at most an hour; what cannot be read says nothing."""
    assert wait_seconds(header, NOW) == expected


@given(st.integers(300, 599))
def test_every_status_has_a_meaning(status: int) -> None:
    """The receiver's trouble passes, ours does not."""
    found = reply_of_status(status, None, NOW)

    passes = status >= 500 or status in {408, 425, 429}
    assert (found.delivery is Delivery.PASSING) == passes
    assert found.reason

"""Notices leave the outbox: to whom, over what, in how many messages, and what is recorded."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import pytest

from shared.custody import Notice
from shared.custody.move import track_notice
from tests.fixtures.pipeline import counted
from tests.fixtures.receiver import Receiver


@pytest.mark.parametrize(
    ("notice", "channel"),
    [
        (Notice("priority", "ann", "rep", (1,)), "U0ANN00"),
        (Notice("overdue", "ann", "manager", (1,)), "#west-managers"),
        (Notice("exception", "#Lead-Exceptions", "queue", (1,)), "#lead-exceptions"),
        (Notice("vocabulary", "C0123ABCD", "ops", (1,)), "C0123ABCD"),
    ],
)
def test_each_addressee_is_told_where_the_rep_table_says(
    outbox: Any, slack: Receiver, notice: Notice, channel: str
) -> None:
    """A rep by Slack's id, a manager in the manager's channel, an address as it stands."""
    outbox.write(notice)

    outbox.send()

    assert len(slack.got(channel)) == 1
    row = outbox.notices()[0]
    assert (row["outcome"], row["attempts"], row["channel"], row["address"]) == ("sent", 1, "slack", channel)
    assert row["sent_at"] is not None
    assert row["receipt"] == "C0CHANNEL 1700000000.000100"
    assert slack.got(channel)[0].headers["Authorization"] == "Bearer xoxb-test"


@pytest.mark.parametrize(
    "notice",
    [
        Notice("overdue", "cem", "manager", (1,)),
        Notice("priority", "bob", "rep", (1,)),
        Notice("vocabulary", "revops@seller.example", "ops", (1,)),
    ],
)
def test_who_is_known_by_e_mail_is_looked_up_once(outbox: Any, slack: Receiver, notice: Notice) -> None:
    """Slack is asked for the person, and remembered: two messages cost one question."""
    for _ in range(2):
        outbox.write(notice)
        outbox.send()
        outbox.pass_time(10)

    assert len(slack.got("U0BYEMAIL")) == 2
    assert len(slack.got("/api/users.lookupByEmail")) == 1
    assert outbox.outcomes() == ["sent", "sent"]


def test_nothing_leaves_where_nothing_is_configured(open_outbox: Callable[..., Any], slack: Receiver) -> None:
    """The notice says so and stays readable; counting it is all that happens."""
    outbox = open_outbox()
    outbox.write(Notice("overdue", "ann", "manager", (1,)), track_notice("webhook:map", "value", [1]))

    outbox.send()

    assert [(row["outcome"], row["reason"], row["channel"]) for row in outbox.notices()] == [
        ("not_configured", "nothing_configured", "none"),
        ("not_configured", "nothing_configured", "none"),
    ]
    assert slack.requests == []
    assert outbox.counted("none", "not_configured") == 2


def test_a_rep_without_address_is_told_by_the_incoming_webhook(
    open_outbox: Callable[..., Any], slack: Receiver
) -> None:
    """Where there is one; else the notice says that an address is missing."""
    with_hook, without = open_outbox(**slack.settings(hook=True)), open_outbox(**slack.settings())

    without.write(Notice("priority", "dot", "rep", (1,)))
    without.send()
    with_hook.write(Notice("priority", "dot", "rep", (1,)))
    with_hook.send()

    assert [(row["outcome"], row["reason"]) for row in with_hook.notices()] == [
        ("not_configured", "no_address"),
        ("sent", None),
    ]
    assert "For Dot Nobody" in slack.got("/hook")[0].body.decode()


def test_with_an_incoming_webhook_alone_everybody_is_named(open_outbox: Callable[..., Any], slack: Receiver) -> None:
    """All meet in its one channel: a rep is mentioned, a manager is named by the rep; one message per second."""
    outbox = open_outbox(**slack.settings(bot=False, hook=True))
    outbox.write(Notice("priority", "ann", "rep", (1,)), Notice("overdue", "ann", "manager", (1,)))

    outbox.send()
    assert outbox.outcomes() == ["sent", None]
    outbox.pass_time(2)
    outbox.send()

    told = [one.document["blocks"][0]["text"]["text"] for one in slack.got("/hook")]
    assert told == [
        "*A lead of high priority is yours*\nFor <@U0ANN00>",
        "*A lead is overdue*\nFor the manager of Ann Lee",
    ]
    assert outbox.outcomes() == ["sent", "sent"]


def test_five_hundred_overdue_leads_are_one_message(outbox: Any, slack: Receiver) -> None:
    """It counts them all and names the ten oldest, with owner, company, age and id, over the reps of one manager."""
    leads = [outbox.lead(f"Company {number}", "ann" if number % 2 else "bob") for number in range(500)]
    outbox.rows("UPDATE lead SET received_at = now() - interval '5 hours' - lead_id * interval '1 minute'")
    outbox.write(
        *(Notice("overdue", "ann" if number % 2 else "bob", "manager", (lead,)) for number, lead in enumerate(leads))
    )

    outbox.send()

    (request,) = slack.got("#west-managers")
    listed = request.document["blocks"][1]["text"]["text"].splitlines()
    assert request.document["blocks"][0]["text"]["text"] == "*500 leads are overdue*"
    assert listed[0] == "The 10 oldest:"
    assert listed[1] == f"• *Company 499* · with ann · 13 h 20 min · lead {leads[499]}"
    assert listed[10].startswith("• *Company 490* · with bob")
    assert listed[11:] == ["and 490 more"]
    assert set(outbox.outcomes()) == {"sent"}
    assert {row["message_id"] for row in outbox.notices()} == {outbox.notices()[0]["notification_id"]}


def test_what_comes_while_a_channel_keeps_its_pace_is_told_together(outbox: Any, slack: Receiver) -> None:
    """One message per second and channel: the second one carries all that came meanwhile, kind by kind."""
    outbox.write(Notice("exception", "#alerts", "queue", (1,)))
    outbox.send()
    outbox.write(*(Notice("exception", "#alerts", "queue", (number,)) for number in range(2, 6)))
    outbox.write(Notice("shark_tank", "#alerts", "queue", (9,)))
    outbox.send()
    assert len(slack.got("#alerts")) == 1

    outbox.pass_time(2)
    outbox.send()
    outbox.pass_time(2)
    outbox.send()

    leads = [one.document["metadata"]["event_payload"]["leads"] for one in slack.got("#alerts")]
    kinds = [one.document["metadata"]["event_payload"]["kind"] for one in slack.got("#alerts")]
    assert (leads, kinds) == ([1, 4, 1], ["exception", "exception", "shark_tank"])


def test_a_lead_alone_is_told_with_its_context(outbox: Any, slack: Receiver) -> None:
    """Company, contact, need, first action and the instant of the answer; neither e-mail nor phone goes into a chat."""
    lead = outbox.lead(
        "Acme <!channel>",
        first_name="Eve",
        last_name="Low",
        email="eve@acme.example",
        phone="+4420",
        declared_need="CRM",
    )
    outbox.rows(
        """
        WITH due AS (INSERT INTO deadline (lead_id, epoch, ladder, step, action, due_at, policy_version)
            VALUES (%(id)s, 1, 'accept', 1, 'remind', '2026-11-21T14:05:00Z', 1))
        INSERT INTO decision (lead_id, sequence, stage, outcome, detail)
        VALUES (%(id)s, 1, 'assignment', 'offered', '{"first_action": {"task": "call", "within_seconds": 900}}')
        """,
        id=lead,
    )
    outbox.write(Notice("priority", "ann", "rep", (lead,)))

    outbox.send()

    text = slack.got("U0ANN00")[0].body.decode()
    for part in ("Acme &lt;!channel&gt;", "Eve Low", "CRM", "call within 15 min", "2026-11-21 14:05 UTC"):
        assert part in text
    assert "eve@acme.example" not in text
    assert "+4420" not in text


def test_a_track_is_told_by_a_signed_post(outbox: Any, slack: Receiver) -> None:
    """Lead ids, track, reason and facts; the key and the signature are those of Standard Webhooks."""
    leads = [outbox.lead(f"Company {number}", email=f"p{number}@c.example", campaign="q4") for number in range(2)]
    (first, _, _) = outbox.write(
        track_notice("webhook:map", "re_engage", [leads[0]], reason="timing", insight="too early"),
        track_notice("webhook:map", "re_engage", [leads[1]], reason="timing", insight="too early"),
        track_notice("webhook:map", "value", [leads[0]], reason="budget"),
    )

    outbox.send()

    request = slack.got("/map")[0]
    key, stamp = f"notice_{first}", request.headers["webhook-timestamp"]
    signed = hmac.digest(b"secret of this test", f"{key}.{stamp}.".encode() + request.body, hashlib.sha256)
    assert request.headers["webhook-id"] == request.headers["Idempotency-Key"] == key
    assert request.headers["webhook-signature"] == f"v1,{base64.b64encode(signed).decode()}"
    data = request.document["data"]
    assert (request.document["type"], data["track"], data["reason"]) == ("lead.nurturing", "re_engage", "timing")
    assert [one["lead_id"] for one in data["leads"]] == leads
    assert data["leads"][0]["email"] == "p0@c.example"
    assert [row["outcome"] for row in outbox.notices()] == ["sent", "sent", None]
    assert [row["receipt"] for row in outbox.notices()][:2] == ["http_204", "http_204"]
    assert outbox.hints.published == [("notification.send", [first + 2])]


def test_a_round_takes_as_many_statements_for_many_notices_as_for_one(outbox: Any, slack: Receiver) -> None:
    """Whatever waits, and on however many lines."""
    with counted(outbox.context.engine) as idle:
        outbox.send()
    outbox.write(Notice("exception", "#one", "queue", (outbox.lead(),)))
    with counted(outbox.context.engine) as for_one:
        outbox.send()
    outbox.write(*(Notice("exception", f"#c{number % 12}", "queue", (outbox.lead(),)) for number in range(120)))
    with counted(outbox.context.engine) as for_many:
        outbox.send()

    assert len(slack.requests) == 13
    assert len(idle) == 2
    assert len(for_one) == len(for_many) == 8


def test_more_lines_than_a_round_visits_are_handed_on_at_once(outbox: Any, slack: Receiver) -> None:
    """Sixteen lines go; one hint brings the next round, and nothing is left."""
    ids = outbox.write(*(Notice("exception", f"#c{number}", "queue", (1,)) for number in range(20)))

    outbox.send()
    assert outbox.hints.published == [("notification.send", [ids[16]])]
    outbox.send()

    assert len(slack.requests) == 20
    assert set(outbox.outcomes()) == {"sent"}


def test_writing_returns_the_ids_and_writes_nothing_for_nothing(outbox: Any) -> None:
    """So that the writer can hand them on, and an empty batch costs no statement."""
    ids = outbox.write(Notice("exception", "#a", "queue", (1,)), Notice("exception", "#b", "queue", (2,)))

    assert ids == [row["notification_id"] for row in outbox.notices()]
    assert outbox.write() == []

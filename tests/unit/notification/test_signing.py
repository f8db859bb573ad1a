"""Posts to webhooks are signed as Standard Webhooks says."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.notice import Addressee, Channel
from workers.notification.policy.letter import LeadCard, Letter
from workers.notification.policy.outbox import Line, Pending
from workers.notification.policy.rounds import Message
from workers.notification.policy.webhook import FACTS, post_body, post_headers, post_id, sign

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _letter(facts: dict[str, Any]) -> Letter:
    body = {"track": "value", "reason": "budget", "insight": "price"}
    notice = Pending(12, "nurture", "webhook:map", Addressee.TRACK, (5,), NOW, body=body)
    message = Message(12, Line(Channel.WEBHOOK, "map"), "nurture", (notice,))
    return Letter(message, [LeadCard(5, NOW, facts=facts, product="GTX Pro")], NOW)


def test_the_signature_is_that_of_the_published_example() -> None:
    """Secret, id, time and body of the specification's own libraries give their signature."""
    secret, key, stamp = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330"

    signature = sign(secret, key, stamp, b'{"test": 2432232314}')

    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(max_size=50), st.binary(max_size=50), st.integers(0, 10**10), st.integers(0, 10**10))
def test_another_body_or_another_time_has_another_signature(one: bytes, other: bytes, now: int, then: int) -> None:
    """Neither can be exchanged without the secret; a secret is taken as it is unless it says that it is base64."""
    same = (one, now) == (other, then)

    assert (sign("secret", "k", str(now), one) == sign("secret", "k", str(then), other)) == same


def test_the_key_is_the_same_at_every_attempt_and_the_time_is_not() -> None:
    """So that a receiver knows a repeat, and refuses a replay."""
    letter = _letter({})
    first = post_headers(post_id(letter), "secret", post_body(letter), NOW)
    again = post_headers(post_id(letter), "secret", post_body(letter), NOW.replace(hour=13))

    assert first["webhook-id"] == again["webhook-id"] == first["Idempotency-Key"] == "notice_12"
    assert first["webhook-timestamp"] == "1795262400"
    assert first["webhook-signature"] != again["webhook-signature"]


def test_a_post_holds_what_marketing_needs_and_nothing_else() -> None:
    """The lead, its track and why; known facts of the closed list."""
    facts = {
        "email": "eve@acme.example",
        "campaign": "q4",
        "country": None,
        "email_key": "inner",
        "attributes": {"a": 1},
    }

    document = json.loads(post_body(_letter(facts)))

    assert document["type"] == "lead.nurturing"
    assert document["data"] == {
        "message_id": 12,
        "notice_ids": [12],
        "track": "value",
        "reason": "budget",
        "insight": "price",
        "leads": [
            {
                "lead_id": 5,
                "received_at": "2026-11-21T12:00:00+00:00",
                "email": "eve@acme.example",
                "campaign": "q4",
                "product": "GTX Pro",
                "segment": None,
                "intent": None,
            }
        ],
    }
    assert "email_key" not in FACTS

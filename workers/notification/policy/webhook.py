"""A post to a webhook: a JSON event about the leads of a track, signed as Standard Webhooks describes. Pure."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from shared.domain.notice import NoticeKind
from workers.notification.policy.letter import LeadCard, Letter

#: What a marketing system needs to know of a person and where the lead came from; nothing of how sales works.
FACTS = (
    *("email", "first_name", "last_name", "phone", "job_title", "company", "domain", "country", "state", "industry"),
    *("employees", "lead_type", "original_source", "campaign", "keyword_theme", "ad_set", "landing_page", "form"),
    "declared_need",
)

_TYPES = {NoticeKind.NURTURE: "lead.nurturing"}


def post_id(letter: Letter) -> str:
    """Return the idempotency key of a post, the same at every attempt."""
    return f"notice_{letter.message.message_id}"


def post_body(letter: Letter) -> bytes:
    """Return the event as JSON: which track and why, and for each lead its id and what is known."""
    document = {
        "type": _TYPES.get(NoticeKind(letter.message.kind), f"lead.{letter.message.kind}"),
        "timestamp": min(one.created_at for one in letter.message.notices),
        "data": {
            "message_id": letter.message.message_id,
            "notice_ids": [one.notice_id for one in letter.message.notices],
            **letter.body,
            "leads": [_lead(card) for card in letter.cards],
        },
    }
    return orjson.dumps(document, default=str)


def post_headers(key: str, secret: str, body: bytes, now: datetime) -> Mapping[str, str]:
    """Return the headers of a post: the key twice, under the names that receivers know, the instant, the signature."""
    stamp = str(int(now.timestamp()))
    return {
        "Content-Type": "application/json",
        "Idempotency-Key": key,
        "webhook-id": key,
        "webhook-timestamp": stamp,
        "webhook-signature": sign(secret, key, stamp, body),
    }


def sign(secret: str, key: str, stamp: str, body: bytes) -> str:
    """Return the signature: HMAC-SHA256 over `id.timestamp.body`, so that neither can be exchanged.

    A secret that starts with whsec_ is base64, any other is taken as it is.
    """
    plain = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    digest = hmac.digest(plain, f"{key}.{stamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def _lead(card: LeadCard) -> dict[str, Any]:
    facts = {name: card.facts[name] for name in FACTS if card.facts.get(name) is not None}
    placed = {"product": card.product, "segment": card.segment, "intent": card.intent}
    return {"lead_id": card.lead_id, "received_at": card.received_at, **facts, **placed}

"""Slack: a bot that posts to any channel or person, or an incoming webhook with its one channel.

The SDK's own retries are off: an attempt is one request, and when the next one comes is written in the outbox.
"""

import logging
import re
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from workers.notification.policy.letter import Letter
from workers.notification.policy.outbox import is_email
from workers.notification.policy.retrying import TIMEOUT, Delivery, Reply, reply_of_status
from workers.notification.policy.slack import blocks, fallback, metadata

SLACK_API = "https://slack.com/api/"
#: An e-mail's user hardly ever changes; after a day a new one is found by itself.
USER_SECONDS = 86_400.0

#: Errors of Slack's own that pass; every other error would be the same again.
_PASSING = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
_WORD = re.compile(r"[a-z][a-z0-9_]{1,59}")
#: What a connection, or an answer that is none, makes the SDK raise.
_BROKEN = (OSError, HTTPException, ValueError, AttributeError, TypeError)

# The SDK logs messages and addresses at level debug: nobody asked for that.
_silent = logging.getLogger("workers.notification.slack_sdk")
_silent.setLevel(logging.CRITICAL)


class SlackBot:
    """Posts with a bot token to channels and persons; who is only known by e-mail is looked up and remembered."""

    def __init__(self, token: str, api_url: str, timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = WebClient(
            token=token,
            base_url=api_url,
            timeout=timeout,  # type: ignore[arg-type]  # any number of seconds will do
            logger=_silent,
            retry_handlers=[],
        )
        self._clock = clock
        self._lock = threading.Lock()
        self._users: dict[str, tuple[str, float]] = {}

    def deliver(self, letter: Letter) -> Reply:
        """Post the message; its key stands in its metadata."""
        return _guarded(lambda: self._post(letter))

    def _post(self, letter: Letter) -> Reply:
        address = letter.message.line.address
        answer = self._client.chat_postMessage(
            channel=self._user(address) if is_email(address) else address,
            text=fallback(letter),
            blocks=blocks(letter),
            metadata=metadata(letter),
            unfurl_links=False,
            unfurl_media=False,
        )
        return Reply(Delivery.SENT, receipt=f"{answer.get('channel')} {answer.get('ts')}")

    def _user(self, email: str) -> str:
        with self._lock:
            known, until = self._users.get(email, ("", 0.0))
        if known and until > self._clock():
            return known
        answer: Any = self._client.users_lookupByEmail(email=email)
        found = str(answer["user"]["id"])
        with self._lock:
            self._users[email] = (found, self._clock() + USER_SECONDS)
        return found


class SlackHook:
    """Posts to an incoming webhook."""

    def __init__(self, url: str, timeout: float) -> None:
        self._client = WebhookClient(
            url,
            timeout=timeout,  # type: ignore[arg-type]  # any number of seconds will do
            logger=_silent,
            retry_handlers=[],
        )

    def deliver(self, letter: Letter) -> Reply:
        """Post the message; Slack answers with the word ok and nothing else."""
        return _guarded(lambda: self._post(letter))

    def _post(self, letter: Letter) -> Reply:
        answer = self._client.send(
            text=fallback(letter),
            blocks=blocks(letter),
            metadata=metadata(letter),
            unfurl_links=False,
            unfurl_media=False,
        )
        word = answer.body.strip()
        if answer.status_code != 200:
            return reply_of_status(answer.status_code, _retry_after(answer.headers), _now(), _reason(word))
        return Reply(Delivery.SENT, receipt="ok") if word == "ok" else Reply(Delivery.PASSING, "unreadable_answer")


def _guarded(post: Callable[[], Reply]) -> Reply:
    """Make a call and map every way in which it can fail."""
    try:
        return post()
    except SlackApiError as error:
        return _refusal(error.response)
    except TimeoutError:
        return TIMEOUT
    except URLError as error:
        return TIMEOUT if isinstance(error.reason, TimeoutError) else Reply(Delivery.PASSING, "no_connection")
    except (KeyError, *_BROKEN) as error:
        return Reply(Delivery.PASSING, "no_connection" if isinstance(error, OSError) else "unreadable_answer")


def _refusal(answer: Any) -> Reply:
    """Return what an answer of the Web API means that is not ok."""
    word = _reason(answer.data.get("error")) if isinstance(answer.data, dict) else None
    if answer.status_code != 200 or word in {"ratelimited", "rate_limited"}:
        status = 429 if word in {"ratelimited", "rate_limited"} else answer.status_code
        return reply_of_status(status, _retry_after(answer.headers), _now(), word)
    if word is None:
        return Reply(Delivery.PASSING, "unreadable_answer")
    return Reply(Delivery.PASSING if word in _PASSING else Delivery.REFUSED, word)


def _reason(text: object) -> str | None:
    """Return a text if it is one of Slack's error words; whatever else a server says stays out of our records."""
    return text if isinstance(text, str) and _WORD.fullmatch(text) else None


def _retry_after(headers: Any) -> str | None:
    return next((str(value) for name, value in headers.items() if name.lower() == "retry-after"), None)


def _now() -> datetime:
    return datetime.now(UTC)

"""Signed posts to a webhook."""

from collections.abc import Callable
from datetime import UTC, datetime

import httpx

from workers.notification.policy.letter import Letter
from workers.notification.policy.retrying import TIMEOUT, Delivery, Reply, reply_of_status
from workers.notification.policy.webhook import post_body, post_headers, post_id


def _now() -> datetime:
    return datetime.now(UTC)


class SignedWebhook:
    """Posts to one address; redirects are not followed, for they would carry people's data elsewhere."""

    def __init__(self, url: str, secret: str, timeout: float, clock: Callable[[], datetime] = _now) -> None:
        self._url = url
        self._secret = secret
        self._timeout = timeout
        self._clock = clock

    def deliver(self, letter: Letter) -> Reply:
        """Post the message; any status of success means that the receiver has it, whatever else it says."""
        body = post_body(letter)
        headers = post_headers(post_id(letter), self._secret, body, self._clock())
        try:
            # A client per post: at one post per address and round, nothing is gained by keeping connections open.
            with (
                httpx.Client(timeout=self._timeout, follow_redirects=False) as client,
                client.stream("POST", self._url, content=body, headers=headers) as answer,
            ):
                if answer.is_success:
                    return Reply(Delivery.SENT, receipt=f"http_{answer.status_code}")
                return reply_of_status(answer.status_code, answer.headers.get("Retry-After"), self._clock())
        except httpx.TimeoutException:
            return TIMEOUT
        except (httpx.HTTPError, OSError):
            return Reply(Delivery.PASSING, "no_connection")

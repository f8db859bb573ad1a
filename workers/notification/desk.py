"""The desk from which messages leave: what the settings have configured, opened once per process."""

from collections.abc import Mapping, Sequence
from functools import partial

from shared.domain.notice import Channel
from shared.settings import Settings
from workers.notification.policy.letter import Letter
from workers.notification.policy.outbox import INCOMING_WEBHOOK, Line, Ways
from workers.notification.policy.retrying import TIMEOUT, Reply
from workers.notification.providers.protocol import Courier
from workers.notification.providers.slack import SLACK_API, SlackBot, SlackHook
from workers.notification.providers.together import call_together
from workers.notification.providers.webhook import SignedWebhook


class Desk:
    """Chooses the courier of each message and lets them all go at once."""

    def __init__(self) -> None:
        self._couriers: Mapping[Line, Courier] | None = None

    def deliver(self, settings: Settings, letters: Sequence[Letter]) -> dict[int, Reply]:
        """Make one attempt at each letter and return the replies by message; who is late counts as a time-out."""
        if self._couriers is None:
            self._couriers = open_couriers(settings)
        calls = {one.message.message_id: partial(_courier(self._couriers, one).deliver, one) for one in letters}
        # A receiver that sends a byte now and then never runs into the time-out of its socket.
        replies = call_together(calls, settings.notice_timeout_seconds + 1.0)
        return {message_id: replies.get(message_id, TIMEOUT) for message_id in calls}


def _courier(couriers: Mapping[Line, Courier], letter: Letter) -> Courier:
    return couriers.get(letter.message.line) or couriers[Line(Channel.SLACK, "")]


def ways_of(settings: Settings) -> Ways:
    """Return what is configured."""
    return Ways(
        bot=settings.slack_bot_token is not None,
        hook=settings.slack_webhook_url is not None,
        webhooks=frozenset({"map"} if settings.webhook_map_url else ()),
    )


def open_couriers(settings: Settings) -> Mapping[Line, Courier]:
    """Return the couriers by their line; the one with a blank address takes every other line of its channel."""
    seconds = settings.notice_timeout_seconds
    couriers: dict[Line, Courier] = {}
    if settings.slack_bot_token:
        bot = SlackBot(settings.slack_bot_token, settings.slack_api_url or SLACK_API, seconds)
        couriers[Line(Channel.SLACK, "")] = bot
    if settings.slack_webhook_url:
        couriers[Line(Channel.SLACK, INCOMING_WEBHOOK)] = SlackHook(settings.slack_webhook_url, seconds)
    if settings.webhook_map_url and settings.webhook_map_secret:
        webhook = SignedWebhook(settings.webhook_map_url, settings.webhook_map_secret, seconds)
        couriers[Line(Channel.WEBHOOK, "map")] = webhook
    return couriers

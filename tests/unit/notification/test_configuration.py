"""What the settings say about Slack and webhooks."""

import pytest

from shared.bus.celery_app import TASK_SOFT_SECONDS
from shared.domain.notice import Channel
from shared.errors import SettingsError
from shared.settings import Settings, describe, load_settings
from workers.notification.desk import open_couriers, ways_of
from workers.notification.policy.outbox import INCOMING_WEBHOOK, Line, Ways
from workers.notification.providers.slack import SlackBot, SlackHook
from workers.notification.providers.webhook import SignedWebhook
from workers.notification.tasks import LEASE_MARGIN_SECONDS

_ALL = {
    "BATON_SLACK_BOT_TOKEN": "xoxb-quite-secret",
    "BATON_SLACK_WEBHOOK_URL": "https://hooks.slack.example/services/quite/secret",
    "BATON_WEBHOOK_MAP_URL": "https://map.example/quite/secret",
    "BATON_WEBHOOK_MAP_SECRET": "quite secret",
}


def test_nothing_is_configured_by_default() -> None:
    """So that nothing ever leaves a laptop."""
    settings = load_settings({})

    assert ways_of(settings) == Ways()
    assert open_couriers(settings) == {}


def test_every_way_has_its_courier() -> None:
    """What is configured can be used, and by nobody else."""
    settings = load_settings(_ALL)
    kinds = {line: type(courier) for line, courier in open_couriers(settings).items()}

    assert ways_of(settings) == Ways(bot=True, hook=True, webhooks=frozenset({"map"}))
    assert kinds == {
        Line(Channel.SLACK, ""): SlackBot,
        Line(Channel.SLACK, INCOMING_WEBHOOK): SlackHook,
        Line(Channel.WEBHOOK, "map"): SignedWebhook,
    }


def test_no_secret_is_shown() -> None:
    """The address of a webhook is a secret as a whole."""
    shown = " ".join(str(one.value) for one in describe(load_settings(_ALL)))

    assert "secret" not in shown
    assert "secret" not in repr(load_settings(_ALL))


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"BATON_WEBHOOK_MAP_URL": "https://map.example"}, "BATON_WEBHOOK_MAP_SECRET is not: posts are always signed"),
        ({"BATON_WEBHOOK_MAP_SECRET": "whsec_???"}, "BATON_WEBHOOK_MAP_SECRET: is not base64 behind whsec_"),
        ({"BATON_SLACK_WEBHOOK_URL": "#general"}, "BATON_SLACK_WEBHOOK_URL: must start with https://"),
        ({"BATON_NOTICE_TIMEOUT_SECONDS": "0"}, "BATON_NOTICE_TIMEOUT_SECONDS=0"),
    ],
)
def test_a_wrong_setting_is_named(env: dict[str, str], said: str) -> None:
    """In a sentence that does not repeat a secret."""
    with pytest.raises(SettingsError, match="BATON_") as error:
        load_settings(env)

    assert said in str(error.value)
    assert "???" not in str(error.value)


def test_the_slowest_receiver_does_not_outlast_the_task() -> None:
    """The longest time-out that can be set, and the lease behind it, end before a task is stopped."""
    (longest,) = (one.le for one in Settings.model_fields["notice_timeout_seconds"].metadata if hasattr(one, "le"))

    assert longest + LEASE_MARGIN_SECONDS < TASK_SOFT_SECONDS

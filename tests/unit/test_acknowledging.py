"""An acknowledgement that never reached the broker is noticed; one that did is forgotten."""

from types import SimpleNamespace

from shared.bus.acknowledging import PATIENCE_SECONDS, Outstanding


def _message(*, acknowledged: bool = False, closed: bool = False) -> SimpleNamespace:
    return SimpleNamespace(acknowledged=acknowledged, channel=SimpleNamespace(closed=closed))


def test_an_acknowledgement_that_failed_is_noticed() -> None:
    """Not before the broker had its time, and however many came after it."""
    outstanding = Outstanding()
    outstanding.add(0.0, _message())
    outstanding.add(1.0, _message(acknowledged=True))

    assert not outstanding.is_any_lost(PATIENCE_SECONDS)
    assert outstanding.is_any_lost(PATIENCE_SECONDS + 0.1)


def test_what_the_broker_has_is_forgotten() -> None:
    """Usual life: nothing is ever lost, and nothing is kept."""
    outstanding = Outstanding()
    message = _message()
    outstanding.add(0.0, message)
    message.acknowledged = True

    assert not outstanding.is_any_lost(1000.0)
    message.acknowledged = False
    assert not outstanding.is_any_lost(1000.0)


def test_a_connection_that_is_gone_takes_its_messages_along() -> None:
    """The worker has connected anew and fetches: no reason to end it."""
    outstanding = Outstanding()
    outstanding.add(0.0, _message(closed=True))

    assert not outstanding.is_any_lost(1000.0)

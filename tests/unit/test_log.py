"""Logs: one formatter for everybody, and no personal data."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from shared import log
from shared.settings import Settings


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def _line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    out, err = capsys.readouterr()
    assert out == ""
    decoded: dict[str, Any] = json.loads(err)
    return decoded


def test_an_event_is_one_json_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """Stdout belongs to facts that were asked for."""
    log.configure(Settings(), "intake")

    structlog.get_logger("workers.intake").info("batch_captured", leads=3)

    line = _line(capsys)
    assert (line["event"], line["leads"], line["process"], line["level"]) == ("batch_captured", 3, "intake", "info")
    assert line["timestamp"].endswith("Z")


def test_a_library_that_logs_goes_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    """Celery and kombu use the standard library's logging."""
    log.configure(Settings(), "keeper")

    logging.getLogger("celery.worker").warning("lost %s", "broker", extra={"queue": "timers"})

    line = _line(capsys)
    assert (line["event"], line["queue"], line["process"]) == ("lost broker", "timers", "keeper")


def test_e_mail_addresses_never_reach_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Not as a field, not inside a list, and not in the text of an exception."""
    log.configure(Settings(), "intake")

    try:
        int("duplicate key ana.lima+x@acme.example")
    except ValueError:
        structlog.get_logger().exception("capture_failed", people=["bo@acme.example"], note="for cy@acme.co.uk")

    line = _line(capsys)
    assert "@" not in json.dumps(line)
    assert "duplicate key <email>'" in line["exception"]


def test_lines_below_the_level_are_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    """The level is a setting."""
    log.configure(Settings(log_level="warning"), "intake")

    structlog.get_logger().info("too_quiet")
    logging.getLogger("any").info("too quiet")

    assert capsys.readouterr().err == ""


def test_the_console_format_is_for_eyes(capsys: pytest.CaptureFixture[str]) -> None:
    """A developer reads words, not JSON."""
    log.configure(Settings(log_format="console"), "intake")

    structlog.get_logger().info("batch_captured", leads=3)

    assert "batch_captured" in (text := capsys.readouterr().err)
    assert not text.startswith("{")

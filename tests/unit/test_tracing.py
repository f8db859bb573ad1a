"""Traces are off until somebody asks for them, in OpenTelemetry's own words."""

import pytest

from shared import tracing
from shared.errors import SettingsError


@pytest.mark.parametrize(
    ("env", "exporter"),
    [
        ({}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}, None),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
    ],
)
def test_the_environment_asks_for_traces(env: dict[str, str], exporter: str | None) -> None:
    """A collector's address is enough; compose passes an empty one where there is none."""
    assert tracing.wanted(env) == exporter


def test_an_exporter_that_we_do_not_have_is_named() -> None:
    """It would otherwise be ignored, and the traces missed later."""
    with pytest.raises(SettingsError, match="OTEL_TRACES_EXPORTER must be one of otlp, console, none, and is zipkin"):
        tracing.wanted({"OTEL_TRACES_EXPORTER": "zipkin"})


def test_without_traces_a_span_is_nothing() -> None:
    """The block runs, and a log line gains no word."""
    assert tracing.begin("intake", {}) is False
    with tracing.span("intake.capture", events=3):
        line = tracing.add_trace(None, "info", {"event": "batch_captured"})

    assert line == {"event": "batch_captured"}

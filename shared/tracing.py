"""Traces, where the extra `otel` is installed and OpenTelemetry's own variables ask for them; else nothing at all.

`OTEL_EXPORTER_OTLP_ENDPOINT` names a collector; `OTEL_TRACES_EXPORTER` chooses `otlp`, `console` or `none`. Spans hold
task names, batch sizes and statements without their parameters: no personal data.
"""

import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from shared.errors import SettingsError

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_EXPORTER = "OTEL_TRACES_EXPORTER"
_EXPORTERS = ("otlp", "console", "none")

#: The provider of this process; a forked child begins its own, for its parent's thread does not survive a fork.
_provider: list[Any] = []


def wanted(env: Mapping[str, str] = os.environ) -> str | None:
    """Return the exporter that the environment asks for, None for no traces; raise SettingsError for an unknown one."""
    chosen = env.get(_EXPORTER) or ("otlp" if env.get(_ENDPOINT) else "none")
    if chosen not in _EXPORTERS:
        message = f"{_EXPORTER} must be one of {', '.join(_EXPORTERS)}, and is {chosen}"
        raise SettingsError(message)
    return None if chosen == "none" else chosen


def begin(process: str, env: Mapping[str, str] = os.environ) -> bool:
    """Trace what this process does from here on, if that is wanted; return whether it is."""
    exporter = wanted(env)
    if exporter is None:
        return False
    if find_spec("opentelemetry.sdk") is None:
        message = f"{_ENDPOINT} or {_EXPORTER} asks for traces: install baton-routing[otel], or unset it"
        raise SettingsError(message)
    _provider[:] = [_start(exporter, env.get("OTEL_SERVICE_NAME") or f"baton-{process}")]
    return True


def end() -> None:
    """Send what has not left yet; call it before the process ends."""
    for provider in _provider:
        provider.shutdown()
    _provider.clear()


@contextmanager
def span(name: str, **attributes: str | int) -> Iterator[None]:
    """Trace a block; what it publishes belongs to it."""
    if not _provider:
        yield
        return
    tracer = _provider[0].get_tracer("baton")
    with tracer.start_as_current_span(name, attributes={f"baton.{key}": value for key, value in attributes.items()}):
        yield


def add_trace(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Name the trace in a log line, so that one leads to the other."""
    if _provider:
        from opentelemetry import trace  # noqa: PLC0415  there only with the extra

        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            line["trace_id"] = trace.format_trace_id(context.trace_id)
    return line


def _start(exporter: str, service: str) -> Any:
    """Set up the SDK and let Celery and psycopg tell what they do."""
    # There only with the extra, and too slow to import for commands that do not trace.
    from opentelemetry import trace  # noqa: PLC0415
    from opentelemetry.instrumentation.celery import CeleryInstrumentor  # noqa: PLC0415
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(_processor(exporter))
    trace.set_tracer_provider(provider)
    CeleryInstrumentor().instrument(  # type: ignore[no-untyped-call]
        tracer_provider=provider
    )
    PsycopgInstrumentor().instrument(tracer_provider=provider)
    return provider


def _processor(exporter: str) -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import (  # noqa: PLC0415
        BatchSpanProcessor,
        ConsoleSpanExporter,
        SimpleSpanProcessor,
    )

    if exporter == "console":
        return SimpleSpanProcessor(ConsoleSpanExporter(formatter=lambda one: one.to_json(indent=None) + os.linesep))
    return BatchSpanProcessor(OTLPSpanExporter())

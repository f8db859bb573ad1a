"""Logs are one JSON object per line on stderr, with a static event name and facts as fields; no personal data.

Our own events, Celery's and those of any other library go through the same formatter. As a second line of defence
whatever looks like an e-mail address is masked, also in the text of an exception.
"""

import logging
import logging.config
import re
import sys
from typing import Any

import structlog
from structlog.typing import Processor

from shared.settings import Settings
from shared.tracing import add_trace

#: Loggers that say one line or more per task or request at level info: our own events and metrics say it once a batch.
_QUIET = ("celery.worker.strategy", "celery.app.trace", "httpx", "httpcore", "alembic.runtime.plugins")

_EMAIL = re.compile(r"[\w.+%'-]+@[\w-]+(\.[\w-]+)+")


def configure(settings: Settings, process: str) -> None:
    """Send all logs of this process to stderr; `process` is bound to every line of it."""
    on_console = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [*_SHARED, structlog.stdlib.ExtraAdder()],
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_render(on_console)],
    }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"events": formatter},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "events"}},
            "root": {"handlers": ["stderr"], "level": settings.log_level.upper()},
            "loggers": {name: {"level": "WARNING"} for name in _QUIET},
        }
    )
    logging.captureWarnings(capture=True)
    to_formatter = structlog.stdlib.ProcessorFormatter.wrap_for_formatter
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_SHARED, to_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    structlog.contextvars.bind_contextvars(process=process)


def mask_personal(_logger: Any, _method: str, line: str) -> str:
    """Replace whatever looks like an e-mail address in a rendered line."""
    return _EMAIL.sub("<email>", line) if "@" in line else line


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    add_trace,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
]


def _render(on_console: bool) -> list[Any]:
    renderer = structlog.dev.ConsoleRenderer() if on_console else structlog.processors.JSONRenderer(default=str)
    return [structlog.processors.format_exc_info, renderer, mask_personal]

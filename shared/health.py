"""One small HTTP server per process: `/metrics` for Prometheus, `/healthz` and `/readyz` for whoever keeps it alive."""

import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import Any, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client import REGISTRY, CollectorRegistry, make_wsgi_app
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from shared.errors import UnavailableError
from shared.tallied import BOARD

#: Says which process answers: on a shared machine a port may have gone to somebody else.
PROCESS_HEADER = "Baton-Process"

#: Returns None when all is well, else the reason why not, in a few words.
Check = Callable[[], str | None]


def well() -> None:
    """The check of a process that is well as long as it answers."""


class HealthServer:
    """Serves until it is closed or the process ends; it never keeps a process alive."""

    def __init__(self, server: WSGIServer) -> None:
        self._server = server
        self.port = int(server.server_port)
        self._thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def serve(
    port: int,
    *,
    host: str = "127.0.0.1",
    alive: Check = well,
    ready: Check = well,
    registry: CollectorRegistry | None = None,
) -> HealthServer:
    """Start the server in a thread of this process; port 0 takes any free one.

    `alive` must not depend on other servers, or a broker that is down would have every process killed.
    """
    app = _Pages(alive, ready, make_wsgi_app(registry or process_registry()))
    try:
        return HealthServer(make_server(host, port, app, _Server, _QuietHandler))
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"cannot serve metrics on {host}:{port}: {reason}; set BATON_METRICS_PORT to another port, or to 0"
        raise UnavailableError(message) from error


def process_registry() -> CollectorRegistry:
    """Return this process's metrics with what is on its board, and those of its children where they share a folder.

    The folder's name must be in PROMETHEUS_MULTIPROC_DIR before prometheus_client is first imported.
    """
    registry = CollectorRegistry()
    registry.register(BOARD)
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)
    else:
        registry.register(_Own())
    return registry


class _Own(Collector):
    """The metrics that this process counts for itself."""

    def collect(self) -> Iterable[Metric]:
        """Yield them all."""
        return REGISTRY.collect()


@dataclass(frozen=True, slots=True)
class _Pages:
    """The WSGI application."""

    alive: Check
    ready: Check
    metrics: Any

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        match environ["PATH_INFO"]:
            case "/metrics":
                answer: Iterable[bytes] = self.metrics(environ, start_response)
                return answer
            case "/healthz":
                return _answer(start_response, self.alive())
            case "/readyz":
                return _answer(start_response, self.ready())
            case _:
                return _respond(start_response, HTTPStatus.NOT_FOUND, "/metrics, /healthz or /readyz")


def _answer(start_response: StartResponse, trouble: str | None) -> list[bytes]:
    status = HTTPStatus.OK if trouble is None else HTTPStatus.SERVICE_UNAVAILABLE
    return _respond(start_response, status, trouble or "ok")


def _respond(start_response: StartResponse, status: HTTPStatus, text: str) -> list[bytes]:
    headers = [("Content-Type", "text/plain; charset=utf-8"), (PROCESS_HEADER, str(os.getpid()))]
    start_response(f"{status.value} {status.phrase}", headers)
    return [f"{text}\n".encode()]


class _Server(ThreadingMixIn, WSGIServer):
    """A slow scraper must not delay a probe."""

    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    """A line per probe would drown the log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

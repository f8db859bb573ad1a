"""Puts a process together: servers found, Celery application made, context opened and closed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from celery import Celery

from shared.bus.celery_app import make_app
from shared.bus.context import Context, provide_context
from shared.bus.garbage import search_rarely
from shared.bus.publisher import CeleryPublisher
from shared.bus.stream import EventStream, connect
from shared.db.engine import open_engine
from shared.db.migrate import current, is_usable
from shared.errors import UnavailableError
from shared.local.servers import Servers, ensure_servers
from shared.local.state import read_state
from shared.settings import Settings, load_settings


def find_servers(settings: Settings) -> Servers:
    """Return where PostgreSQL and Redis listen: as the settings say, else as `baton up` has started them."""
    running = read_state(settings.home.expanduser().resolve()).servers
    database_url = settings.database_url or (running["postgres"].url if "postgres" in running else None)
    redis_url = settings.redis_url or (running["redis"].url if "redis" in running else None)
    if database_url is None or redis_url is None:
        message = "No servers: set BATON_DATABASE_URL and BATON_REDIS_URL, or start local ones with `baton up`."
        raise UnavailableError(message)
    return Servers(database_url, redis_url)


def assemble(include: Sequence[str]) -> Celery:
    """Return the Celery application of the environment, with the tasks of these modules; nothing connects yet."""
    settings = load_settings()
    servers = find_servers(settings)
    app = make_app(servers.redis_url, visibility_timeout=settings.visibility_timeout_seconds, include=include)

    def open_for_tasks() -> Context:
        search_rarely()
        return make_context(app, settings, servers)

    provide_context(open_for_tasks)
    return app


def make_context(app: Celery, settings: Settings, servers: Servers) -> Context:
    """Return the dependencies of tasks and processes."""
    engine = open_engine(
        servers.database_url, pool_size=settings.db_pool_size, prepare_threshold=settings.db_prepare_threshold
    )
    return Context(
        engine=engine,
        publisher=CeleryPublisher(app, settings.batch_size),
        stream=EventStream(connect(servers.redis_url), settings.stream_key, maxlen=settings.stream_maxlen),
        settings=settings,
    )


def _servers(settings: Settings, *, needs_redis: bool) -> Servers:
    if needs_redis or not settings.redis_url:
        return ensure_servers(settings)
    return replace(ensure_servers(settings, with_redis=False), redis_url=settings.redis_url)


@contextmanager
def open_context(settings: Settings, *, migrated: bool = True, needs_redis: bool = True) -> Iterator[Context]:
    """Open what a command needs: servers that answer (local ones are started for its time), at the newest schema.

    A process that must start while Redis is down says that it does not need it; it publishes when Redis is back.
    """
    with _servers(settings, needs_redis=needs_redis) as servers:
        app = make_app(servers.redis_url, visibility_timeout=settings.visibility_timeout_seconds)
        context = make_context(app, settings, servers)
        try:
            if migrated and not is_usable(current(context.engine)):
                message = "The database is not yet at the schema of this release: run `baton migrate`."
                raise UnavailableError(message)
            yield context
        finally:
            context.engine.dispose()
            app.close()

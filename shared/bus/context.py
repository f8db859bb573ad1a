"""What every task gets: settings, database, publisher, stream and the shelf of policies; made once per process."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from sqlalchemy import Engine

from shared.bus.stream import EventStream
from shared.db.policies import PolicyShelf
from shared.errors import InternalError
from shared.settings import Settings

T = TypeVar("T")


class HintPublisher(Protocol):
    """Hands ids to the next room."""

    def publish(self, task: str, ids: list[int]) -> None:
        """Send the ids in batches of the usual size."""

    def publish_in(self, task: str, ids: list[int], size: int) -> None:
        """Send the ids in batches of at most `size`."""

    def publish_later(self, task: str, ids: list[int], seconds: float) -> None:
        """Send the ids in batches that are to run in so many seconds."""


@dataclass(slots=True)
class Context:
    """The dependencies of a task, passed as a parameter so that tests can drive every interleaving."""

    engine: Engine
    publisher: HintPublisher
    stream: EventStream
    settings: Settings = field(default_factory=Settings)
    policies: PolicyShelf = field(default_factory=PolicyShelf)
    _shelves: dict[type, object] = field(default_factory=dict)

    def shelf(self, kind: type[T]) -> T:
        """Return this process's one cache of a kind, made empty when it is first asked for."""
        found = self._shelves.get(kind)
        if found is None:
            found = self._shelves[kind] = kind()
        if not isinstance(found, kind):
            raise InternalError(kind.__name__)
        return found


_factory: list[Callable[[], Context]] = []
_contexts: dict[int, Context] = {}


def provide_context(factory: Callable[[], Context]) -> None:
    """Say how this program makes its context; called once where the program is put together."""
    _factory[:] = [factory]


def current_context() -> Context:
    """Return the context of this process; a forked child makes its own, for connections do not survive a fork."""
    pid = os.getpid()
    if pid not in _contexts:
        if not _factory:
            message = "No context was provided: start tasks through workers.app."
            raise InternalError(message)
        _contexts.clear()
        _contexts[pid] = _factory[0]()
    return _contexts[pid]

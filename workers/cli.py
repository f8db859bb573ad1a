"""The command `baton`: joins the commands of all rooms, and turns every error into a sentence and an exit code."""

import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from types import TracebackType

import click
import kombu.exceptions
import psycopg
import redis
import sqlalchemy.exc

from shared.errors import BatonError, UnavailableError

#: Modules with a list `commands`, in the order of the help. The first ones serve every process that starts, so their
#: commands are found without importing the rooms.
_MODULES = (
    "workers.processes.commands",
    "workers.doctor",
    "workers.demo.cli",
    "workers.intake.cli",
    "workers.enrichment.cli",
    "workers.deduplication.cli",
    "workers.assignment.cli",
    "workers.escalation.cli",
    "workers.reassignment.cli",
    "workers.notification.cli",
    "workers.audit.cli",
    "workers.explain",
    "workers.outlook.cli",
    "workers.retention.cli",
)

#: What libraries raise when a server is away.
_SERVER_IS_AWAY = (
    psycopg.OperationalError,
    sqlalchemy.exc.OperationalError,
    redis.ConnectionError,
    redis.TimeoutError,
    kombu.exceptions.OperationalError,
)
#: What the server says when another transaction was in the way for too long.
_OTHERS_WERE_FASTER = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)
_INTERRUPTED = 130


class Rooms(click.Group):
    """A group whose commands come from the rooms' modules, imported one after the other until the command is found."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        del ctx
        return list(dict.fromkeys(command.name or "" for command in self._all_commands()))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name; a group to which several rooms add is put together from all of them."""
        del ctx
        found = next((command for command in self._all_commands() if command.name == cmd_name), None)
        if isinstance(found, click.Group):
            parts = [one for one in self._all_commands() if one.name == cmd_name and isinstance(one, click.Group)]
            commands = {name: command for part in parts for name, command in part.commands.items()}
            return click.Group(found.name, commands, help=found.help)
        return found

    def _all_commands(self) -> Iterator[click.Command]:
        for name in _MODULES:
            if find_spec(name) is not None:
                yield from importlib.import_module(name).commands


@click.group(cls=Rooms, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(version("baton-routing"), prog_name="baton")
def baton() -> None:
    """Route inbound leads: facts, duplicates, an owner by written rules, and the clock."""


def main(arguments: Sequence[str] | None = None, group: click.Group = baton) -> int:
    """Run a command and return its exit code: 0 done, 1 failed, 2 usage, 69 a server is away, 130 interrupted."""
    wants_traceback = os.environ.get("BATON_DEBUG", "").lower() in {"1", "true", "yes", "on"}
    if not wants_traceback:
        sys.excepthook = _say_unexpected
    try:
        result = group.main(arguments, prog_name="baton", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has had enough; nothing is left to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (BatonError, *_SERVER_IS_AWAY) as error:
        if wants_traceback:
            raise
        click.echo(f"Error: {_sentence(error)}", err=True)
        return _exit_code(error)
    return result if isinstance(result, int) else 0


def _exit_code(error: Exception) -> int:
    if isinstance(error, BatonError):
        return error.exit_code
    return 1 if isinstance(_origin(error), _OTHERS_WERE_FASTER) else UnavailableError.exit_code


def _origin(error: Exception) -> BaseException | None:
    return error.orig if isinstance(error, sqlalchemy.exc.OperationalError) else error


def _sentence(error: Exception) -> str:
    if isinstance(error, BatonError):
        return str(error)
    origin = _origin(error)
    if isinstance(origin, _OTHERS_WERE_FASTER):
        return "Somebody else is changing the same leads or reps at this moment: nothing was changed, run it again."
    name = "PostgreSQL" if isinstance(origin, psycopg.Error) else "Redis"
    return f"{name} cannot be used: {str(origin).strip().partition(chr(10))[0]}; `baton doctor` looks at it closer"


def _say_unexpected(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
    """Say in a sentence that a promise of the code is broken."""
    del at
    text = str(error).strip().partition("\n")[0]
    click.echo(
        f"Error: this should not happen ({kind.__name__}: {text}); run it with BATON_DEBUG=true to see where", err=True
    )

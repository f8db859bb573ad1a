"""How every command talks: facts on stdout, everything else on stderr, one JSON document where it is asked for.

Also the edge of every command: settings are read here, and logs are told where to go.
"""

import getpass
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, TypeVar

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from shared import log
from shared.settings import Settings, load_settings

P = ParamSpec("P")
R = TypeVar("R")

#: A table that goes into a file or a pipe is not folded to the width of nobody's screen.
_PIPE_WIDTH = 200

#: `--json` on every command that prints facts.
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")


def with_settings(command: Callable[Concatenate[Settings, P], R]) -> Callable[P, R]:
    """Give a command the settings of its environment; of its logs a person sees warnings and errors only."""

    def read_and_run(*args: P.args, **kwargs: P.kwargs) -> R:
        settings = load_settings()
        quiet = settings.model_copy(update={"log_level": "warning"}) if settings.log_level == "info" else settings
        log.configure(quiet, "cli")
        return command(settings, *args, **kwargs)

    return update_wrapper(read_and_run, command)


def print_json(document: object) -> None:
    """Print one JSON document on stdout."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE
    sys.stdout.buffer.write(orjson.dumps(document, default=_plain, option=options))
    sys.stdout.buffer.flush()


def print_records(records: Sequence[Mapping[str, object]], *, as_json: bool, title: str = "", none: str = "") -> None:
    """Print facts of one kind: a JSON list, or a table whose columns are the keys of the first, or `none`."""
    if as_json:
        print_json(list(records))
    elif records:
        print_table([name.replace("_", " ") for name in records[0]], [list(row.values()) for row in records], title)
    elif none:
        say(none)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Print a table on stdout; numbers stand to the right."""
    rows = list(rows)
    table = Table(title=title or None, title_justify="left", header_style="bold")
    for index, name in enumerate(columns):
        is_number = bool(rows) and all(isinstance(row[index], (int, float)) for row in rows)
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*["" if value is None else str(value) for value in row])
    stdout().print(table)


def say(text: str = "") -> None:
    """Print a line of facts on stdout."""
    click.echo(text)


def note(text: str) -> None:
    """Tell the person something that is no fact of the answer, on stderr."""
    click.echo(text, err=True)


def stdout() -> Console:
    """Return rich's console on stdout; nothing in the text is taken for markup."""
    return Console(
        markup=False, highlight=False, emoji=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH, soft_wrap=False
    )


class ProgressBar:
    """A bar on a terminal; it is called with each number of steps that are done."""

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def begin(self, total: int) -> None:
        """Say how many steps there are, where that is known only when the work has begun."""
        self._bar.update(self._task, total=total)

    def __call__(self, steps: int) -> None:
        """Say how many more steps are done."""
        self._bar.advance(self._task, steps)


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[ProgressBar]:
    """Show a bar on stderr while the block runs, on a terminal only; the block calls what it gets with steps done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    shown = Console(stderr=True)
    with Progress(*columns, console=shown, transient=True, disable=not sys.stderr.isatty()) as bar:
        yield ProgressBar(bar, bar.add_task(what, total=total))


def _plain(value: object) -> Any:
    """Give orjson what it does not know."""
    return sorted(value) if isinstance(value, (set, frozenset)) else str(value)


def system_user() -> str:
    """Return the name of the user who runs the command; a container may have only a number for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


#: `--by` on every change: who is on the record for it.
by_option = click.option("--by", "made_by", default=system_user, show_default="the system user", help="Who does it.")

"""`baton wait`: until everything that was published has come to rest."""

from collections.abc import Callable
from dataclasses import asdict

import click

from shared.bus.assembly import open_context
from shared.console import json_option, note, print_json, progress, say, with_settings
from shared.errors import RefusedError
from shared.settings import Settings
from workers.intake.waiting import Left, wait_until_rest

NO_POLICY = "No policy is active, so leads wait in received: activate one with `baton policy activate FILE`."


@click.command()
@click.option("--timeout", type=click.FloatRange(min=0), help="Give up after so many seconds; default never.")
@click.option("--allow-buffering", is_flag=True, help="Leads whose time in the buffer has not run out may stay there.")
@json_option
@with_settings
def wait(settings: Settings, timeout: float | None, *, allow_buffering: bool, as_json: bool) -> None:
    """Wait until the stream is drained and no lead is received, buffering or matched; exit 1 when the time is over."""
    watch = _Watch(allow_buffering=allow_buffering)
    with open_context(settings) as context, progress("Coming to rest") as watch.advance:
        left = wait_until_rest(context, timeout, watch.tell, allow_buffering=allow_buffering)
    is_at_rest = left is not None and left.total(allow_buffering=allow_buffering) == 0
    if as_json:
        print_json({"at_rest": is_at_rest, "left": None if left is None else _document(left)})
    elif is_at_rest:
        say("Everything is at rest.")
    if not is_at_rest:
        what = "the servers do not answer" if left is None else left.described(allow_buffering=allow_buffering)
        raise RefusedError(f"Not at rest after {timeout:g} s: {what}.{_why(left)}")


class _Watch:
    """Tells a person how it goes on: a bar on a terminal, and at once what will not go on by itself."""

    def __init__(self, *, allow_buffering: bool) -> None:
        self.advance: Callable[[int], None] = lambda _steps: None
        self._allow_buffering = allow_buffering
        self._left: int | None = None
        self._warned = False

    def tell(self, left: Left) -> None:
        """Show a look."""
        total = left.total(allow_buffering=self._allow_buffering)
        self.advance((self._left or total) - total)
        self._left = total
        if not left.leads.has_policy and not self._warned and total:
            self._warned = True
            note(NO_POLICY)


def _why(left: Left | None) -> str:
    if left is None:
        return " `baton doctor` looks at them closer."
    return "" if left.leads.has_policy else f" {NO_POLICY}"


def _document(left: Left) -> dict[str, object]:
    document = asdict(left)
    return {**{name: document[name] for name in ("stream", "submissions")}, **document["leads"]}

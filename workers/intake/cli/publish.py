"""`baton publish`: lead events from files and standard input."""

from collections.abc import Callable, Iterator
from dataclasses import asdict

import click
from celery import current_app

from shared.bus.assembly import open_context
from shared.bus.context import Context
from shared.console import json_option, note, print_json, progress, say, with_settings
from shared.errors import UsageError
from shared.settings import Settings
from workers.intake.confirming import Arrivals, Confirming
from workers.intake.publishing import Pace, Send, to_celery, to_stream
from workers.intake.publishing import publish as publish_all
from workers.intake.reading.events import check_file, read_events
from workers.intake.reading.table import Rejected

#: So many rejected rows are named one by one on a screen; the JSON document has them all.
SHOWN_ROWS = 20


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="At most so many events per second.")
@click.option(
    "--to",
    "way",
    type=click.Choice(["stream", "celery", "http"]),
    default="stream",
    show_default=True,
    help="The way in: the Redis Stream, the Celery task intake.submit, or the HTTP gateway.",
)
@click.option("--confirm", is_flag=True, help="Wait until all are captured; publish again what was lost.")
@click.option(
    "--timeout",
    "patience",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    help="With --confirm: give up after so many seconds in which nothing more arrived.",
)
@json_option
@with_settings
def publish(
    settings: Settings,
    files: tuple[str, ...],
    rate: float | None,
    way: str,
    patience: float,
    *,
    confirm: bool,
    as_json: bool,
) -> int:
    """Publish lead events from files, or JSON lines from standard input for -.

    The lines of a .jsonl file go as they are, one event each; what cannot be read ends in quarantine, with the reason.

    The rows of a .csv file become lead.submitted events by the names of their columns: email, first_name, company, …
    A column attributes.NAME is an attribute, an unknown column is kept as context, and id, source and time belong to
    the event itself. Rows without an id get one from their content, so that the same file published twice adds nothing.
    """
    if way == "http":
        raise UsageError("The HTTP gateway comes in a later release: use --to stream or --to celery.")
    for name in files:
        check_file(name)
    rejected: list[tuple[str, Rejected]] = []
    with open_context(settings, migrated=confirm) as context, progress("Publishing") as advance:
        events = _events(files, lambda name, row: rejected.append((name, row)))
        send = to_stream(context) if way == "stream" else to_celery(current_app)
        facts = _publish(context, send, Pace(rate), events, advance, patience if confirm else None)
    _show(facts, rejected, as_json=as_json)
    return 1 if rejected else 0


def _events(files: tuple[str, ...], reject: Callable[[str, Rejected], None]) -> Iterator[bytes]:
    for name in files:
        yield from read_events(name, lambda row, name=name: reject(name, row))  # type: ignore[misc]


def _publish(
    context: Context,
    send: Send,
    pace: Pace,
    events: Iterator[bytes],
    tell: Callable[[int], None],
    patience: float | None,
) -> dict[str, int]:
    if patience is None:
        return {"published": publish_all(events, send, pace, tell)}
    arrivals: Arrivals = Confirming(context, send, pace, patience).publish(events, tell)
    return asdict(arrivals)


def _show(facts: dict[str, int], rejected: list[tuple[str, Rejected]], *, as_json: bool) -> None:
    if as_json:
        rows = [{"file": name, "line": row.line, "reason": row.reason} for name, row in rejected]
        print_json({**facts, "rejected": len(rows), "rejections": rows})
        return
    say(", ".join(f"{number:,} {name}" for name, number in facts.items() if number or name == "published") + ".")
    if facts.get("quarantined"):
        note("`baton quarantine list` says why events could not be read.")
    for name, row in rejected[:SHOWN_ROWS]:
        note(f"{name} line {row.line}: {row.reason}; not published")
    if len(rejected) > SHOWN_ROWS:
        note(f"… and {len(rejected) - SHOWN_ROWS:,} more rows that were not published; --json names them all.")

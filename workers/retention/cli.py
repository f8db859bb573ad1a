"""`baton retention`: old records leave, and the books still balance."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

import click

from shared.bus.assembly import open_context
from shared.bus.context import Context
from shared.console import by_option, json_option, note, print_json, print_table, say, with_settings
from shared.settings import Settings
from workers.retention import decisions, events
from workers.retention.months import months_before
from workers.retention.queries.decisions import Month as DecisionMonth
from workers.retention.queries.events import Month as EventMonth


@click.command()
@click.option("--months", type=click.IntRange(1), default=12, show_default=True, help="Whole months to keep.")
@click.option(
    "--of", "kind", type=click.Choice(["events", "decisions"]), default="events", show_default=True, help="What leaves."
)
@click.option("--yes", is_flag=True, help="Do it; without it the report says what would go.")
@by_option
@json_option
@with_settings
def retention(settings: Settings, /, kind: str, *, as_json: bool, **asked: Any) -> int:
    """Drop the events of old months, or the decisions of old months whose leads have ended.

    Events are bodies as they came in, with the personal data in them. Leads, facts, decisions and the keys of events
    stay, so a repeat is known for good. Months leave the oldest first; one with events that are still to be worked
    stays, and all after it, and the exit code is 1. Archive them first if you must: `pg_dump --table=event_202511`.

    Decisions say why a lead went where it did. A lead that lives keeps all of them, so old months get small rather than
    disappear, and run by run smaller. Of a lead that has ended `baton lead show` tells what is left, and `baton policy
    backtest` begins where decisions are whole. What pools and reps were like in old batches goes with the decisions.

    How many went is kept, and the audit counts them.
    """
    before = months_before(datetime.now(UTC).date(), asked["months"])
    with open_context(settings, needs_redis=False) as context:
        told = _events if kind == "events" else _decisions
        return told(context, before, asked["made_by"] if asked["yes"] else None, as_json=as_json)


def _events(context: Context, before: date, made_by: str | None, *, as_json: bool) -> int:
    found = list(events.drop(context, before, made_by) if made_by else events.look(context, before))
    if as_json:
        months = [asdict(one) | {"obstacle": one.obstacle} for one in found]
        print_json({"of": "events", "kept_from": before, "dropped": made_by is not None, "months": months})
    else:
        _print_events(found, before, is_done=made_by is not None)
    return 1 if any(one.obstacle for one in found) else 0


def _print_events(found: Sequence[EventMonth], before: date, *, is_done: bool) -> None:
    if not found:
        say(f"There are no events of a month before {before:%Y-%m}.")
        return
    going = [one for one in found if not one.obstacle]
    rows = [(f"{one.month:%Y-%m}", one.leads, one.applied, one.refused, _megabytes(one.size)) for one in going]
    if rows:
        print_table(["month", "leads", "applied", "refused", "MB"], rows)
    size = _megabytes(sum(one.size for one in going))
    say(f"Months that {'were dropped' if is_done else 'would go'}: {len(going)}, {size} MB.")
    for one in found:
        if one.obstacle:
            note(f"{one.month:%Y-%m} stays, and what came after it: {one.obstacle}.")
    if going and not is_done:
        note("Say --yes to drop them.")


def _decisions(context: Context, before: date, made_by: str | None, *, as_json: bool) -> int:
    found = decisions.drop(context, before, made_by) if made_by else decisions.look(context, before)
    if as_json:
        months = [asdict(one) for one in found]
        print_json({"of": "decisions", "kept_from": before, "dropped": made_by is not None, "months": months})
    else:
        _print_decisions(found, before, is_done=made_by is not None)
    return 0


def _print_decisions(found: Sequence[DecisionMonth], before: date, *, is_done: bool) -> None:
    if not found:
        say(f"There are no decisions of a month before {before:%Y-%m} whose leads have ended.")
        return
    rows = [(f"{one.month:%Y-%m}", one.decisions, one.living, _megabytes(one.size)) for one in found]
    print_table(["month", "of leads that have ended", "of leads that live", "MB"], rows)
    going = sum(one.decisions for one in found)
    say(f"Decisions that {'were dropped' if is_done else 'would go'}: {going:,}, in {len(found)} months.")
    if not is_done:
        note("Say --yes to drop them.")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f}"


commands: list[click.Command] = [retention]

"""`baton retention`: old events leave, and the books still balance."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime

import click

from shared.bus.assembly import open_context
from shared.console import by_option, json_option, note, print_json, print_table, say, with_settings
from shared.settings import Settings
from workers.intake import retention as retaining
from workers.intake.queries.retention import Month


@click.command()
@click.option("--months", type=click.IntRange(1), default=12, show_default=True, help="Whole months to keep.")
@click.option("--yes", is_flag=True, help="Do it; without it the report says what would go.")
@by_option
@json_option
@with_settings
def retention(settings: Settings, months: int, made_by: str, *, yes: bool, as_json: bool) -> int:
    """Drop the events of old months: their bodies as they came in, with the personal data in them.

    Leads, facts, decisions and the keys of events stay, so a repeat is known for good. How many events there were of
    each outcome is kept, and the audit counts them. Months leave the oldest first; one with events that are still to be
    worked stays, and all after it. Archive them first if you must: `pg_dump --table=event_202511`. Exit 1 if one stays.
    """
    before = retaining.months_before(datetime.now(UTC).date(), months)
    with open_context(settings, needs_redis=False) as context:
        found = list(retaining.drop(context, before, made_by) if yes else retaining.look(context, before))
    if as_json:
        print_json(
            {"kept_from": before, "dropped": yes, "months": [asdict(one) | {"obstacle": one.obstacle} for one in found]}
        )
    else:
        _print(found, before, is_done=yes)
    return 1 if any(one.obstacle for one in found) else 0


def _print(found: Sequence[Month], before: date, *, is_done: bool) -> None:
    if not found:
        say(f"There are no events of a month before {before:%Y-%m}.")
        return
    going = [one for one in found if not one.obstacle]
    rows = [(f"{one.month:%Y-%m}", one.leads, one.applied, one.refused, f"{one.size / 1e6:,.0f}") for one in going]
    if rows:
        print_table(["month", "leads", "applied", "refused", "MB"], rows)
    size = sum(one.size for one in going) / 1e6
    say(f"Months that {'were dropped' if is_done else 'would go'}: {len(going)}, {size:,.0f} MB.")
    for one in found:
        if one.obstacle:
            note(f"{one.month:%Y-%m} stays, and what came after it: {one.obstacle}.")
    if going and not is_done:
        note("Say --yes to drop them.")

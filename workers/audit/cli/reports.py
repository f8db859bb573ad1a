"""Reports about people: what each rep did with what was offered, and how a team stands this morning."""

from collections.abc import Mapping
from typing import Any

import click

from shared.bus.assembly import open_context
from shared.console import json_option, print_json, print_records, print_table, say, with_settings
from shared.db.transaction import transaction
from shared.settings import Settings
from workers.audit.policy.weights import advise
from workers.audit.queries.people import load_coaching, load_queues, load_results, load_team

_TIMES = (
    ("accept", 0, "accept_median"),
    ("accept", 1, "accept_p90"),
    ("touch", 0, "touch_median"),
    ("touch", 1, "touch_p90"),
)


@click.command("coaching")
@click.option("--weeks", default=4, show_default=True, type=click.IntRange(1, 260), help="This week and those before.")
@click.option("--rep", default=None, help="Only this rep.")
@json_option
@with_settings
def coaching(settings: Settings, *, weeks: int, rep: str | None, as_json: bool) -> None:
    """Show by rep and week what was offered, accepted, missed and recycled, and how fast (minutes)."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        rows = [_flat(row, as_json=as_json) for row in load_coaching(tx, weeks, rep)]
    print_records(rows, as_json=as_json, none="Nothing was offered to a rep in these weeks.")


def _flat(row: Mapping[str, Any], *, as_json: bool) -> dict[str, object]:
    minutes = {name: _minutes(row[kind], place) for kind, place, name in _TIMES}
    recycled = row["recycled"]
    shown = recycled if as_json else ", ".join(f"{reason} {leads}" for reason, leads in recycled.items())
    kept = {name: value for name, value in row.items() if name not in {"accept", "touch", "recycled"}}
    return {**kept, **minutes, "recycled": shown}


def _minutes(times: list[float] | None, place: int) -> float | None:
    return None if times is None or times[place] is None else round(times[place], 1)


@click.command("weights")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 3650), help="How far to look back.")
@json_option
@with_settings
def weights(settings: Settings, *, days: int, as_json: bool) -> None:
    """Advise weights from results: what each pool gave, what was accepted and converted, and the weight that fits."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        found = advise(load_results(tx, days))
    rows = [
        {
            "pool": one.result.pool,
            "rep": one.result.rep_id,
            "given": one.result.given,
            "accepted": one.accepted_rate,
            "converted": one.converted_rate,
            "weight_now": one.result.weight,
            "weight_advised": one.weight,
        }
        for one in found
    ]
    print_records(rows, as_json=as_json, none="No pool gave a lead in this time.")


@click.command("team")
@click.option("--team", "name", default=None, help="Only the reps of this team.")
@json_option
@with_settings
def team(settings: Settings, *, name: str | None, as_json: bool) -> None:
    """Show a manager's morning: overdue, due within 24 hours, away, load against capacity, and the queues."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        reps, queues = load_team(tx, name), load_queues(tx)
    left = sum(row["left_behind"] for row in reps)
    if as_json:
        print_json({"reps": reps, "queues": queues, "leads_of_departed": left})
        return
    print_records(reps, as_json=False, title="Reps", none="No rep is here.")
    rows = [(row["queue"], row["leads"], round(row["median_minutes"]), round(row["oldest_minutes"])) for row in queues]
    print_table(["queue", "leads", "median minutes", "oldest minutes"], rows, "Queues that hold leads")
    say(f"{left} leads are with reps who left." if left else "No lead is with a rep who left.")

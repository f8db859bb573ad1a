"""`baton deadline list|migrate`: the clocks that run, and how they are moved to another policy version."""

from datetime import timedelta
from typing import Any

import click

from shared.bus.assembly import open_context
from shared.console import by_option, json_option, print_json, print_records, progress, say, with_settings
from shared.db.transaction import transaction
from shared.domain.duration import format_duration, parse_duration
from shared.settings import Settings
from workers.escalation import listing
from workers.escalation.migrate import Order, migrate_clocks

_LADDERS = ("accept", "first_touch", "queue", "buffer", "track")


@click.group()
def deadline() -> None:
    """Look at the clocks that run, and move them to another policy version on purpose."""


@deadline.command(name="list")
@click.option("--lead", "lead_id", type=click.IntRange(1), help="Only this lead's.")
@click.option("--owner", help="A rep or a queue.")
@click.option("--ladder", type=click.Choice(_LADDERS))
@click.option("--within", help="Only what falls due so soon, as in 10m or 2h; 0s: what is late.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
@with_settings
def list_(
    settings: Settings,
    *,
    lead_id: int | None,
    owner: str | None,
    ladder: str | None,
    within: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List the steps that are still ahead, what is due first first."""
    seconds = parse_duration(within).total_seconds() if within else None
    with open_context(settings) as context, transaction(context.engine) as tx:
        rows = listing.list_deadlines(tx, listing.Wanted(lead_id, owner, ladder, seconds, limit))
    print_records(rows if as_json else [_line(one) for one in rows], as_json=as_json, none="No clock runs like that.")


@deadline.command()
@click.option("--to", type=click.IntRange(1), help="A policy version; else the one in force.")
@click.option("--from", "from_version", type=click.IntRange(1), help="Only clocks of this version; else of all others.")
@click.option("--yes", is_flag=True, help="Do it; without it the report says what would happen.")
@by_option
@json_option
@with_settings
def migrate(
    settings: Settings, to: int | None, from_version: int | None, made_by: str, *, yes: bool, as_json: bool
) -> None:
    """Move running clocks to another policy version, from the instants at which they started."""
    with open_context(settings) as context, progress("Migrating") as advance:
        version, counts = migrate_clocks(context, Order(to, from_version, yes, made_by), advance)
    if as_json:
        print_json({"version": version, "written": yes, **counts})
        return
    moved = "moved" if yes else "would move"
    say(f"{counts['clocks']} running clocks {moved} to policy version {version}.")
    words = ("sooner", "later", "same", "added", "cancelled", "due_at_once")
    say("  steps: " + ", ".join(f"{counts[word]} {word.replace('_', ' ')}" for word in words))
    if counts["clocks"] and not yes:
        say("  Nothing was changed; do it with --yes.")


def _line(row: dict[str, Any]) -> dict[str, object]:
    due_in = row["due_in"]
    detail = row["detail"] or {}
    return {
        "lead": row["lead_id"],
        "ladder": f"{row['ladder']} {row['step']}",
        "action": " ".join(filter(None, (row["action"].replace("_", " "), detail.get("to")))),
        "tells": detail.get("notify"),
        "due (UTC)": f"{row['due_at']:%Y-%m-%d %H:%M:%S}",
        "": f"{'in' if due_in >= 0 else 'late by'} {_coarse(abs(due_in))}",
        "deferred until": f"{row['deferred_until']:%Y-%m-%d %H:%M:%S}" if row["deferred_until"] else None,
        "holder": row["owner"],
        "policy": row["policy_version"],
    }


def _coarse(seconds: float) -> str:
    """Write a time left in the largest unit of which there are at least two: nobody needs the seconds of a day."""
    unit = next((size for size in (86_400, 3_600, 60) if seconds >= 2 * size), 1)
    return format_duration(timedelta(seconds=int(seconds // unit) * unit))

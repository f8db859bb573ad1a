"""`baton rep`: one rep departs or is away."""

import click

from shared.bus.assembly import open_context
from shared.console import by_option, json_option, print_json, say, with_settings
from shared.settings import Settings
from workers.intake.rep_changes import depart as let_depart
from workers.intake.rep_changes import send_away


@click.group()
def rep() -> None:
    """Reps who leave and who are away, as the file and the event do it."""


@rep.command()
@click.argument("rep_id", metavar="REP")
@by_option
@json_option
@with_settings
def depart(settings: Settings, rep_id: str, made_by: str, *, as_json: bool) -> None:
    """Let a rep depart: from now on nothing is given to them, and the leads they hold are decided again."""
    with open_context(settings) as context:
        leads = let_depart(context, rep_id, made_by=made_by)
    if as_json:
        print_json({"rep_id": rep_id, "status": "departed", "leads": leads, "by": made_by})
    else:
        say(f"{rep_id} has departed; {leads:,} leads are decided again.")


@rep.command()
@click.argument("rep_id", metavar="REP")
@click.option("--from", "from", required=True, metavar="TIME", help="First instant, such as 2026-12-24T08:00:00Z.")
@click.option("--until", required=True, metavar="TIME", help="First instant of being back.")
@click.option("--cover", "cover_rep_id", metavar="REP", help="Who takes over meanwhile.")
@click.option("--stop-before", metavar="DURATION", help="Nothing new is offered so long before it, such as 4h.")
@by_option
@json_option
@with_settings
def away(settings: Settings, /, rep_id: str, made_by: str, *, as_json: bool, **absence: str | None) -> None:
    """Record that a rep is away; the same start again changes the absence that was recorded for it."""
    row = {"rep_id": rep_id, **absence}
    with open_context(settings) as context:
        outcome = send_away(context, row, made_by=made_by)
    if as_json:
        print_json({**row, "outcome": outcome, "by": made_by})
    else:
        cover = f", covered by {row['cover_rep_id']}" if row["cover_rep_id"] else ""
        say(f"{rep_id} is away from {row['from']} until {row['until']}{cover} ({outcome}).")

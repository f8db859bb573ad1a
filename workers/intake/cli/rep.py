"""`baton rep`: one rep departs or is away."""

import sys

import click

from shared.bus.assembly import open_context
from shared.console import by_option, json_option, note, print_json, say, with_settings
from shared.settings import Settings
from workers.intake.cli.departure_text import departure_lines
from workers.intake.departing import DepartureReport
from workers.intake.rep_changes import depart as let_depart
from workers.intake.rep_changes import look_at_departure, send_away


@click.group()
def rep() -> None:
    """Reps who leave and who are away, as the file and the event do it."""


@rep.command()
@click.argument("rep_id", metavar="REP")
@click.option("--dry-run", is_flag=True, help="Only say what hangs on the rep and where the leads would go.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@by_option
@json_option
@with_settings
def depart(settings: Settings, rep_id: str, made_by: str, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Let a rep depart: from now on nothing is given to them, and the leads they hold are decided again.

    It says what hangs on the rep: open leads and where they go as things stand, rules that name the rep, pools and
    claim queues with who is left in them, accounts and open opportunities that need a new owner in the CRM, absences
    in which the rep stands in, and planned versions that count on the rep. On a terminal it asks before it does
    anything; a script is not asked. The file and the event do the same to the leads.
    """
    with open_context(settings) as context:
        is_asked = not (dry_run or yes) and sys.stdin.isatty()
        report = look_at_departure(context, rep_id) if dry_run or is_asked else None
        if report is not None and is_asked:
            note("\n  ".join([report.rep_id, *departure_lines(report)]))
            click.confirm(f"Let {rep_id} depart, with {report.open_leads:,} open leads?", abort=True, err=True)
        if not dry_run:
            report = let_depart(context, rep_id, made_by=made_by)
    if report is not None:
        _print_departure(report, dry_run=dry_run, made_by=made_by, as_json=as_json)


def _print_departure(report: DepartureReport, *, dry_run: bool, made_by: str, as_json: bool) -> None:
    status = "departed" if report.has_departed or not dry_run else "active"
    if as_json:
        head = {"rep_id": report.rep_id, "status": status, "leads": report.open_leads, "by": made_by}
        print_json({**head, "dry_run": dry_run, "report": report})
        return
    if report.has_departed:
        say(f"{report.rep_id} has departed already.")
    else:
        said = ("would depart", "would be") if dry_run else ("has departed", "are")
        say(f"{report.rep_id} {said[0]}; {report.open_leads:,} leads {said[1]} decided again.")
    for line in departure_lines(report):
        say(f"  {line}")
    if dry_run:
        say("Nothing was changed.")


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

"""`baton policy explain`: where one lead would go under a policy, and why; beside the rooms, for it needs several."""

from datetime import datetime
from typing import Any

import click
import orjson

from shared.bus.assembly import open_context
from shared.bus.context import Context
from shared.console import json_option, note, print_json, print_table, say, with_settings
from shared.db.policies import Version
from shared.db.transaction import Transaction, transaction
from shared.errors import InputFileError, RefusedError
from shared.policy.compile import compile_policy
from shared.policy.parse import parse_policy
from shared.settings import Settings
from workers.assignment.cli.lead_text import headline, print_fact_table, print_rules
from workers.assignment.cli.options import instant, instant_words
from workers.assignment.ops.find import active_policy
from workers.assignment.ops.policies import read_document
from workers.forecast import Forecast, forecast
from workers.intake.policy.events import Unreadable, read_event

#: Stands for the policy in force where a file is expected.
LIVE = "live"
#: A policy that is not stored has no number; versions count from 1.
_NOT_STORED = 0


@click.group()
def policy() -> None:
    """Check, activate and look at routing policies."""


@policy.command()
@click.argument("file", default=LIVE)
@click.option("--lead", "lead_file", required=True, help="A lead.submitted event as JSON, or its data alone.")
@click.option("--at", type=instant, help="As of this instant, such as 2027-01-01T09:00:00Z; default now.")
@json_option
@with_settings
def explain(settings: Settings, file: str, lead_file: str, at: datetime | None, *, as_json: bool) -> None:
    """Say where a lead would go under a policy, and why; nothing is written.

    The policy is a file, a version by number, or `live`, the one in force, which is the default.

    With --at it says who would own the lead at that instant: under the version that is in force then, which may be a
    planned one, with the absences, hours, holidays and caps of that instant. What it has to take from now is named.
    """
    data = read_submission(read_document(lead_file))
    with open_context(settings) as context, transaction(context.engine) as tx:
        tx.run("SET TRANSACTION READ ONLY")
        found = forecast(context, tx, _version(context, tx, file, at), data, at)
    if set(settings.providers) - {"account", "listed"}:
        note("Vendors are not asked: the facts that only they know are missing here.")
    if as_json:
        print_json(found)
    else:
        print_forecast(found)


def _version(context: Context, tx: Transaction, file: str, at: datetime | None) -> Version:
    if file.isdecimal():
        return context.policies.version(tx, int(file))
    if file == LIVE:
        return active_policy(tx, context.policies, at)
    return Version(_NOT_STORED, compile_policy(parse_policy(read_document(file))))


def read_submission(text: str) -> dict[str, Any]:
    """Return the data of a `lead.submitted` event, given whole or as its data alone; what intake refuses is refused."""
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InputFileError(f"The lead is not JSON: {error.msg} at line {error.lineno}.") from error
    if not isinstance(document, dict):
        raise InputFileError("The lead is not a JSON object: give a lead.submitted event, or its data.")
    is_event = isinstance(document.get("data"), dict)
    event = document if is_event else {"id": "explain", "source": "explain", "type": "lead.submitted", "data": document}
    read = read_event(orjson.dumps(event))
    if isinstance(read, Unreadable):
        raise RefusedError(f"Such a lead would go to quarantine: {read.reason}.")
    if read.type != "lead.submitted":
        raise InputFileError(f"{read.type} is no lead: give a lead.submitted event.")
    return dict(read.data)


def print_forecast(found: Forecast) -> None:
    """Print a forecast for a person."""
    when = f"At {instant_words(found.at)} UTC: " if found.taken_from_now else ""
    say(f"{when}{destination(found)} (policy {_name(found.policy_version)})")
    for step in found.clock:
        say(f"  clock   {step.action.replace('_', ' ')} at {instant_words(step.due_at)} UTC, if nothing happens before")
    if found.first_action:
        say(f"  expected first: {found.first_action.get('task')}")
    print_fact_table(found.facts, found.sheet)
    for line in (*found.enrichment, *found.matching):
        say(f"  {line}")
    say()
    say(f"Why: {headline(found.explanation)}")
    print_rules(found.explanation.decisive, found.explanation.passed_over)
    say(f"  tried: {'; '.join(found.tried) or 'nothing'}")
    if found.colleagues:
        rows = [(one.rep_id, "gets it" if one.chosen else "", one.why, one.open_leads) for one in found.colleagues]
        stands = "would stand" if found.taken_from_now else "stands"
        print_table(["rep", "", "why", "open leads"], rows, f"Pool {found.pool} as it {stands}")
    if found.taken_from_now:
        say("Of that instant: the version in force, absences, hours, holidays and caps. Taken from now:")
        for one in found.taken_from_now:
            say(f"  {one}")


def destination(found: Forecast) -> str:
    """Say in one sentence where the lead would go."""
    if found.joins is not None:
        return f"The lead would join lead {found.joins}, the same person. Alone, it would be {found.status}"
    where = found.owner or found.target
    held = f", because {found.held}" if found.held else ""
    return f"The lead would be {found.status}{f': {where}' if where else ''}{held}"


def _name(version: int) -> str:
    return f"version {version}" if version else "of the file"


commands: list[click.Command] = [policy]

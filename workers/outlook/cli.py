"""`baton policy forecast`: who would get leads that are still to come."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from shared.bus.assembly import open_context
from shared.bus.context import Context
from shared.console import json_option, note, print_json, print_table, say, with_settings
from shared.db.policies import Version
from shared.db.transaction import Transaction, transaction
from shared.errors import RefusedError
from shared.settings import Settings
from shared.spreadsheet import read_rows, writing
from workers.assignment.cli.backtest import ready_draft
from workers.assignment.cli.backtest_text import print_unmet
from workers.assignment.cli.options import instant, instant_words
from workers.assignment.ops.find import active_policy
from workers.assignment.ops.sources import LIVE, find_policy
from workers.assignment.policy.expectation import LEAD, Expectations, Unmet, read_expectations
from workers.assignment.policy.tally import place_of
from workers.assignment.policy.wording import hold_words
from workers.outlook.outlook import Expected, Outlook, look_ahead
from workers.outlook.prospects import Refused, read_prospects

_COLUMNS = (
    *("event_source", "event_id", "status", "owner", "rule", "target", "hold_reason", "account_id", "joins"),
    "overdue_at",
)
#: What a person looks through on a screen; the CSV and the JSON document have them all.
_MOST_LEADS = 50


@click.group()
def policy() -> None:
    """Check, activate and look at routing policies."""


@policy.command()
@click.argument("reference", metavar="[POLICY]", default=LIVE)
@click.option("--leads", "leads_file", required=True, metavar="FILE", help="Lead events as `baton publish` takes them.")
@click.option("--at", type=instant, help="When they would come, such as 2027-01-01T09:00:00Z; default now.")
@click.option("--csv", "csv_file", type=click.Path(dir_okay=False, path_type=Path), help="Where every lead goes.")
@click.option(
    "--expect", type=click.Path(dir_okay=False, path_type=Path), help="A CSV: what must become of which leads."
)
@json_option
@with_settings
def forecast(
    settings: Settings,
    reference: str,
    leads_file: str,
    at: datetime | None,
    csv_file: Path | None,
    expect: Path | None,
    *,
    as_json: bool,
) -> int:
    """Say who would get the leads of a file (JSON lines or CSV) if they came at an instant; nothing is written.

    POLICY is a file, a version, or `live`: the one that is in force at that instant, which may be a planned one.
    Absences, hours, holidays and caps are those of the instant. Reps, what they hold, whose turn it is, accounts and
    persons are as they are now, and vendors are not asked.

    `--expect FILE` is that of `baton policy backtest`: leads by e-mail address, SOURCE:ID or id, and what must become
    of them; what is not met is listed, and the exit code is 1.
    """
    expectations = read_expectations(read_rows(expect, LEAD) if expect else ())
    prospects, refused = read_prospects(leads_file)
    with open_context(settings) as context, transaction(context.engine) as tx:
        tx.run("SET TRANSACTION READ ONLY")
        when = at or tx.started_at
        if when < tx.started_at:
            raise RefusedError("That is past: `baton policy backtest` says what would have been, `explain --at` why.")
        found = look_ahead(context, tx, _version(context, tx, reference, when), prospects, when)
    unmet = _hold(expectations, found)
    if csv_file:
        _write(csv_file, found)
    if as_json:
        print_json(_document(found, refused, unmet if expect else None))
    else:
        _print(found, refused)
        if expect:
            print_unmet(unmet)
    return int(bool(unmet or refused))


def _version(context: Context, tx: Transaction, reference: str, at: datetime) -> Version:
    if reference == LIVE:
        return active_policy(tx, context.policies, at)
    return ready_draft(tx, context, find_policy(tx, context, reference))


def _hold(expectations: Expectations, found: Outlook) -> tuple[Unmet, ...]:
    for one in found.leads:
        event = one.prospect
        names = [event.event_id, f"{event.event_source}:{event.event_id}", *([one.email] if one.email else [])]
        expectations.hold_against(names, one.verdict)
    return expectations.finish()


def _row(one: Expected) -> Sequence[object]:
    verdict = one.verdict
    return (
        *(one.prospect.event_source, one.prospect.event_id, verdict.status, verdict.owner, verdict.rule),
        *(verdict.target, verdict.hold_reason, one.account_id, one.joins),
        one.overdue_at.isoformat() if one.overdue_at else None,
    )


def _write(file: Path, found: Outlook) -> None:
    with writing(file, _COLUMNS) as write:
        for one in found.leads:
            write(_row(one))


def _document(found: Outlook, refused: Sequence[Refused], unmet: Sequence[Unmet] | None) -> dict[str, Any]:
    return {
        "policy_version": found.policy_version or None,
        "at": found.at,
        "leads": [dict(zip(_COLUMNS, _row(one), strict=True)) for one in found.leads],
        "reps": found.reps,
        "refused": refused,
        "unmet": unmet,
    }


def _print(found: Outlook, refused: Sequence[Refused]) -> None:
    version = f"version {found.policy_version}" if found.policy_version else "of the file"
    count = f"{len(found.leads):,} lead{'' if len(found.leads) == 1 else 's'}"
    say(f"{count}, if they came at {instant_words(found.at)} UTC (policy {version}).")
    if found.leads:
        rows = [_shown(one) for one in found.leads[:_MOST_LEADS]]
        print_table(["lead", "goes to", "rule", "why", "overdue at"], rows)
    if len(found.leads) > _MOST_LEADS:
        note(f"… and {len(found.leads) - _MOST_LEADS:,} more; --csv and --json have them all.")
    if found.reps:
        rows = [(one.rep_id, one.leads, one.open_now, one.open_now + one.leads, one.capacity) for one in found.reps]
        print_table(["rep", "leads", "open now", "then", "capacity"], rows, "Reps")
    for one in refused:
        note(f"number {one.place} would be no lead: {one.reason}")


def _shown(one: Expected) -> Sequence[object]:
    verdict = one.verdict
    if one.joins:
        return (_called(one), verdict.status, "", f"the same person as {one.joins}", "")
    why = hold_words(verdict.hold_reason) if verdict.hold_reason else ""
    return (_called(one), place_of(verdict), verdict.rule or "", why, instant_words(one.overdue_at))


def _called(one: Expected) -> str:
    return one.email or f"{one.prospect.event_source}:{one.prospect.event_id}"


commands: list[click.Command] = [policy]

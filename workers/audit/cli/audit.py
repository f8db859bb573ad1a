"""Commands of the audit: are the laws kept, and what became of the leads of a source."""

from collections.abc import Sequence
from datetime import datetime

import click

from shared.bus.assembly import open_context
from shared.console import json_option, print_json, print_records, print_table, say, with_settings
from shared.db.transaction import transaction
from shared.settings import Settings
from workers.audit import queries
from workers.audit.audit import run_audit
from workers.audit.laws import LAWS, Law, Result


@click.command()
@json_option
@with_settings
def audit(settings: Settings, *, as_json: bool) -> int:
    """Check every law; exit 1 and the first ten ids of each breach."""
    with open_context(settings) as context:
        results = run_audit(context)
    breaches = sum(one.breaches for one in results)
    if as_json:
        print_json({"kept": breaches == 0, "laws": [_as_document(law, results) for law in LAWS.values()]})
    else:
        _show(results, breaches)
    return 1 if breaches else 0


@click.group()
def report() -> None:
    """Facts for people: what became of leads."""


@report.command("audit")
@click.option("--source", required=True, help="An event source (/forms/demo) or an original source (paid_search).")
@click.option("--last", default=100, show_default=True, type=click.IntRange(1, 10_000), help="How many leads.")
@json_option
@with_settings
def report_audit(settings: Settings, *, source: str, last: int, as_json: bool) -> None:
    """Show the last leads of a source with owner, times and outcome."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        rows = queries.load_leads_of_source(tx, source, last)
    if not as_json:
        rows = [{name: _for_eyes(value) for name, value in row.items() if name != "owner_kind"} for row in rows]
    print_records(rows, as_json=as_json, title=f"The last leads of {source}", none=f"No lead has the source {source}.")


@report.command("conditions")
@click.option("--days", default=28, show_default=True, type=click.IntRange(1, 3650), help="How far to look back.")
@json_option
@with_settings
def report_conditions(settings: Settings, *, days: int, as_json: bool) -> None:
    """Show by week what stood in the way of routing: holds by reason, fields blank, not understood, unknown."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        rows = queries.load_conditions(tx, days)
    print_records(rows, as_json=as_json, none=f"Nothing stood in the way in the last {days} days.")


def _show(results: Sequence[Result], breaches: int) -> None:
    rows = [
        (law.number or "", law.name, law.meaning, sum(one.breaches for one in results if one.law == law) or "kept")
        for law in LAWS.values()
    ]
    print_table(["law", "name", "what must always be true", "breaches"], rows)
    for one in results:
        if one.breaches:
            say(f"{one.law.name}: it does not hold that {one.holds}: {one.breaches} ({', '.join(map(str, one.ids))})")
    say(f"{breaches} breaches." if breaches else f"All laws are kept ({len(results)} checks).")


def _for_eyes(value: object) -> object:
    """Leave out what nobody reads in a table: fractions of seconds and the offset, which is always UTC."""
    return value.strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, datetime) else value


def _as_document(law: Law, results: Sequence[Result]) -> dict[str, object]:
    checks = [{"holds": one.holds, "breaches": one.breaches, "ids": list(one.ids)} for one in results if one.law == law]
    return {"law": law.number, "name": law.name, "meaning": law.meaning, "checks": checks}

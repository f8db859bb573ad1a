"""`baton sync`: reference data from CSV files."""

import click

from shared.bus.assembly import open_context
from shared.console import by_option, json_option, note, print_json, progress, say, with_settings
from shared.settings import Settings
from workers.intake.policy.records import KINDS
from workers.intake.reading.table import open_table
from workers.intake.syncing import Synced, check_columns
from workers.intake.syncing import sync as apply_rows

#: So many rejected rows are named one by one on a screen; the JSON document has them all.
SHOWN_ROWS = 20


@click.command()
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("file", metavar="FILE.csv")
@click.option("--strict", is_flag=True, help="Exit 1 when any row was rejected.")
@by_option
@json_option
@with_settings
def sync(settings: Settings, kind: str, file: str, made_by: str, *, strict: bool, as_json: bool) -> int:
    """Bring reps, absences, accounts or opportunities to the state of a CSV file.

    A row whose key is known updates it, another is new; rows that are absent from the file stay. A row that fails is
    reported with its line, and the rest goes on. Reps with status departed lose their leads, which find another owner.
    """
    with open_context(settings) as context, open_table(file, KINDS[kind].columns) as table:
        strangers = check_columns(KINDS[kind], table, file)
        if strangers:
            note(f"Warning: {file}: ignored columns that {kind} do not have: {', '.join(strangers)}.")
        with progress(f"Applying {kind}") as advance:
            result = apply_rows(context, KINDS[kind], table.rows, advance, made_by=made_by)
    if as_json:
        print_json(_document(result) | {"kind": kind, "file": file, "ignored_columns": strangers, "by": made_by})
    else:
        _show(result, file)
    return 1 if strict and result.rejections else 0


def _document(result: Synced) -> dict[str, object]:
    return {
        "inserted": result.inserted,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "superseded": result.superseded,
        "rejected": len(result.rejections),
        "rejections": [{"line": row.line, "reason": row.reason} for row in result.rejections],
    }


def _show(result: Synced, file: str) -> None:
    counts = {name: number for name, number in _document(result).items() if isinstance(number, int)}
    superseded = counts.pop("superseded")
    say(", ".join(f"{number:,} {name}" for name, number in counts.items()) + ".")
    if superseded:
        note(f"{superseded:,} of the unchanged are followed by another row of the same key, which counts.")
    for row in result.rejections[:SHOWN_ROWS]:
        note(f"{file} line {row.line}: {row.reason}; not applied")
    if len(result.rejections) > SHOWN_ROWS:
        note(f"… and {len(result.rejections) - SHOWN_ROWS:,} more; --json names them all.")

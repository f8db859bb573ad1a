"""`baton reassign plan|show`: who would get which lead; nothing moves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from shared.bus.assembly import open_context
from shared.bus.context import Context
from shared.console import by_option, json_option, note, print_json, progress, say, with_settings
from shared.db.transaction import transaction
from shared.errors import UsageError
from shared.settings import Settings
from shared.spreadsheet import read_rows
from workers.reassignment.asking import Named, ask
from workers.reassignment.cli.text import plan_document, print_plan, write_csv
from workers.reassignment.planning import make_plan
from workers.reassignment.policy.order import MoveState
from workers.reassignment.view import all_moves, plan_page, unmoved

#: How the column of leads may be called in a file, and that of their owners.
_LEAD_COLUMNS = ("lead", "lead_id", "key", "email", "id")
_OWNER_COLUMNS = ("owner", "rep_id", "rep", "to", "target")
#: Lines that name no lead, shown on a terminal; the JSON document has all.
_MOST = 10


@click.command()
@click.option("--rep", help="Leads that this rep holds; the rep gets none of them again.")
@click.option("--team", help="Leads that the reps of this team hold.")
@click.option("--territory", help="Leads of a region, or of a pool.")
@click.option("--rule", help="Leads that this rule decided last.")
@click.option("--status", help="offered, accepted, pooled or held, with commas.  [default: offered,accepted,pooled]")
@click.option("--created-before", help="Leads received before an instant, as in 2026-11-01.")
@click.option("--older-than", help="Leads received so long ago, as in 30d.")
@click.option(
    "--policy-diff",
    is_flag=False,
    flag_value="live",
    help="Leads whose owner changes under the policy in force; or A..B: whose way differs between two versions.",
)
@click.option("--csv", "leads_file", help="A file with the columns lead and owner; without owner, --to says it.")
@click.option("--to", help="rep R, pool P, queue Q, or policy: each lead by the rules in force.")
@click.argument("name", required=False)
@click.option("--clock", type=click.Choice(["restart", "keep"]), default="restart", show_default=True)
@click.option(
    "--accepted",
    type=click.Choice(["offer", "keep"]),
    default="offer",
    show_default=True,
    help="Whether the new owner of an accepted lead must accept it anew.",
)
@click.option("--cap", type=click.IntRange(1), help="Leads that one rep gets at most.")
@click.option("--expires", default="24h", show_default=True, help="How long the plan can be applied.")
@click.option("--note", "note_", help="Why, for the record and for the reps.")
@click.option("--out", help="Write the leads of the plan to this CSV file.")
@by_option
@json_option
@with_settings
def plan(
    settings: Settings, /, name: str | None, leads_file: str | None, out: str | None, *, as_json: bool, **words: Any
) -> None:
    r"""Write down who would get which lead; nothing moves.

    \b
    baton reassign plan --rep ana --to policy
    baton reassign plan --territory emea --to pool emea --clock keep
    baton reassign plan --policy-diff
    baton reassign plan --csv moves.csv
    """
    words |= {"to": _target(words["to"], name), "by": words.pop("made_by"), "note": words.pop("note_")}
    named = None if leads_file is None else list(read_leads(leads_file))
    with open_context(settings) as context:
        asked = ask(context, words, named)
        with progress("Planning") as bar:
            plan_id = make_plan(context, asked.order, bar.begin, bar)
        lines = [{"line": one.line, "key": one.key, "reason": why} for one, why in asked.rejected]
        _print(context, plan_id, lines, out, as_json=as_json)


def _target(to: str | None, name: str | None) -> str | None:
    """Join the two words of `--to rep R`."""
    if name is None:
        return to
    if to is None or ":" in to or to == "policy":
        raise UsageError(f"{name!r} says nothing here: write --to rep {name} or --to pool {name}.")
    return f"{to}:{name}"


def read_leads(file: str) -> Iterator[Named]:
    """Give the leads that a CSV file names; raises InputFileError for a file that names none."""
    for line, row in read_rows(Path(file), _LEAD_COLUMNS):
        if key := row[_LEAD_COLUMNS[0]]:
            yield Named(line, key, next((row[name] for name in _OWNER_COLUMNS if row.get(name)), None))


def _print(context: Context, plan_id: int, rejected: list[dict[str, Any]], out: str | None, *, as_json: bool) -> None:
    with transaction(context.engine) as tx:
        page, listed = plan_page(tx, plan_id), unmoved(tx, plan_id)
        written = write_csv(out, all_moves(tx, plan_id, None)) if out else None
    if as_json:
        print_json(plan_document(page, listed) | {"rejected": rejected, "file": out})
        return
    print_plan(page)
    for one in rejected[:_MOST]:
        note(f"line {one['line']}: {one['key']!r}: {one['reason']}")
    if rejected[_MOST:]:
        note(f"… and {len(rejected) - _MOST} more lines that name no lead; --json has all")
    if written is not None:
        say(f"{written} leads are in {out}.")
    if page.pending:
        say(f"Nothing has moved. All of it: baton reassign show {plan_id} --csv FILE")
        say(f"Move it: baton reassign apply {plan_id}")
    else:
        say("Nothing would move.")


@click.command()
@click.argument("plan_id", type=click.IntRange(1))
@click.option("--csv", "file", help="Write the leads of the plan to this file.")
@click.option(
    "--state", type=click.Choice([str(one) for one in MoveState]), help="Only leads of this state in the file."
)
@json_option
@with_settings
def show(settings: Settings, plan_id: int, file: str | None, state: str | None, *, as_json: bool) -> None:
    """Show a plan: what moves from whom to whom, loads before and after, and what does not move and why."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        page, listed = plan_page(tx, plan_id), unmoved(tx, plan_id)
        written = write_csv(file, all_moves(tx, plan_id, state)) if file else None
    if as_json:
        print_json(plan_document(page, listed) | {"file": file})
        return
    print_plan(page)
    if written is not None:
        say(f"{written} leads are in {file}.")

"""`baton pool list|show|credit`: who is next, why the others are not, and what ops owe."""

import uuid
from datetime import datetime

import click

from shared.bus.assembly import open_context
from shared.console import json_option, print_json, print_records, print_table, say, system_user, with_settings
from shared.db.transaction import transaction
from shared.settings import Settings
from workers.assignment.cli.options import instant, instant_words
from workers.assignment.desks import pool_desks, pool_page
from workers.assignment.ops import credit_member
from workers.assignment.ops.find import active_policy
from workers.assignment.queries.changes import Adjustment


@click.group()
def pool() -> None:
    """Look at pools and adjust their ledgers."""


@pool.command(name="list")
@json_option
@with_settings
def list_(settings: Settings, *, as_json: bool) -> None:
    """List the pools of the policy in force, with who is next."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        desks = pool_desks(tx, context, active_policy(tx, context.policies))
    print_records(desks, as_json=as_json, none="The policy has no pools.")


@pool.command()
@click.argument("name")
@click.option("--at", type=instant, help="An instant: past, as it was decided then; to come, by absences and hours.")
@json_option
@with_settings
def show(settings: Settings, name: str, at: datetime | None, *, as_json: bool) -> None:
    """Show who is next in a pool, who is not and why, and the ledger."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        page = pool_page(tx, context, active_policy(tx, context.policies), name, at)
    if as_json:
        print_json(page)
        return
    say(f"Pool {page.pool}: {page.strategy}, {page.given} given so far, {page.what} at {instant_words(page.at)} UTC")
    rows = [
        (one.order, one.rep_id, one.why or "eligible", one.open_leads, one.capacity, round(one.credit, 2), one.owed)
        for one in page.seats
    ]
    print_table(["next", "rep", "state", "open leads", "capacity", "behind by", "owed"], rows)
    if page.overflow:
        say(f"  then: {', '.join(page.overflow)}")


@pool.command()
@click.argument("name")
@click.option("--rep", "rep_id", required=True, help="Whose ledger.")
@click.option("--by", "leads", type=int, required=True, help="Leads to be given first; below zero, to be passed over.")
@click.option("--note", "note_", required=True, help="Why; it stands beside the adjustment.")
@click.option("--id", "adjustment_id", help="The same id again changes nothing; default a new one.")
@click.option("--made-by", default=system_user, show_default="the system user", help="Who does it.")
@json_option
@with_settings
def credit(  # noqa: PLR0913  click passes every option as a parameter
    settings: Settings,
    name: str,
    rep_id: str,
    leads: int,
    note_: str,
    adjustment_id: str | None,
    made_by: str,
    *,
    as_json: bool,
) -> None:
    """Owe a member of a pool leads, once per id."""
    adjustment = Adjustment(adjustment_id or str(uuid.uuid4()), name, rep_id, leads, note_, made_by)
    with open_context(settings) as context:
        is_new = credit_member(context, adjustment)
    if as_json:
        print_json({"id": adjustment.adjustment_id, "pool": name, "rep_id": rep_id, "leads": leads, "new": is_new})
    elif is_new:
        say(f"{name} owes {rep_id} {leads:+d} (adjustment {adjustment.adjustment_id}).")
    else:
        say(f"Adjustment {adjustment.adjustment_id} was made before; nothing changed.")

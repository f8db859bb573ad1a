"""`baton lead show|list|correct|assign`: one lead explained, many listed, and the exception queue worked."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click

from shared.bus.assembly import open_context
from shared.console import by_option, json_option, note, print_json, print_records, say, with_settings
from shared.db.find_lead import Found, find_leads, find_one
from shared.db.transaction import transaction
from shared.domain.lead import OwnerKind, Status
from shared.domain.target import Target
from shared.settings import Settings
from workers.assignment.cli.lead_text import print_lead
from workers.assignment.cli.options import instant_words, setting
from workers.assignment.ops import assign_lead, correct_lead
from workers.assignment.queries.leads import Wanted, list_leads
from workers.assignment.view import lead_page


@click.group()
def lead() -> None:
    """Show, list, correct and assign leads."""


@lead.command()
@click.argument("key")
@json_option
@with_settings
def show(settings: Settings, key: str, *, as_json: bool) -> None:
    """Show a lead by its id, an e-mail address, or SOURCE:ID of its event: facts, decisions and why, owner, clock."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        found = find_leads(tx, key)
        _name_others(found)
        page = lead_page(tx, context.policies, found[0].lead_id)
        now = tx.started_at
    if as_json:
        print_json(page)
    else:
        print_lead(page, now)


def _name_others(found: Sequence[Found]) -> None:
    """Tell of the other leads that the key names, and of the one that lives when the newest does not."""
    if len(found) > 1:
        others = ", ".join(f"{one.lead_id} ({one.status})" for one in found[1:])
        note(f"The newest of {len(found)}; the others: {others}.")
    if found[0].merged_into is not None:
        note(f"Lead {found[0].lead_id} joined lead {found[0].merged_into}: baton lead show {found[0].merged_into}")


@lead.command(name="list")
@click.option("--status", type=click.Choice([str(one) for one in Status]), help="Where the leads stand.")
@click.option("--owner", help="A rep or a queue; rep:ID or queue:NAME where one name is both.")
@click.option("--rule", help="The rule that decided last.")
@click.option("--hold-reason", help="Whole, as in unknown:country, or the part before the colon.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
@with_settings
def list_(
    settings: Settings,
    status: str | None,
    owner: str | None,
    rule: str | None,
    hold_reason: str | None,
    limit: int,
    *,
    as_json: bool,
) -> None:
    """List leads, the newest first."""
    kind, colon, name = (owner or "").partition(":")
    is_kind = bool(colon) and kind in set(OwnerKind)
    wanted = Wanted(status, kind if is_kind else None, name if is_kind else owner, rule, hold_reason, limit)
    with open_context(settings) as context, transaction(context.engine) as tx:
        rows = list_leads(tx, wanted)
    print_records(rows if as_json else [_line(one) for one in rows], as_json=as_json, none="No lead is like that.")


def _line(row: Mapping[str, Any]) -> dict[str, object]:
    merged = f" into {row['merged_into']}" if row["merged_into"] else ""
    return {
        "lead": row["lead_id"],
        "email": row["email"],
        "company": row["company"],
        "status": f"{row['status']}{merged}{', overdue' if row['overdue'] else ''}",
        "owner": row["owner"],
        "rule": row["rule"],
        "held for": row["hold_reason"],
        "received (UTC)": instant_words(row["received_at"]),
    }


@lead.command()
@click.argument("key")
@click.option("--set", "values", type=setting, multiple=True, required=True, help="field=value; no value: unknown.")
@by_option
@json_option
@with_settings
def correct(settings: Settings, key: str, values: Sequence[tuple[str, str]], made_by: str, *, as_json: bool) -> None:
    """Correct facts of a held lead and decide it again; account_id=… names its account, attributes.NAME=… a field."""
    with open_context(settings) as context:
        with transaction(context.engine) as tx:
            lead_id = find_one(tx, key)
        done = correct_lead(context, lead_id, dict(values), made_by=made_by)
    if as_json:
        print_json(asdict(done))
        return
    for one in done.changes:
        before, after = ("unknown" if value is None else value for value in (one.before, one.after))
        say(f"{one.field}: {before} → {after}")
    say(f"Lead {done.lead_id} is being decided again: baton lead show {done.lead_id}")


@lead.command()
@click.argument("key")
@click.option("--to", "target", required=True, help="rep:ID, pool:NAME, queue:NAME, owner:account, nurture:TRACK, …")
@click.option("--reason", required=True, help="Why; it stands in the lead's decisions.")
@by_option
@json_option
@with_settings
def assign(settings: Settings, key: str, target: str, reason: str, made_by: str, *, as_json: bool) -> None:
    """Give one lead a place by hand, once and on the record."""
    wanted = Target.parse(target)
    with open_context(settings) as context:
        with transaction(context.engine) as tx:
            lead_id = find_one(tx, key)
        done = assign_lead(context, lead_id, wanted, reason=reason, made_by=made_by)
    if as_json:
        print_json(asdict(done))
        return
    former = f" from {done.former_owner}" if done.former_owner else ""
    say(f"Lead {done.lead_id} went{former} to {done.owner or done.target} and is {done.status}.")

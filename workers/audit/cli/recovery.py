"""The recovery views: leads that nobody holds, and deals that were lost and may be worth another try."""

import click

from shared.bus.assembly import open_context
from shared.console import json_option, print_json, print_records, with_settings
from shared.db.transaction import transaction
from shared.settings import Settings
from workers.audit.queries.recovery import load_closed_lost, load_without_owner


@click.command("recovery")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="At most so many of each.")
@json_option
@with_settings
def recovery(settings: Settings, *, limit: int, as_json: bool) -> None:
    """List leads that have no owner, and conversions whose opportunity was lost."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        found = {"no_owner": load_without_owner(tx, limit), "closed_lost": load_closed_lost(tx, limit)}
    if as_json:
        print_json(found)
        return
    print_records(found["no_owner"], as_json=False, title="No owner", none="Every lead has an owner.")
    none = "No conversion was lost, as far as the CRM has said."
    print_records(found["closed_lost"], as_json=False, title="Closed lost", none=none)

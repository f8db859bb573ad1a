"""The hand-off report: as a table, as JSON, or as one page."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click

from shared.bus.assembly import open_context
from shared.console import json_option, note, print_json, print_table, say, with_settings
from shared.db.transaction import transaction
from shared.domain.duration import format_duration, parse_duration
from shared.errors import RefusedError, UsageError
from shared.settings import Settings
from workers.audit.measure import measure_handoff
from workers.audit.policy.measures import NOT_CARRIED
from workers.audit.policy.page import as_page, words_of

#: A report reads every lead of its window.
_LONGEST = timedelta(days=366)


@click.command("handoff")
@click.option("--since", default="30d", show_default=True, help="How far to look back: 12h, 30d, at most 366d.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Also write one page into this file.")
@json_option
@with_settings
def handoff(settings: Settings, *, since: str, html: Path | None, as_json: bool) -> None:
    """Show how leads passed from marketing to sales: speed, rates, leaks, misses and promises."""
    window = parse_duration(since)
    if not timedelta() < window <= _LONGEST:
        raise UsageError(f"--since {since} is no window of more than nothing and at most 366d.")
    with open_context(settings) as context, transaction(context.engine) as tx:
        version, now = context.policies.active(tx), tx.started_at
        if version is None:
            raise RefusedError("No policy is in force: baton policy activate puts one into force.")
        measures = measure_handoff(tx, version, window)
    if html is not None:
        subtitle = (
            f"Leads received in the {format_duration(window)} before {now:%Y-%m-%d %H:%M} UTC, without test leads."
        )
        html.write_text(as_page(measures, "Hand-off from marketing to sales", subtitle), encoding="utf-8")
        note(f"Wrote {html}.")
    missing = [{"requirement": number, "why": why} for number, why in NOT_CARRIED]
    if as_json:
        print_json({"since": now - window, "until": now, "measures": list(map(asdict, measures)), "missing": missing})
        return
    if not measures:
        say(f"No lead was received in the last {since}.")
    rows = [(one.requirement, one.name, one.of, words_of(one), one.n, one.note) for one in measures]
    print_table(["", "measure", "of", "value", "n", "note"], rows)
    for one in missing:
        say(f"Not in the data: {one['why']} ({one['requirement']}).")

"""The hand-off report: as a table, as JSON, or as one page."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import click

from shared.bus.assembly import open_context
from shared.console import json_option, note, print_json, print_table, say, with_settings
from shared.db.transaction import transaction
from shared.domain.duration import parse_duration
from shared.errors import RefusedError, UsageError
from shared.settings import Settings
from workers.audit.measure import measure_handoff
from workers.audit.policy.layout import Section, arrange, key_figures
from workers.audit.policy.measures import NOT_CARRIED, Measure
from workers.audit.policy.page import as_page
from workers.audit.policy.words import behind, group_words, with_n, words_of

#: A report reads every lead of its window.
_LONGEST = timedelta(days=366)


@click.command("handoff")
@click.option("--since", default="30d", show_default=True, help="How far to look back: 12h, 30d, at most 366d.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Also write one page into this file.")
@click.option("--brief", is_flag=True, help="Only the key figures.")
@json_option
@with_settings
def handoff(settings: Settings, *, since: str, html: Path | None, brief: bool, as_json: bool) -> None:
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
        subtitle = f"Leads received from {now - window:%Y-%m-%d %H:%M} to {now:%Y-%m-%d %H:%M} UTC, without test leads."
        html.write_text(as_page(measures, "Hand-off from marketing to sales", subtitle), encoding="utf-8")
        note(f"Wrote {html}.")
    if as_json:
        missing = [{"requirement": number, "why": why} for number, why in NOT_CARRIED]
        print_json({"since": now - window, "until": now, "measures": list(map(asdict, measures)), "missing": missing})
    elif not measures:
        say(f"No lead was received in the last {since}.")
    else:
        _show(measures, brief=brief)


def _show(measures: Sequence[Measure], *, brief: bool) -> None:
    """Print the key figures, and unless they are enough everything else, part by part."""
    key = [(one.name, one.of, words_of(one), behind(one), one.note) for one in key_figures(measures)]
    print_table(["key figure", "of", "value", "", "note"], key)
    if brief:
        return
    for section in arrange(measures):
        say(f"\n== {section.heading}")
        _show_section(section)
    say()
    for number, why in NOT_CARRIED:
        say(f"Not in the data: {why} ({number}).")


def _show_section(section: Section) -> None:
    if section.figures:
        rows = [(one.requirement, one.name, one.of, words_of(one), behind(one), one.note) for one in section.figures]
        print_table(["", "measure", "of", "value", "", "note"], rows)
    for table in section.tables:
        columns = [f"{title} ({requirement})" for title, requirement in table.columns]
        cells = [[group_words(group), *map(with_n, measures)] for group, measures in table.rows]
        print_table([table.title, *columns], cells)

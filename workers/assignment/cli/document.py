"""`baton policy document`: a policy as a page that people read."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from shared.bus.assembly import open_context
from shared.console import json_option, note, print_json, with_settings
from shared.custody import reps as rep_queries
from shared.custody.reps import RosterShelf
from shared.db.standing import load_standing
from shared.db.transaction import Transaction, transaction
from shared.settings import Settings
from workers.assignment.cli.options import instant_words
from workers.assignment.ops.policies import roster_if_reachable
from workers.assignment.ops.sources import LIVE, Source, find_policy, is_stored, read_file
from workers.assignment.ops.versions import VersionPage, version_pages
from workers.assignment.policy.handbook.blocks import Page
from workers.assignment.policy.handbook.chapters import Edition, handbook
from workers.assignment.policy.handbook.html import as_html
from workers.assignment.policy.handbook.markdown import as_markdown


@click.command()
@click.argument("policy", metavar="[VERSION|FILE]", default=LIVE)
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write one HTML page into this file instead."
)
@json_option
@with_settings
def document(settings: Settings, policy: str, *, html: Path | None, as_json: bool) -> None:
    """Write a policy as a page that people read; default the one in force.

    It says who answers for it, what outranks what, who is qualified, who is in which pool with which share, what
    happens if nobody acts, in which hours and on which holidays, and what becomes of leads that are given back. It is
    written from the version or file itself, with the reps as they are now. Markdown on stdout; with --html a page that
    needs nothing else, to be sent or put on a wiki.
    """
    page = _page(settings, policy)
    if html is not None:
        html.write_text(as_html(page), encoding="utf-8")
        note(f"Wrote {html}.")
    if as_json:
        print_json(page)
    elif html is None:
        sys.stdout.write(as_markdown(page))


def _page(settings: Settings, reference: str) -> Page:
    if not is_stored(reference):
        source = read_file(reference)
        roster = roster_if_reachable(settings)
        return handbook(source.document, Edition(f"The file {Path(reference).name}"), roster, datetime.now(UTC))
    with open_context(settings) as context, transaction(context.engine) as tx:
        source = find_policy(tx, context, reference)
        roster = rep_queries.load_roster(tx, context.shelf(RosterShelf))
        return handbook(source.document, _edition(tx, source), roster, tx.started_at)


def _edition(tx: Transaction, source: Source) -> Edition:
    pages = version_pages(tx)
    own = next(one for one in pages if one.version == source.version)
    latest = own.latest
    return Edition(
        label=f"Version {own.version}{', in force' if own.active else ''}",
        written_at=own.created_at,
        written_by=own.created_by,
        in_force_since=latest.get("effective_at") if own.active else None,
        requested_by=latest.get("requested_by"),
        approved_by=latest.get("approved_by"),
        note=latest.get("note"),
        planned=tuple(_plan(one) for one in reversed(pages) if one.planned),
        review=load_standing(tx).review if own.active else None,
    )


def _plan(page: VersionPage) -> str:
    instants = ", ".join(instant_words(row["effective_at"]) for row in page.planned)
    return f"version {page.version} ({page.name}) for {instants} UTC"

"""`baton policy list|show|diff|document|review|cancel`: the versions, who put them into force, and what is planned."""

import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from shared.bus.assembly import open_context
from shared.console import by_option, json_option, note, print_json, print_records, say, with_settings
from shared.db.standing import load_standing, record_review
from shared.db.transaction import transaction
from shared.policy.cadence import Review, review_of
from shared.settings import Settings
from workers.assignment.cli.diff import diff
from workers.assignment.cli.document import document
from workers.assignment.cli.options import instant, instant_words
from workers.assignment.ops.find import active_policy
from workers.assignment.ops.versions import VersionPage, cancel_plan, version_pages
from workers.assignment.queries import versions as queries


@click.group()
def policy() -> None:
    """Check, activate and look at routing policies."""


@policy.command(name="list")
@json_option
@with_settings
def list_(settings: Settings, *, as_json: bool) -> None:
    """List the versions, the newest first: who wrote each, who put it into force, when and why, and what is planned."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        pages, standing = version_pages(tx), load_standing(tx)
    if as_json:
        print_json([{**one.as_record(), "review": standing.review if one.active else None} for one in pages])
        return
    print_records([_line(one) for one in pages], as_json=False, none="No policy was ever activated.")
    for line in _plans(pages):
        say(line)
    if standing.review is not None:
        last = f"last on {standing.review.last_at:%Y-%m-%d} by {standing.review.last_by}"
        say(f"Looked through or changed {last}; {_due(standing.review)}.")


def _line(page: VersionPage) -> dict[str, object]:
    latest = page.latest
    return {
        "version": page.version,
        "": "in force" if page.active else "planned" if page.planned else "",
        "name": page.name,
        "written by": page.created_by,
        "activated": instant_words(latest.get("effective_at")),
        "by": latest.get("requested_by"),
        "approved by": latest.get("approved_by"),
        "overridden": len(latest.get("overridden") or ()),
        "note": latest.get("note"),
    }


def _plans(pages: Iterable[VersionPage]) -> list[str]:
    """Say what is to come, the next one first."""
    plans = sorted((row["effective_at"], row["activation_id"], one) for one in pages for row in one.planned)
    return [
        f"Version {one.version} ({one.name}) takes effect at {instant_words(at)} UTC; "
        f"`baton policy cancel {one.version}` takes the plan back."
        for at, _, one in plans
    ]


@policy.command()
@click.argument("version", type=click.IntRange(1), required=False)
@json_option
@with_settings
def show(settings: Settings, version: int | None, *, as_json: bool) -> None:
    """Print a version as it was written; default the one in force. Its history goes to stderr."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        chosen = active_policy(tx, context.policies) if version is None else context.policies.version(tx, version)
        row = queries.load_document(tx, chosen.number) or {}
        page = next(one for one in version_pages(tx) if one.version == chosen.number)
    owners = dict(chosen.policy.document.stage_owners)
    if as_json:
        history = {**page.as_record(), "activations": page.activations}
        print_json({**history, **row, "owner": chosen.policy.owner, "stage_owners": owners})
        return
    for line in _history(page):
        note(f"version {page.version}: {line}")
    sys.stdout.write(row["document"])


def _history(page: VersionPage) -> list[str]:
    """Say when the version was, is and will be in force, and by whose hand."""
    asked = [("in force from", row) for row in page.activations] + [("planned for", row) for row in page.planned]
    lines = [f"written {instant_words(page.created_at)} UTC by {page.created_by}"]
    lines += [f"{what} {instant_words(row['effective_at'])} UTC, by {_who(row)}" for what, row in asked]
    lines += [
        f"was planned for {instant_words(row['effective_at'])} UTC by {row['requested_by']}, and taken back by "
        f"{row['cancelled_by']}{_because(row['cancel_note'])}"
        for row in page.cancelled
    ]
    return lines


def _who(row: dict[str, Any]) -> str:
    approved = f", approved by {row['approved_by']}" if row["approved_by"] else ""
    return f"{row['requested_by']}{approved}{_because(row['note'])}"


def _because(reason: str | None) -> str:
    return f": {reason}" if reason else ""


@policy.command()
@click.option("--note", "note_", help="What was seen.")
@by_option
@json_option
@with_settings
def review(settings: Settings, note_: str | None, made_by: str, *, as_json: bool) -> None:
    """Put on record that the policy in force was looked through and is left as it is.

    The policy says how often that is wanted (`review: monthly`). `baton policy list`, `baton status` and `baton doctor`
    say when it is due again; a change of the policy counts as well.
    """
    with open_context(settings) as context, transaction(context.engine) as tx:
        chosen = active_policy(tx, context.policies)
        record_review(tx, chosen.number, by=made_by, note=note_)
        found = review_of(chosen.policy.document.review, tx.started_at, made_by)
    if as_json:
        print_json({"version": chosen.number, "note": note_, **asdict(found)})
    else:
        say(f"Version {chosen.number} ({chosen.policy.name}) was looked through; {_due(found)}.")


def _due(review: Review) -> str:
    if review.due_at is None:
        return "when it is due again the policy does not say (`review: monthly`, say)"
    return f"it is due again by {review.due_at:%Y-%m-%d} ({review.every})"


@policy.command()
@click.argument("version", type=click.IntRange(1))
@click.option("--at", type=instant, help="Which of its plans, where the version is planned more than once.")
@click.option("--note", "note_", help="Why.")
@by_option
@json_option
@with_settings
def cancel(
    settings: Settings, version: int, at: datetime | None, note_: str | None, made_by: str, *, as_json: bool
) -> None:
    """Take back a planned activation before its minute comes; the version stays stored and can be planned again.

    Who planned it, who took it back and why stay on the record. What has taken effect is not cancelled: put an earlier
    version back with `baton policy rollback`.
    """
    with open_context(settings) as context:
        plan = cancel_plan(context, version, at=at, made_by=made_by, note=note_)
    if as_json:
        print_json({"cancelled": plan, "by": made_by, "note": note_})
    else:
        say(f"Version {version} ({plan.name}) does not take effect at {instant_words(plan.effective_at)} UTC.")


policy.add_command(diff)
policy.add_command(document)

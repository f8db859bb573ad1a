"""`baton policy diff`: what changed between two policies, in words and as text."""

import difflib
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import click

from shared.bus.assembly import open_context
from shared.console import json_option, note, print_json, say, with_settings
from shared.custody import reps as rep_queries
from shared.custody.reps import RosterShelf
from shared.db.transaction import transaction
from shared.domain.rep import Roster
from shared.policy.difference import Change, Kind, differences, grouped
from shared.policy.membership import Member, PoolChange, membership_changes
from shared.policy.wording import share_words
from shared.settings import Settings
from workers.assignment.ops.policies import roster_if_reachable
from workers.assignment.ops.sources import Source, find_policy, is_stored, read_file

_SIGNS = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.MOVED: "~", Kind.CHANGED: "~", Kind.RENAMED: "~"}
#: A pool of hundreds is not read rep by rep; the document has them all.
_MOST_NAMED = 12


@click.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--text", "as_text", is_flag=True, help="Show a unified diff of the two texts instead.")
@json_option
@with_settings
def diff(settings: Settings, before: str, after: str, *, as_text: bool, as_json: bool) -> None:
    """Say what changes from policy A to policy B.

    A and B are versions by number, `live` for the one in force, or files. Rules that are added, removed, moved and
    changed are named with what changed in them, and so are pools, queues, clocks and all other parts. Where a database
    answers, the reps who join or leave a pool and the shares that change are named as well, with the reps as they are
    now.
    """
    old, new, roster = _read(settings, before, after)
    changes = differences(old.document, new.document)
    people = membership_changes(old.document, new.document, roster) if roster is not None else ()
    text = _unified(old, new) if as_text else None
    if as_json:
        print_json(_document(old, new, changes, people if roster is not None else None, text))
    elif text is not None:
        say(text)
    else:
        _print(old, new, changes, people)
        if roster is None:
            note("No migrated database answers: who joins and leaves the pools is not known.")


def _read(settings: Settings, before: str, after: str) -> tuple[Source, Source, Roster | None]:
    """Read both; two files need no database."""
    if not is_stored(before) and not is_stored(after):
        return read_file(before), read_file(after), roster_if_reachable(settings)
    with open_context(settings) as context, transaction(context.engine) as tx:
        roster = rep_queries.load_roster(tx, context.shelf(RosterShelf))
        return find_policy(tx, context, before), find_policy(tx, context, after), roster


def _unified(old: Source, new: Source) -> str:
    lines = (old.text.splitlines(), new.text.splitlines())
    return "\n".join(difflib.unified_diff(*lines, old.label, new.label, lineterm=""))


def _document(
    old: Source, new: Source, changes: Sequence[Change], people: Sequence[PoolChange] | None, text: str | None
) -> dict[str, Any]:
    names = {"from": old, "to": new}
    return {
        **{
            key: {"reference": one.reference, "version": one.version, "name": one.document.name}
            for key, one in names.items()
        },
        "changes": changes,
        "members": None if people is None else [_pool_document(one) for one in people],
        "text": text,
    }


def _pool_document(change: PoolChange) -> dict[str, Any]:
    return {
        "pool": change.pool,
        "joins": [_member_document(one) for one in change.joins],
        "leaves": [_member_document(one) for one in change.leaves],
        "shares": [
            {"rep_id": rep_id, "before": _number(before), "after": _number(after)}
            for rep_id, before, after in change.shares
        ],
    }


def _member_document(member: Member) -> dict[str, Any]:
    return {
        "rep_id": member.rep_id,
        "name": member.name,
        "weight": float(member.weight),
        "share": _number(member.share),
    }


def _number(share: Fraction | None) -> float | None:
    return None if share is None else float(share)


def _print(old: Source, new: Source, changes: Sequence[Change], people: Iterable[PoolChange]) -> None:
    say(f"From {old.label} to {new.label}:")
    if not changes:
        same = old.text == new.text
        say("nothing changes" if same else "nothing changes but comments and layout; --text shows them")
    for section, found in grouped(changes).items():
        say(f"\n{section}")
        for one in found:
            say(f"  {_SIGNS[one.kind]} {one.name}{'' if one.details else f'  {one.words}'}")
            for detail in one.details:
                say(f"      {detail.words}")
    lines = [line for one in people for line in _people(one)]
    if lines:
        say("\nwho is in which pool, as the reps are now")
        for line in lines:
            say(f"  {line}")


def _people(change: PoolChange) -> list[str]:
    lines = [f"+ {change.pool}  joined by {_listed([_member(one) for one in change.joins])}"] if change.joins else []
    lines += [f"- {change.pool}  left by {_listed([_member(one) for one in change.leaves])}"] if change.leaves else []
    shares = [f"{rep_id} {_share(before)} → {_share(after)}" for rep_id, before, after in change.shares]
    return lines + ([f"~ {change.pool}  shares: {_listed(shares)}"] if shares else [])


def _member(member: Member) -> str:
    share = f", {_share(member.share)}" if member.share is not None else ""
    return f"{member.rep_id} (weight {float(member.weight):g}{share})"


def _share(share: Fraction | None) -> str:
    return "by load" if share is None else share_words(round(float(share), 3))


def _listed(words: Sequence[str]) -> str:
    more = f" and {len(words) - _MOST_NAMED} more" if len(words) > _MOST_NAMED else ""
    return f"{', '.join(words[:_MOST_NAMED])}{more}"

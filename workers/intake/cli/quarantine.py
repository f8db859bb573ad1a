"""`baton quarantine`: what could not be read."""

import base64
import sys
from collections.abc import Sequence
from dataclasses import asdict

import click

from shared.bus.assembly import open_context
from shared.bus.context import Context
from shared.console import by_option, json_option, note, print_json, print_records, progress, say, with_settings
from shared.db.transaction import transaction
from shared.errors import RefusedError, UsageError
from shared.settings import Settings
from workers.intake.queries import quarantine as queries
from workers.intake.replay import discard as discard_all
from workers.intake.replay import replay as replay_all

_COLUMNS: tuple[str, ...] = ("quarantine_id", "received_at", "event_source", "event_id", "size", "reason")
_RESOLUTION = ("resolution", "resolved_at", "resolved_by")

_ids = click.argument("ids", nargs=-1, type=click.IntRange(1), metavar="[ID…]")
_everything = click.option("--all", "everything", is_flag=True, help="All that is not resolved.")
_with_reason = click.option("--reason", metavar="TEXT", help="Those whose reason contains this.")


@click.group()
def quarantine() -> None:
    """Events that could not be read: kept whole, each with its reason."""


@quarantine.command("list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="The newest so many.")
@_with_reason
@click.option("--resolved", is_flag=True, help="Also what was replayed or discarded.")
@json_option
@with_settings
def list_(settings: Settings, limit: int, reason: str | None, *, resolved: bool, as_json: bool) -> None:
    """List what waits, newest first."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        kept = queries.load_kept(tx, limit=limit, reason=reason, resolved=resolved)
    columns = _COLUMNS + (_RESOLUTION if resolved or as_json else ())
    records = [{name: asdict(one)[name] for name in columns} for one in kept]
    if not as_json:
        records = [{**record, "received_at": f"{record['received_at']:%Y-%m-%d %H:%M:%S}"} for record in records]
    print_records(records, as_json=as_json, none="Nothing is in quarantine.")


@quarantine.command()
@click.argument("quarantine_id", type=click.IntRange(1), metavar="ID")
@json_option
@with_settings
def show(settings: Settings, quarantine_id: int, *, as_json: bool) -> None:
    """Print one body as it came; a terminal gets its control characters in a form that does no harm."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        found = queries.load_one(tx, quarantine_id)
    if found is None:
        raise RefusedError(f"Nothing in quarantine has the id {quarantine_id}; `baton quarantine list` shows the ids.")
    kept, body = found
    if as_json:
        text = body.decode(errors="replace")
        print_json({**asdict(kept), "body": text, "body_base64": base64.b64encode(body).decode()})
        return
    note(f"{kept.reason} (received {kept.received_at:%Y-%m-%d %H:%M:%S} UTC, {kept.size:,} bytes)")
    if sys.stdout.isatty():
        body = "".join(_harmless(sign) for sign in body.decode(errors="backslashreplace")).encode()
    sys.stdout.buffer.write(body + b"\n")
    sys.stdout.buffer.flush()


@quarantine.command()
@_ids
@_everything
@_with_reason
@by_option
@json_option
@with_settings
def replay(
    settings: Settings, ids: Sequence[int], reason: str | None, made_by: str, *, everything: bool, as_json: bool
) -> int:
    """Publish again what can be read by now; what still cannot stays, with the reason of today.

    Exit 1 when an ID that was named did not go.
    """
    _check_choice(ids, reason, everything=everything)
    with open_context(settings) as context, progress("Replaying") as advance:
        chosen = _chosen(context, ids, reason)
        result = replay_all(context, chosen, made_by, advance)
    unknown = sorted(set(ids) - set(chosen))
    if as_json:
        unreadable = [{"quarantine_id": number, "reason": why} for number, why in sorted(result.unreadable.items())]
        print_json({"replayed": len(result.replayed), "unreadable": unreadable, "not_waiting": unknown})
    else:
        say(f"{len(result.replayed):,} replayed, {len(result.unreadable):,} still cannot be read.")
        for number, why in sorted(result.unreadable.items()):
            note(f"{number}: {why}")
        _note_unknown(unknown)
    return 1 if ids and (unknown or result.unreadable) else 0


@quarantine.command()
@_ids
@_everything
@_with_reason
@click.option("--yes", is_flag=True, help="Needed to discard more than one.")
@by_option
@json_option
@with_settings
def discard(
    settings: Settings,
    ids: Sequence[int],
    reason: str | None,
    made_by: str,
    *,
    everything: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Put aside what nobody wants; it stays in the database, and opens again when the same comes in again."""
    _check_choice(ids, reason, everything=everything)
    with open_context(settings) as context:
        chosen = _chosen(context, ids, reason)
        if len(chosen) > 1 and not yes:
            raise UsageError(f"This would discard {len(chosen):,} events: say --yes if that is meant.")
        count = discard_all(context, chosen, made_by)
    unknown = sorted(set(ids) - set(chosen))
    if as_json:
        print_json({"discarded": count, "not_waiting": unknown})
    else:
        say(f"{count:,} discarded.")
        _note_unknown(unknown)
    return 1 if unknown else 0


def _check_choice(ids: Sequence[int], reason: str | None, *, everything: bool) -> None:
    if [bool(ids), everything, reason is not None].count(True) != 1:
        raise UsageError("Say which: one or more IDs, --reason TEXT, or --all.")


def _chosen(context: Context, ids: Sequence[int], reason: str | None) -> list[int]:
    with transaction(context.engine) as tx:
        return queries.choose_open(tx, ids=ids or None, reason=reason)


def _note_unknown(ids: Sequence[int]) -> None:
    if ids:
        note(f"Not waiting in quarantine: {', '.join(map(str, ids))}.")


def _harmless(sign: str) -> str:
    """Show what a terminal might obey as an escape; line ends and tabs may stay."""
    return sign if sign.isprintable() or sign in "\n\t" else sign.encode("unicode_escape").decode()

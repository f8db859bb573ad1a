"""`baton escalation pause|resume|status`: holds moves, never marks, while something burns; on the record."""

import click

from shared.bus.assembly import open_context
from shared.console import by_option, json_option, print_json, say, with_settings
from shared.db.transaction import transaction
from shared.settings import Settings
from workers.escalation.queries import storm


@click.group()
def escalation() -> None:
    """Hold the moves of clocks that ran out, or let them happen again."""


@escalation.command()
@click.option("--note", help="Why.")
@by_option
@json_option
@with_settings
def pause(settings: Settings, note: str | None, made_by: str, *, as_json: bool) -> None:
    """Hold moves from now on; leads are still marked overdue and managers are still told."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        changed = storm.pause(tx, made_by, note)
    if as_json:
        print_json({"paused": True, "changed": changed})
    else:
        say("Moves are held. `baton escalation resume` lets them go." if changed else "Moves were held already.")


@escalation.command()
@by_option
@json_option
@with_settings
def resume(settings: Settings, made_by: str, *, as_json: bool) -> None:
    """Let moves happen again; what waited is made at the keeper's next ticks, within the policy's storm cap."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        waiting = storm.resume(tx, made_by)
    if as_json:
        print_json({"paused": False, "changed": waiting is not None, "waiting": waiting or 0})
    else:
        say("Moves were not held." if waiting is None else f"Moves happen again; {waiting} were waiting.")


@escalation.command()
@json_option
@with_settings
def status(settings: Settings, *, as_json: bool) -> None:
    """Say whether moves are held, by whom and why."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        held = storm.load_pause(tx)
    if as_json:
        print_json({"paused": held is not None, **(held or {})})
    elif held is None:
        say("Moves happen as clocks run out.")
    else:
        since = f"{held['paused_at']:%Y-%m-%d %H:%M:%S} UTC"
        say(f"Moves are held since {since} by {held['paused_by']}: {held['note'] or 'no reason was noted'}")

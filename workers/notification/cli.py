"""`baton notification`: what was told to whom, whether it arrived, and telling it again."""

import getpass
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from shared.bus.assembly import open_context
from shared.bus.queues import TaskName
from shared.console import json_option, print_json, print_records, say, with_settings
from shared.db.transaction import transaction
from shared.domain.notice import Addressee, NoticeKind, NoticeOutcome
from shared.errors import UsageError
from shared.settings import Settings
from workers.notification import listing

#: A notice of a whole batch speaks of hundreds of leads; a table names the first ones.
_NAMED = 5


@click.group()
def notification() -> None:
    """Look at what was told to whom, and tell it again."""


@notification.command(name="list")
@click.option("--kind", type=click.Choice([str(kind) for kind in NoticeKind]), help="Only notices of this kind.")
@click.option("--recipient", help="A rep, an address or a channel.")
@click.option("--lead", "lead_id", type=click.IntRange(1), help="Only what speaks of this lead.")
@click.option("--unsent", is_flag=True, help="Only what has not arrived, whatever the reason.")
@click.option(
    "--outcome",
    type=click.Choice([listing.WAITING, *(str(outcome) for outcome in NoticeOutcome)]),
    help="Only what has this outcome.",
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
@with_settings
def list_(settings: Settings, /, *, as_json: bool, **wanted: Any) -> None:
    """List notices, the newest first."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        rows = listing.list_notices(tx, listing.Wanted(**wanted))
    print_records(rows if as_json else [_line(one) for one in rows], as_json=as_json, none="Nobody was told anything.")


@notification.command()
@click.argument("notice_ids", metavar="[ID]...", type=click.IntRange(1), nargs=-1)
@click.option("--all", "every", is_flag=True, help="All that failed or that nothing could carry.")
@click.option("--by", default=getpass.getuser, show_default="the system user", help="Who says so.")
@json_option
@with_settings
def retry(settings: Settings, *, notice_ids: Sequence[int], every: bool, by: str, as_json: bool) -> None:
    """Send notices again that failed or that nothing could carry, say after a token was mended."""
    if bool(notice_ids) == every:
        message = "Name the notices, or say --all; `baton notification list --unsent` shows them."
        raise UsageError(message)
    with open_context(settings) as context, transaction(context.engine, context.publisher) as tx:
        again = listing.try_again(tx, None if every else notice_ids, by)
        tx.hand_on(TaskName.SEND, again)
    if as_json:
        print_json({"notices": again})
    else:
        say(f"{len(again)} notices are sent again." if again else "There is nothing to send again.")


def _line(row: Mapping[str, Any]) -> dict[str, object]:
    """Return what a table shows of a notice."""
    ids = row["lead_ids"]
    outcome = row["outcome"] or listing.WAITING
    return {
        "id": row["notification_id"],
        "kind": row["kind"],
        "to": _recipient(row),
        "channel": row["channel"],
        "leads": ", ".join(map(str, ids[:_NAMED])) + (f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""),
        "created_at": _time(row["created_at"]),
        "sent_at": _time(row["sent_at"]),
        "attempts": row["attempts"],
        "outcome": f"{outcome}: {row['reason']}" if row["reason"] else outcome,
    }


def _recipient(row: Mapping[str, Any]) -> str:
    whose = "manager of " if row["addressee"] == Addressee.MANAGER else ""
    where = f" ({row['address']})" if row["address"] and row["address"] != row["recipient"] else ""
    return f"{whose}{row['recipient']}{where}"


def _time(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


commands: list[click.Command] = [notification]

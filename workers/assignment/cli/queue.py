"""`baton queue list|show|retry`: what waits, who answers for it, and the way out of an exception queue."""

from dataclasses import asdict

import click

from shared.bus.assembly import open_context
from shared.console import by_option, json_option, print_json, print_records, print_table, progress, say, with_settings
from shared.db.transaction import transaction
from shared.settings import Settings
from workers.assignment.desks import QueueDesk, queue_desks, queue_page
from workers.assignment.ops import retry_queue
from workers.assignment.ops.find import active_policy
from workers.assignment.policy.wording import due_words


@click.group()
def queue() -> None:
    """Look at lead queues, claim from them, and decide their leads again."""


@queue.command(name="list")
@json_option
@with_settings
def list_(settings: Settings, *, as_json: bool) -> None:
    """List every queue of the policy in force, with its owner, how much it holds and for how long."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        desks = queue_desks(tx, active_policy(tx, context.policies))
    print_records([_record(one) if as_json else _line(one) for one in desks], as_json=as_json)


def _record(desk: QueueDesk) -> dict[str, object]:
    return asdict(desk)


def _line(desk: QueueDesk) -> dict[str, object]:
    alarm = "" if desk.share_alarm is None else f" of {desk.share_alarm:.0%}"
    return {
        "queue": desk.queue,
        "kind": desk.kind,
        "owner": desk.owner,
        "alert": desk.alert,
        "leads": desk.leads,
        "oldest": desk.oldest,
        "share": f"{desk.share:.1%}{alarm}{' ALARM' if desk.is_alarming else ''}",
        "escalates": f"after {desk.escalate_after} to {desk.escalate_to}" if desk.escalate_after else None,
    }


@queue.command()
@click.argument("name")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many leads to list.")
@json_option
@with_settings
def show(settings: Settings, name: str, limit: int, *, as_json: bool) -> None:
    """Show a queue: why its leads are there, and those that are longest there."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        page = queue_page(tx, active_policy(tx, context.policies), name, limit)
        now = tx.started_at
    if as_json:
        print_json(page)
        return
    print_records([_line(page.queue)], as_json=False)
    if page.members is not None:
        say(f"  members: {', '.join(page.members) or 'nobody'}")
    if page.reasons:
        rows = [(one["reason"], one["leads"], due_words(one["oldest_at"], now), one["words"]) for one in page.reasons]
        print_table(["why", "leads", "oldest", ""], rows)
    if page.leads:
        names = ("lead_id", "email", "company", "intent", "rule", "hold_reason")
        lines = [(*(one[name] for name in names), due_words(one["since"], now)) for one in page.leads]
        print_table(["lead", "email", "company", "intent", "rule", "held for", "since"], lines)


@queue.command()
@click.argument("name")
@click.option("--reason", help="Only leads held for this: whole, as in unknown:country, or the part before the colon.")
@by_option
@json_option
@with_settings
def retry(settings: Settings, name: str, reason: str | None, made_by: str, *, as_json: bool) -> None:
    """Decide the leads of an exception queue again, after a policy fix, say."""
    with open_context(settings) as context, progress("Retrying") as advance:
        count = retry_queue(context, name, reason=reason, made_by=made_by, done=advance)
    if as_json:
        print_json({"queue": name, "reason": reason, "leads": count})
    elif count:
        say(f"{count} leads of {name} are being decided again.")
    else:
        say(f"{name} holds no lead{f' for {reason!r}' if reason else ''}: baton queue show {name}")

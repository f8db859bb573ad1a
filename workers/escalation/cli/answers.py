"""`baton lead accept|recycle|touch|seen|book|convert` and `baton queue claim`: what a rep's CRM would send."""

from typing import Any

import click

from shared.bus.assembly import open_context
from shared.bus.context import Context
from shared.console import by_option, json_option, print_json, say, with_settings
from shared.db.find_lead import find_one
from shared.db.transaction import transaction
from shared.errors import RefusedError
from shared.settings import Settings
from workers.escalation.answer import settle_answers
from workers.escalation.claim import claim_lead
from workers.escalation.policy.answers import Answer, Kind
from workers.escalation.queries.answers import load_outcome

_rep_option = click.option("--rep", "rep_id", required=True, help="The rep who answers.")


@click.group()
def lead() -> None:
    """Look at leads, answer for them, and put right what needs a person."""


@click.group()
def queue() -> None:
    """Look at lead queues, claim from them, and decide their leads again."""


@lead.command()
@click.argument("key")
@_rep_option
@by_option
@json_option
@with_settings
def accept(settings: Settings, key: str, rep_id: str, made_by: str, *, as_json: bool) -> None:
    """Accept a lead: its owner says that it will be worked. KEY is a lead id, an e-mail address or SOURCE:ID."""
    _answer(settings, key, Kind.ACCEPT, rep_id, as_json=as_json, sent_by=made_by)


@lead.command()
@click.argument("key")
@_rep_option
@by_option
@click.option("--reason", required=True, help="One of the policy's recycle reasons, such as timing or budget.")
@click.option("--note", help="In the rep's own words; for a feature gap, the feature that is missing.")
@click.option("--of", "of_key", help="With the reason duplicate: the lead that this one repeats.")
@json_option
@with_settings
def recycle(settings: Settings, /, key: str, rep_id: str, made_by: str, *, as_json: bool, **told: str | None) -> None:
    """Give a lead back, with a reason from the policy's list; each reason has its own way back or its end."""
    _answer(settings, key, Kind.RECYCLE, rep_id, as_json=as_json, sent_by=made_by, **told)


@lead.command()
@click.argument("key")
@_rep_option
@by_option
@click.option("--kind", default="call", show_default=True, help="What was done: call, email, meeting …")
@click.option("--outcome", help="What came of it.")
@json_option
@with_settings
def touch(settings: Settings, /, key: str, rep_id: str, made_by: str, *, as_json: bool, **told: str | None) -> None:
    """Record the first action on a lead; it ends the first-touch clock, not the acceptance clock."""
    _answer(settings, key, Kind.TOUCH, rep_id, as_json=as_json, sent_by=made_by, details=told)


@lead.command()
@click.argument("key")
@_rep_option
@by_option
@json_option
@with_settings
def seen(settings: Settings, key: str, rep_id: str, made_by: str, *, as_json: bool) -> None:
    """Record that the owner has seen the lead: a read receipt."""
    _answer(settings, key, Kind.SEE, rep_id, as_json=as_json, sent_by=made_by)


@lead.command()
@click.argument("key")
@_rep_option
@by_option
@json_option
@with_settings
def book(settings: Settings, key: str, rep_id: str, made_by: str, *, as_json: bool) -> None:
    """Record that a meeting was booked with an accepted lead."""
    _answer(settings, key, Kind.BOOK, rep_id, as_json=as_json, sent_by=made_by)


@lead.command()
@click.argument("key")
@_rep_option
@by_option
@click.option("--opportunity", "opportunity_id", help="The opportunity that the lead became.")
@click.option("--amount", help="Its amount.")
@json_option
@with_settings
def convert(settings: Settings, /, key: str, rep_id: str, made_by: str, *, as_json: bool, **told: str | None) -> None:
    """Record that a lead became an opportunity; the CRM's word is final."""
    _answer(settings, key, Kind.CONVERT, rep_id, as_json=as_json, sent_by=made_by, details=told)


@queue.command()
@click.argument("name")
@_rep_option
@by_option
@click.option("--lead", "lead_id", type=click.IntRange(1), help="Which lead; else the one that is longest there.")
@json_option
@with_settings
def claim(settings: Settings, name: str, rep_id: str, made_by: str, lead_id: int | None, *, as_json: bool) -> None:
    """Claim a lead for a rep, who thereby accepts it; of two claims for one lead, one wins and the other is told."""
    with open_context(settings) as context:
        chosen = claim_lead(context, name, rep_id, lead_id=lead_id, made_by=made_by)
        with transaction(context.engine) as tx:
            outcome = load_outcome(tx, chosen)
    _print(outcome, Kind.CLAIM, as_json=as_json)


def _answer(
    settings: Settings, key: str, kind: Kind, rep_id: str, *, as_json: bool, of_key: str | None = None, **more: Any
) -> None:
    with open_context(settings) as context, transaction(context.engine, context.publisher) as tx:
        lead_id = find_one(tx, key)
        of = find_one(tx, of_key) if of_key else None
        _settle(context, tx, Answer(kind, lead_id, rep_id, of=of, **more))
        outcome = load_outcome(tx, lead_id)
    _print(outcome, kind, as_json=as_json)


def _settle(context: Context, tx: Any, answer: Answer) -> None:
    (verdict,) = settle_answers(context, tx, [answer])
    if verdict.refusal:
        raise RefusedError(verdict.refusal)


def _print(outcome: dict[str, Any], kind: Kind, *, as_json: bool) -> None:
    if as_json:
        print_json({**outcome, "answer": kind.value})
        return
    whose = f", with {outcome['owner']}" if outcome["owner"] else ""
    say(f"Lead {outcome['lead_id']}: {kind.value.replace('_', ' ')}. It is {outcome['status']}{whose}.")
    if outcome["next_due"]:
        say(f"  next: {outcome['next_action'].replace('_', ' ')} at {outcome['next_due']:%Y-%m-%d %H:%M:%S} UTC")

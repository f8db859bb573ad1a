"""`baton policy check|activate|rollback|fallbacks|schema`: what is wrong with a policy, and which is in force."""

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import click
import orjson

from shared.bus.assembly import open_context
from shared.bus.queues import TaskName
from shared.console import by_option, json_option, note, print_json, print_table, say, with_settings
from shared.db.transaction import transaction
from shared.errors import UsageError
from shared.policy.errors import Finding, Severity
from shared.policy.schema import render_schema
from shared.settings import Settings
from workers.assignment.cli.options import instant, instant_words
from workers.assignment.ops.find import active_policy
from workers.assignment.ops.policies import (
    Activated,
    activate_document,
    check_document,
    fallbacks_of,
    read_document,
    roll_back,
    roster_if_reachable,
)


@click.group()
def policy() -> None:
    """Check, activate and look at routing policies."""


@policy.command()
@click.argument("file")
@click.option("--offline", is_flag=True, help="Do not look at the reps of the database.")
@json_option
@with_settings
def check(settings: Settings, file: str, *, offline: bool, as_json: bool) -> int:
    """Check a policy file; exit 1 when something has to be mended or overridden."""
    roster = None if offline else roster_if_reachable(settings)
    if roster is None and not offline:
        note("No migrated database answers: names of reps are not checked.")
    findings = check_document(read_document(file), roster)
    if as_json:
        print_json(
            {"file": file, "with_reps": roster is not None, "findings": [finding_record(one) for one in findings]}
        )
    else:
        print_findings(file, findings)
    return int(any(one.severity is not Severity.INFO for one in findings))


def finding_record(finding: Finding) -> dict[str, Any]:
    """Give a finding as a document."""
    names = ("severity", "code", "message", "line", "column", "mend", "example", "beside")
    return {name: getattr(finding, name) for name in names}


def print_findings(file: str, findings: Sequence[Finding]) -> None:
    """Print findings as lines that editors understand, and how many there are."""
    tell_findings(file, findings, say)
    say(count_findings(findings))


def tell_findings(file: str, findings: Sequence[Finding], tell: Callable[[str], None]) -> None:
    """Tell findings as lines that editors understand, with an example lead under each where there is one."""
    for one in findings:
        mend = f"; {one.mend}" if one.mend else ""
        place = f"{one.line}:{one.column}" if one.column else f"{one.line}"
        tell(f"{file}:{place}: {one.severity}: {one.message}{mend} [{one.code}]")
        if one.example is not None:
            tell(f"    for example {orjson.dumps(dict(one.example), default=str).decode()}")
        if one.beside:
            tell(f"    with, beside what is submitted, {orjson.dumps(dict(one.beside), default=str).decode()}")


def count_findings(findings: Sequence[Finding]) -> str:
    """Say how many findings there are of each severity."""
    counts = {severity: sum(one.severity is severity for one in findings) for severity in Severity}
    return ", ".join(f"{number} {severity}{'s' if number != 1 else ''}" for severity, number in counts.items())


@policy.command()
@click.argument("file")
@click.option("--yes", is_flag=True, help="Activate it in spite of warnings, which go on the record.")
@click.option("--note", "note_", help="Why.")
@click.option("--approved-by", help="Who else has agreed.")
@click.option("--at", type=instant, help="When it comes into force, such as 2027-01-01T00:00:00Z; default now.")
@click.option("--plan-moves", is_flag=True, help="Have the plan made of what it changes for open leads; nothing moves.")
@by_option
@json_option
@with_settings
def activate(  # noqa: PLR0913  click passes every option as a parameter
    settings: Settings,
    file: str,
    note_: str | None,
    approved_by: str | None,
    at: datetime | None,
    made_by: str,
    *,
    yes: bool,
    plan_moves: bool,
    as_json: bool,
) -> None:
    """Store a policy as a version and put it into force, now or at a later minute.

    Errors are refused, and warnings too without --yes. From its instant on, by the database's clock, every process
    decides by it, without a restart. Until then a planned version is listed by `baton policy list` and can be taken
    back by `baton policy cancel`.
    """
    if plan_moves and at is not None:
        raise UsageError(
            "--plan-moves plans by the policy in force: leave out --at, or plan when it has come into force."
        )
    document = read_document(file)
    with open_context(settings) as context:
        done = activate_document(
            context, document, override=yes, note=note_, approved_by=approved_by, at=at, made_by=made_by
        )
        if plan_moves:
            context.publisher.publish(TaskName.DIFFERENCE, [done.version])
            note("The plan of what it changes is being made: baton reassign status")
    _print_activated(done, as_json=as_json)


@policy.command()
@click.argument("version", type=click.IntRange(1))
@click.option("--yes", is_flag=True, help="Put it back in spite of what is found wrong with it today.")
@click.option("--note", "note_", help="Why.")
@by_option
@json_option
@with_settings
def rollback(settings: Settings, version: int, note_: str | None, made_by: str, *, yes: bool, as_json: bool) -> None:
    """Put an earlier version back into force."""
    with open_context(settings) as context:
        done = roll_back(context, version, override=yes, note=note_, made_by=made_by)
    _print_activated(done, as_json=as_json)


def _print_activated(done: Activated, *, as_json: bool) -> None:
    if as_json:
        print_json({**done.as_record(), "overridden": [finding_record(one) for one in done.overridden]})
        return
    when = "is in force" if done.is_new else "is in force already"
    if done.effective_at is not None:
        when = f"comes into force at {instant_words(done.effective_at)} UTC"
    say(f"Policy version {done.version} ({done.name}) {when}.")
    for one in done.overridden:
        note(f"overridden: {one}")
    for plan in done.planned:
        when = instant_words(plan.effective_at)
        back = f"`baton policy cancel {plan.version}` takes that back"
        note(f"version {plan.version} ({plan.name}) takes effect at {when} UTC; {back}")


@policy.command()
@click.argument("version", type=click.IntRange(1), required=False)
@json_option
@with_settings
def fallbacks(settings: Settings, version: int | None, *, as_json: bool) -> None:
    """List where a lead goes when the first place has no room, for every rule, and what happens in the end."""
    with open_context(settings) as context, transaction(context.engine) as tx:
        chosen = active_policy(tx, context.policies) if version is None else context.policies.version(tx, version)
    rows = fallbacks_of(chosen)
    if as_json:
        print_json(rows)
    else:
        print_table(["when", "first", "then", "in the end"], [list(one.values()) for one in rows])


@policy.command()
def schema() -> None:
    """Print the JSON Schema of the policy document, for editors."""
    sys.stdout.write(render_schema())

"""`baton policy import salesforce`: the rules of another system as a policy, with what could not be carried over."""

from collections.abc import Sequence
from datetime import UTC, datetime

import click

from shared.console import json_option, note, print_json, system_user, with_settings
from shared.policy.errors import Finding, Severity
from shared.policy.salesforce.report import EntryReport, Report
from shared.settings import Settings
from workers.assignment.cli.policy import count_findings, finding_record, tell_findings
from workers.assignment.ops.import_rules import SalesforceFiles, import_salesforce, write_new
from workers.assignment.ops.policies import check_document, roster_if_reachable

#: Stands for the policy in findings when it is printed and not written.
_PRINTED = "policy"

#: So many findings of a kind show what it is about; a rule of forty entries can have a hundred overlaps.
_SHOWN = 3


@click.group()
def policy() -> None:
    """Check, activate and look at routing policies."""


@policy.group(name="import")
def import_() -> None:
    """Turn the rules of another system into a policy; nothing is put into force."""


@import_.command()
@click.argument("file")
@click.option("--rule", help="Take this rule; default the active one.")
@click.option("--out", help="Write the policy into this new file; default stdout.")
@click.option("--users", help="CSV `username,rep_id`: who users are here; default the username is the rep id.")
@click.option("--queues", help="CSV `queue,target,team`: what queues are here; default a claim queue of that name.")
@click.option("--fields", help="CSV `field,as`: fields that are fields of rules here, such as Land__c,country.")
@click.option("--business-hours", help="The BusinessHours.settings-meta.xml: hours and holidays become calendars.")
@click.option("--owner", default=system_user, show_default="the system user", help="Who answers for the policy.")
@click.option("--offline", is_flag=True, help="Do not look at the reps of the database.")
@json_option
@with_settings
def salesforce(  # noqa: PLR0913  click passes every option as a parameter
    settings: Settings,
    file: str,
    *,
    rule: str | None,
    out: str | None,
    users: str | None,
    queues: str | None,
    fields: str | None,
    business_hours: str | None,
    owner: str,
    offline: bool,
    as_json: bool,
) -> int:
    """Turn lead assignment rules (FILE.assignmentRules-meta.xml, or `-`) into a policy, and check it.

    An entry is translated exactly or left out with a comment at its place. The report goes to stderr. Exit 1 when an
    entry is left out, or when the check finds something that stands in the way of activating the policy.
    """
    files = SalesforceFiles(file, users, queues, fields, business_hours)
    done = import_salesforce(files, rule, owner, datetime.now(UTC).date())
    if out is not None:
        write_new(out, done.policy)
    findings = check_document(done.policy, None if offline else roster_if_reachable(settings))
    if as_json:
        found = [finding_record(one) for one in findings]
        print_json({"file": file, "policy": done.policy, "out": out, **done.report.as_record(), "findings": found})
    else:
        click.echo(done.policy if out is None else f"The policy is in {out}.\n", nl=False)
        print_report(done.report)
        _print_check(out, findings)
    return int(bool(done.report.left_out) or _is_in_the_way(findings))


def _is_in_the_way(findings: Sequence[Finding]) -> bool:
    return any(one.severity is not Severity.INFO for one in findings)


def print_report(report: Report) -> None:
    """Tell on stderr what became of a rule."""
    state = "active" if report.is_active else "not active"
    left_out, count = report.left_out, len(report.entries)
    note(f"Rule “{report.rule}” ({state}): {count - len(left_out)} of {count} entries are translated.")
    if left_out:
        note("")
        note("Left out, so that no rule takes more than it did; a later rule may take their leads:")
        for one in left_out:
            note(f"  entry {one.position} (line {one.line}) -> {one.to}")
            note(f"      {one.asks}")
            note(f"      {one.why}")
    _print_list("Not carried over:", _not_carried(report.entries))
    if report.send:
        listed = [name if name == field else f"{name} ({field})" for name, field in report.send.items()]
        _print_list("Leads must bring in data.attributes:", listed)
    _print_list("Reps whom the policy names:", report.reps)
    _print_list("To know:", report.notes)
    _print_list("Other rules of the file, not imported; --rule NAME takes one:", report.other_rules)


def _print_check(out: str | None, findings: Sequence[Finding]) -> None:
    """Tell what the check finds: all errors, and of each other kind the first few, since overlaps come in crowds."""
    kinds = {one.code: [other for other in findings if other.code == one.code] for one in findings}
    shown = [one for one in findings if one.severity is Severity.ERROR or one in kinds[one.code][:_SHOWN]]
    rest = {code: sum(one not in shown for one in kind) for code, kind in kinds.items()}
    note("")
    note("What the check of the policy finds:")
    tell_findings(out or _PRINTED, shown, note)
    for code, number in rest.items():
        if number:
            note(f"and {number} more [{code}]: baton policy check {out or 'FILE'} lists them all")
    note(count_findings(findings))


def _print_list(title: str, lines: Sequence[str]) -> None:
    if lines:
        note("")
        note(title)
        for line in lines:
            note(f"  {line}")


def _not_carried(entries: Sequence[EntryReport]) -> list[str]:
    """What is not carried over, each once with the entries that have it."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        for one in entry.not_carried:
            found.setdefault(one, []).append(str(entry.position))
    return [f"{what} ({_entries(places)})" for what, places in found.items()]


def _entries(places: Sequence[str]) -> str:
    return f"entry {places[0]}" if len(places) == 1 else f"entries {', '.join(places)}"

"""`baton policy backtest`: a policy rehearsed on the leads of a period."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from shared.bus.assembly import open_context
from shared.bus.context import Context
from shared.console import json_option, note, print_json, progress, with_settings
from shared.custody.reps import RosterShelf, load_roster
from shared.db.policies import Version
from shared.db.transaction import Transaction, transaction
from shared.domain.duration import parse_duration
from shared.errors import UsageError
from shared.policy.compile import compile_policy
from shared.policy.errors import PolicyError, Severity
from shared.routing.policy.rehearse import Rehearsed
from shared.settings import Settings
from shared.spreadsheet import read_rows, writing
from workers.assignment.backtest import Backtest, Listeners, backtest
from workers.assignment.cli.backtest_text import print_backtest
from workers.assignment.cli.options import instant
from workers.assignment.history import LeadName, Period, open_history
from workers.assignment.ops.policies import check_document
from workers.assignment.ops.sources import Source, find_policy
from workers.assignment.policy.expectation import LEAD, read_expectations
from workers.assignment.policy.tally import place_of

_COLUMNS = (
    *("lead_id", "event_source", "event_id", "change", "old_owner", "new_owner", "old_status", "new_status"),
    *("old_rule", "new_rule", "old_target", "new_target", "old_hold_reason", "new_hold_reason"),
)
#: A file is not stored and has no number; versions count from 1.
_NOT_STORED = 0


def moment(value: str) -> datetime | timedelta:
    """Read an instant, or a duration before now as `30d`."""
    try:
        return parse_duration(value)
    except UsageError:
        return instant(value)


@click.group()
def policy() -> None:
    """Check, activate and look at routing policies."""


@policy.command(name="backtest")
@click.argument("reference", metavar="POLICY")
@click.option("--since", type=moment, default="30d", show_default=True, help="Where the period begins: 30d, or a time.")
@click.option("--until", type=moment, default="0s", help="Where it ends; default now.")
@click.option("--csv", "csv_file", type=click.Path(dir_okay=False, path_type=Path), help="Old and new owner per lead.")
@click.option(
    "--expect", type=click.Path(dir_okay=False, path_type=Path), help="A CSV: what must become of which leads."
)
@json_option
@with_settings
def backtest_(
    settings: Settings,
    reference: str,
    since: datetime | timedelta,
    until: datetime | timedelta,
    csv_file: Path | None,
    expect: Path | None,
    *,
    as_json: bool,
) -> int:
    """Rehearse POLICY (a file, a version, or `live`) on the leads of a period; nothing is written to the database.

    Each lead is decided again from what is on record: its facts, its account, and who could take it at that moment. The
    report says who would get more and who less, which leads would go elsewhere, and what that does to queues, shares
    and clocks. `--csv` lists every lead.

    `--expect FILE` makes tests of a policy: a CSV with a column `lead` (id, e-mail address, or SOURCE:ID) and any of
    `owner`, `pool`, `rule` and `status`; with none of them the lead must keep its owner. What is not met is listed, and
    the exit code is 1.
    """
    expectations = read_expectations(read_rows(expect, LEAD) if expect else ())
    with open_context(settings) as context, transaction(context.engine) as tx:
        tx.run("SET TRANSACTION READ ONLY")
        period = Period(_at(tx, since), _at(tx, until))
        if period.since >= period.until:
            raise UsageError("The period ends before it begins: --since comes before --until.")
        source = find_policy(tx, context, reference)
        draft = ready_draft(tx, context, source)
        history = open_history(tx, context.policies, draft, period)
        with _writing(csv_file) as write, progress("decisions rehearsed", history.decisions) as tell:
            found = backtest(tx, context.policies, draft, history, expectations, Listeners(write, tell))
    if as_json:
        print_json(_document(source, found, expect=expect))
    else:
        print_backtest(source.label, found, expected=expect is not None)
    if csv_file:
        note(f"Every lead is in {csv_file}.")
    return int(bool(found.unmet))


def _at(tx: Transaction, given: datetime | timedelta) -> datetime:
    return tx.started_at - given if isinstance(given, timedelta) else given


def ready_draft(tx: Transaction, context: Context, source: Source) -> Version:
    """Return a policy that can decide; PolicyError says what is wrong with one that cannot."""
    if source.version is None:
        findings = check_document(source.text, load_roster(tx, context.shelf(RosterShelf)))
        errors = [one for one in findings if one.severity is Severity.ERROR]
        if errors:
            raise PolicyError(errors)
    return Version(source.version or _NOT_STORED, compile_policy(source.document))


@contextmanager
def _writing(csv_file: Path | None) -> Iterator[Callable[[Rehearsed, LeadName], None]]:
    if csv_file is None:
        yield lambda _found, _name: None
        return
    with writing(csv_file, _COLUMNS) as write:
        yield lambda found, name: write(_row(found, name))


def _row(found: Rehearsed, name: LeadName) -> Sequence[object]:
    was, now = found.past.was, found.now
    return (
        *(name.lead_id, name.event_source, name.event_id, found.change.value),
        *(place_of(was), place_of(now), was.status, now.status, was.rule, now.rule, was.target, now.target),
        *(was.hold_reason, now.hold_reason),
    )


def _document(source: Source, found: Backtest, *, expect: Path | None) -> dict[str, Any]:
    return {
        "policy": {"reference": source.reference, "version": source.version, "name": source.document.name},
        "period": found.period,
        "versions": found.versions,
        "without_record": found.without_record,
        "differs": found.comparison.differs,
        **{name: getattr(found.comparison, name) for name in _FACTS},
        "unmet": found.unmet if expect else None,
    }


_FACTS = (
    *("leads", "changes", "hand_overs", "owners", "places", "rules", "pools", "held", "default_queue", "breaches"),
    "moves",
)

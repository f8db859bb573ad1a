"""What a backtest has found, in words and tables for a person."""

from collections.abc import Sequence

from shared.console import note, print_table, say
from shared.routing.policy.rehearse import Change
from workers.assignment.backtest import Backtest
from workers.assignment.cli.options import instant_words
from workers.assignment.policy.expectation import Unmet
from workers.assignment.policy.tally import BeforeAfter, Comparison

#: What a person reads before asking for the CSV or for JSON, which have all of it.
_MOST_ROWS = 20


def print_backtest(label: str, found: Backtest, *, expected: bool) -> None:
    """Print what a draft changes, the most important first."""
    compared = found.comparison
    since, until = instant_words(found.period.since), instant_words(found.period.until)
    say(f"Rehearsed {label} on {_leads(compared.leads)} that were decided from {since} to {until} UTC.")
    if compared.leads:
        say(_what_changes(compared))
        _print_measures(compared)
        _print_differences("Who would have how many", "owner", compared.owners)
        _print_differences("Queues and tracks", "place", compared.places)
        _print_differences("Rules", "rule", compared.rules)
        _print_pools(compared)
        _print_moves(compared)
    if compared.hand_overs:
        note(f"{compared.hand_overs} hand-overs by a clock or an answer were walked along; they do not count as leads.")
    if found.without_record:
        note(
            f"{found.without_record} decisions are left out: a release before this one made them, and did not keep who "
            "could take the leads."
        )
    if expected:
        print_unmet(found.unmet)


def _leads(number: int) -> str:
    return f"{number:,} lead{'' if number == 1 else 's'}"


def _what_changes(compared: Comparison) -> str:
    changes = compared.changes
    if changes[Change.NONE] == compared.leads:
        return "Nothing changes."
    parts = [
        f"{changes[Change.PLACE]:,} would go elsewhere",
        f"{changes[Change.TURN]:,} stay in their place and come to another rep there",
        f"{changes[Change.RULE]:,} come to the same owner in another way",
        f"{changes[Change.NONE]:,} do not change",
    ]
    return "; ".join(parts) + "."


def _print_measures(compared: Comparison) -> None:
    held, last = compared.held, compared.default_queue
    rows = [
        ("held", _share(held.before, compared.leads), _share(held.after, compared.leads)),
        (last.name, _share(last.before, compared.leads), _share(last.after, compared.leads)),
        ("marked overdue", f"{compared.breaches.before:,}", f"{compared.breaches.expected:,.1f} expected"),
    ]
    print_table(["", "before", "after"], rows)


def _share(leads: int, total: int) -> str:
    return f"{leads:,} ({leads / total:.1%})"


def _print_differences(title: str, what: str, counts: Sequence[BeforeAfter]) -> None:
    changed = sorted((one for one in counts if one.difference), key=lambda one: (-abs(one.difference), one.name))
    if changed:
        rows = [(one.name, one.before, one.after, f"{one.difference:+,}") for one in changed[:_MOST_ROWS]]
        print_table([what, "before", "after", "difference"], rows, title)
        _print_rest(len(changed))


def _print_pools(compared: Comparison) -> None:
    rows = [
        (one.name, one.before, one.after, _off(one.off_before), _off(one.off_after))
        for one in compared.pools
        if (one.before, one.off_before) != (one.after, one.off_after)
    ]
    if rows:
        columns = ["pool", "before", "after", "off its weight before", "after"]
        print_table(columns, rows[:_MOST_ROWS], "Pools, and how far the worst-off member is from its weight")
        _print_rest(len(rows))


def _off(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _print_moves(compared: Comparison) -> None:
    if compared.moves:
        print_table(
            ["from", "to", "leads"],
            compared.moves[:_MOST_ROWS],
            "Leads that go elsewhere, by what took them and would take them",
        )
        _print_rest(len(compared.moves))


def _print_rest(rows: int) -> None:
    if rows > _MOST_ROWS:
        note(f"… and {rows - _MOST_ROWS:,} more; --json has them all.")


def print_unmet(unmet: Sequence[Unmet]) -> None:
    """Print which expectations of a file are not met, or that all are."""
    if not unmet:
        say("Every expectation is met.")
        return
    rows = [(one.line, one.lead, one.expected, one.found) for one in unmet]
    print_table(["line", "lead", "expected", "found"], rows, "Expectations that are not met")

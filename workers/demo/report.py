"""The report at the end of the demonstration: what became of the leads, for a person who has never seen Baton."""

from collections.abc import Sequence

from shared.console import print_table, say
from shared.db.transaction import Transaction
from shared.domain.lead import Status
from workers.demo import queries
from workers.demo.watch import Outcome


def show_report(tx: Transaction, outcome: Outcome) -> None:
    """Print everything that is counted."""
    show_outcomes(tx)
    show_reps(tx)
    show_times(tx, outcome)
    show_conservation(tx, outcome)


def show_outcomes(tx: Transaction) -> None:
    """Print how many leads each rule decided, and where they stand; and why leads are held."""
    found = queries.load_outcomes(tx)
    statuses = [str(status) for status in Status if any(status == one for _, one, _ in found)]
    counts = {(rule, status): leads for rule, status, leads in found}
    rules = sorted(
        dict.fromkeys(rule for rule, _, _ in found),
        key=lambda rule: -sum(counts.get((rule, one), 0) for one in statuses),
    )
    rows = [[rule, *[counts.get((rule, status)) for status in statuses]] for rule in rules]
    totals = [sum(counts.get((rule, status), 0) for rule in rules) for status in statuses]
    _section("Where the leads went, by the rule that decided")
    print_table(["decided by", *statuses], [*rows, ["all", *totals]])
    held = queries.load_held(tx)
    if held:
        print_table(["held for a person to look at, because", "leads"], held)


def show_reps(tx: Transaction) -> None:
    """Print what each rep got, beside the weight that says what is fair."""
    rows = queries.load_reps(tx)
    _section("Who got them")
    print_table([str(name) for name in rows[0]], [list(row.values()) for row in rows])
    say("Within a weighted pool the shares follow the weights; open opportunities and accounts go to their own owners.")


def show_times(tx: Transaction, outcome: Outcome) -> None:
    """Print how long a lead took to its owner, with and without the buffer that waits for facts."""
    times = queries.load_times(tx)
    _section("How fast")
    print_table(
        ["", "median", "95 of 100 within"],
        [
            ["from the event to its owner", _seconds(times["median"]), _seconds(times["p95"])],
            ["of that, after the buffer", _seconds(times["routing_median"]), _seconds(times["routing_p95"])],
        ],
    )
    say(f"{outcome.published} events in {outcome.seconds:.0f} s; {queries.load_clocks(tx)} clocks are running now.")


def show_conservation(tx: Transaction, outcome: Outcome) -> None:
    """Print that every event ended in exactly one place."""
    row = queries.load_conservation(tx)
    parts = [(row["leads"], "leads"), (row["applied"], "applied"), (row["refused"], "refused")]
    parts += [(row["duplicates"], "duplicates"), (row["quarantined"], "unreadable")]
    _section("Nothing lost")
    say(
        f"{outcome.published} published, {row['received_events']} read = "
        + " + ".join(f"{count} {what}" for count, what in parts)
        + f" (difference {row['delta']})"
    )
    reasons = queries.load_quarantine(tx)
    if reasons:
        print_table(["in quarantine because", "events"], reasons)


def show_next(program: str, prefix: Sequence[str]) -> None:
    """Print what a person may try next, as commands that can be copied."""
    _section("What to try next")
    for arguments, what in (
        ("lead list --status held", "the leads that wait for a person"),
        ("pool show americas", "who is next, and why the others are not"),
        ("queue list", "what lies where, and for how long"),
        ("quarantine list", "the events that nobody could read"),
        ("report handoff", "how leads passed from marketing to sales, in full"),
        ("report coaching", "what each rep did with what was offered"),
        ("report audit --source /forms/demo", "the last leads of a form"),
    ):
        say(f"  {' '.join((*prefix, program, arguments))}")
        say(f"      {what}")
    say("  make up")
    say("      the same system, empty, staying up")


def _section(title: str) -> None:
    say()
    say(f"== {title}")


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{float(value):.2f} s"

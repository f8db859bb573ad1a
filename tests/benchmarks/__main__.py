"""`python -m tests.benchmarks`: Baton beside a naive pipeline and a chain of no-ops, on this machine, in one run.

A section is a function that returns numbers for the JSON document. Those of the running system share one start of it;
a new one is a line in `_on_the_system` and a table in `report`.
"""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

from shared.console import note, say
from shared.errors import BatonError
from shared.settings import load_settings
from tests.benchmarks.bulk import Split, measure_bulk
from tests.benchmarks.growth import run_growth
from tests.benchmarks.latency import run_at_low_load
from tests.benchmarks.machine import describe_machine, describe_versions
from tests.benchmarks.pipeline import StalledError, memory, run_pipeline
from tests.benchmarks.place import Place, own_place
from tests.benchmarks.proof import RULES, measure_proof
from tests.benchmarks.rehearsal import run_rehearsal
from tests.benchmarks.report import print_report
from tests.benchmarks.statements import count_statements
from tests.benchmarks.timers import Load, measure_timers
from tests.benchmarks.world import seed
from tests.benchmarks.yardsticks import run_naive, run_noop_chain
from workers.processes.system import running_system

#: The version of the JSON document; a field that stays keeps its meaning.
_FORM = 1
#: Beside this many deadlines the many are held.
_FEW_DEADLINES = 1_000


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    leads: int
    naive_leads: int
    noop_leads: int
    low_rate: int
    low_seconds: int
    timers: Load
    bulk: Split
    rules: int
    is_long: bool


@click.command()
@click.option("--leads", type=click.IntRange(1), default=20_000, show_default=True, help="Leads through Baton.")
@click.option("--naive", type=click.IntRange(1), default=600, show_default=True, help="Leads through the naive one.")
@click.option("--noop", type=click.IntRange(1), default=1_000, show_default=True, help="Chains of no-op tasks.")
@click.option("--low-rate", type=click.IntRange(1), default=20, show_default=True, help="Leads/s at low load.")
@click.option("--low-seconds", type=click.IntRange(1), default=10, show_default=True, help="How long at low load.")
@click.option(
    "--deadlines", type=click.IntRange(2), default=1_000_000, show_default=True, help="Deadlines that are hours away."
)
@click.option("--due-rate", type=click.IntRange(1), default=1_000, show_default=True, help="Deadlines/s that fall due.")
@click.option("--due-seconds", type=click.IntRange(1), default=10, show_default=True, help="How long they do.")
@click.option("--open-leads", type=click.IntRange(10), default=200_000, show_default=True, help="Leads of a territory.")
@click.option("--rules", type=click.IntRange(1), default=RULES, show_default=True, help="Rules of a policy to check.")
@click.option("--long", "is_long", is_flag=True, help="Also fill the tables with ten times as much and run again.")
@click.option("--json", "path", type=click.Path(dir_okay=False, path_type=Path), help="Where the numbers go.")
def bench(path: Path | None, **sizes: Any) -> None:
    """Measure, print tables, and write the numbers as JSON (default: bench-DATE.json in BATON_HOME)."""
    home = load_settings().home.expanduser().resolve()
    started_at = datetime.now(UTC)
    document = measure(home, _size(**sizes))
    target = path or home / f"bench-{started_at:%Y-%m-%d-%H%M%S}.json"
    target.write_bytes(orjson.dumps({"started_at": started_at, **document}, option=orjson.OPT_INDENT_2))
    print_report(document)
    say(f"The numbers are in {target}.")


def _size(deadlines: int, due_rate: int, due_seconds: int, open_leads: int, **others: Any) -> Size:
    few = min(_FEW_DEADLINES, deadlines // 2)
    timers = Load(few, deadlines, due_rate, due_seconds)
    bulk = Split(open_leads, others["low_rate"], others["low_seconds"])
    return Size(naive_leads=others.pop("naive"), noop_leads=others.pop("noop"), timers=timers, bulk=bulk, **others)


def measure(home: Path, size: Size) -> dict[str, Any]:
    """Run every section and return the document."""
    machine = describe_machine()
    with own_place(home) as place:
        note("the naive pipeline")
        naive = run_naive(place, size.naive_leads)
        note("the chain of no-ops")
        noop = run_noop_chain(place, size.noop_leads)
        note("statements per batch")
        statements = count_statements(place)
        sections = {**_on_the_system(place, size), "naive": naive, "noop_chain": noop, "statements": statements}
        note(f"the check of {size.rules} rules")
        sections["proof"] = measure_proof(size.rules)
        sections["timers"] = measure_timers(place, size.timers)
        sections["bulk"] = measure_bulk(place, size.bulk)
        versions = describe_versions(place)
    return {
        "form": _FORM,
        "machine": machine,
        "versions": versions,
        "sections": sections,
        "ratios": _ratios(sections),
    }


def _on_the_system(place: Place, size: Size) -> dict[str, Any]:
    """Measure what needs the whole system: all processes as `baton up` starts them."""
    with running_system(place.settings(), before=seed, tell=note) as system:
        note("leads that wake every process")
        run_pipeline(place, system, _warming(size))
        first = _warming(size)
        note(f"{size.leads} leads at once")
        sections: dict[str, Any] = {"pipeline": run_pipeline(place, system, size.leads, first=first)}
        first += size.leads
        note(f"{size.low_rate} leads/s for {size.low_seconds} s")
        sections["low_load"] = run_at_low_load(
            place, system, per_second=size.low_rate, seconds=size.low_seconds, first=first
        )
        first += size.low_rate * size.low_seconds
        note("a rehearsal of all these leads")
        sections["rehearsal"] = run_rehearsal(place)
        if size.is_long:
            note("the same with full tables")
            sections["growth"] = run_growth(place, system, size.leads, first=first)
        sections["memory"] = memory(place, system)
    return sections


def _warming(size: Size) -> int:
    """Return how many leads go before: a process's first batch compiles the policy, and is not the rule."""
    return max(1, min(1000, size.leads // 10))


def _ratios(sections: dict[str, Any]) -> dict[str, float | None]:
    """Return by how much Baton is faster, by the clock and by CPU (which others on the machine disturb less)."""
    own = sections["pipeline"]
    ratios: dict[str, float | None] = {}
    for name in ("naive", "noop_chain"):
        other = sections[name]
        ratios[f"to_{name}"] = round(own["leads_per_second"] / other["leads_per_second"], 1)
        costs = own["cpu_us_per_lead"].get("total"), other["cpu_us_per_lead"].get("total")
        ratios[f"cpu_to_{name}"] = round(costs[1] / costs[0], 1) if all(costs) else None
    return ratios


if __name__ == "__main__":
    try:
        bench()
    except (BatonError, StalledError) as error:
        note(f"Error: {error}")
        sys.exit(1)

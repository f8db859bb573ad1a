"""Regions that share places, and regions that no place is in."""

from collections.abc import Iterator
from itertools import combinations

from shared.policy.condition import Condition
from shared.policy.document import Definition
from shared.policy.errors import Finding, warning
from shared.policy.evaluate import compile_condition
from shared.policy.proof.case import Case


def check_regions(case: Case) -> Iterator[Finding]:
    """Regions of which some places belong to an earlier one, unless that is a part of the later, and dead ones."""
    regions = case.document.vocabulary.region if "country" in case.universe.space.variables else ()
    dead = {one.name for one in regions if case.universe.solve(case.universe.formulas.region(one.name)) is None}
    for one in regions:
        if one.name in dead:
            message = (
                f"no place is in the region `{one.name}`: its condition cannot be met, or earlier regions take it all"
            )
            yield warning("region.unreachable", message, one.line, "move it up, or mend its condition")
    for first, second in combinations((one for one in regions if one.name not in dead), 2):
        yield from _shared(first, second, case)


def _shared(first: Definition, second: Definition, case: Case) -> Iterator[Finding]:
    """Places of both, unless the earlier region is a part of the later."""
    universe = case.universe
    here, there = universe.formulas.region(first.name), universe.formulas.true(second.when)
    known = universe.solve(here, there)
    if known is None or universe.solve(here, universe.no(there)) is None:
        return
    message = f"the regions `{first.name}` and `{second.name}` both take some places; `{first.name}` wins"
    found = warning("region.overlap", message, second.line, "let one leave out what the other takes")
    lead = universe.simplest(here, there, about=("country", "state", "postal_code")) or known
    yield case.shown(found, lead, lambda verdict: _in_both(verdict.derived.values, first, second.when))


def _in_both(values: dict[str, object], first: Definition, when: Condition) -> bool:
    """That a lead is in the first region and meets the condition of the second."""
    return values.get("region") == first.name and compile_condition(when)(values, ()) is True

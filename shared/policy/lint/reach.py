"""Reach: rules that nothing comes to, rules that take leads from each other, rules that no form can meet.

All of it is proved over every combination of facts, and each lead that is shown has been through the real rules.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from shared.policy.document import Gate, PolicyDocument
from shared.policy.errors import Finding, error, info, warning
from shared.policy.fields import ENRICHED_FIELDS
from shared.policy.lint.gaps import left_over
from shared.policy.lint.regions import check_regions
from shared.policy.proof.case import Case, listed
from shared.policy.proof.formulas import Formula
from shared.policy.proof.leads import Verdict
from shared.policy.proof.universe import Solution, UnprovedError

#: Overlaps that are listed; whoever has more starts with these.
_MOST_OVERLAPS: Final = 200

#: Looks at the rules as a whole and returns what it finds.
Prover = Callable[[PolicyDocument], Iterator[Finding]]


def check_reach(document: PolicyDocument) -> Iterator[Finding]:
    """What the rules take, from each other, and not at all."""
    case = Case(document)
    yield from _doubts(case)
    yield from check_regions(case)
    alive: list[int] = []
    for number, rule in enumerate(case.rules):
        try:
            if case.universe.solve(case.universe.reached[number], case.universe.takes[number]) is None:
                yield _dead(number, case)
                continue
            alive.append(number)
            yield from _unfillable(number, case)
        except UnprovedError:
            yield _unproved(f"whether the rule `{rule.name}` can fire", rule.line)
    yield from _overlaps(alive, case)
    yield from left_over(case)


def _overlaps(alive: Sequence[int], case: Case) -> Iterator[Finding]:
    """Rules of one tier that take leads from each other, up to a number that nobody mends at once."""
    told = 0
    for place, number in enumerate(alive):
        rule = case.rules[number]
        if told >= _MOST_OVERLAPS:
            message = f"the rules from `{rule.name}` on were not compared, since {told} pairs already overlap"
            yield warning("rule.overlap", message, rule.line, "mend these first, then check again")
            return
        try:
            for found in _shared(number, alive[place + 1 :], case):
                told += 1
                yield found
        except UnprovedError:
            yield _unproved(f"which leads the rule `{rule.name}` takes from others", rule.line)


def _unproved(what: str, line: int) -> Finding:
    """Say that a question stayed open."""
    return info("proof.open", f"{what} is too tangled to be proved", line, "split the rule into simpler ones")


def _doubts(case: Case) -> Iterator[Finding]:
    """What the proof cannot see to the ground."""
    for name in case.universe.space.doubtful:
        one = case.document.attributes[name]
        message = f"the attribute `{name}` is read from `{one.source}`, which has a form of its own"
        yield info(
            "proof.limit",
            f"{message}: rules that test it are proved as if the two had nothing to do with each other",
            one.line,
        )


# --- rules that never fire -----------------------------------------------------------------------------------------


def _dead(number: int, case: Case) -> Finding:
    """A rule that can never fire, with the reason and a lead that it should have had."""
    rule, universe = case.rules[number], case.universe
    met: tuple[Formula, ...] = (universe.true[number], universe.asked[number])
    known = universe.solve(*met)
    if known is not None:
        reason, mend = f"{_takers(met, number, case)} all of its leads before", "move it up, or remove it"
    else:
        met = (universe.true[number],)
        known = universe.solve(*met)
        if known is None:
            message = f"the rule `{rule.name}` can never fire: no lead meets its condition"
            return error("rule.unreachable", message, rule.line, "look for words or bounds that contradict each other")
        reason = f"its leads are never qualified, since {_unqualified(number, case)} fails"
        mend = "change the ideal customer, or write `gate: none`"
    found = error("rule.unreachable", f"the rule `{rule.name}` can never fire: {reason}", rule.line, mend)
    return case.shown(found, case.simple(*met, rules=[number], known=known), _passes_by(number, case))


def _takers(met: tuple[Formula, ...], number: int, case: Case) -> str:
    """Say which rules take the leads of a rule before it."""
    if not case.in_detail:
        return "the rules before it take"
    takers = case.universe.core(met, case.universe.leaves[:number])
    return f"{listed(case.rules[one].name for one in takers)} {'takes' if len(takers) == 1 else 'take'}"


def _passes_by(number: int, case: Case) -> Callable[[Verdict], bool]:
    """That a rule is true for the lead, and does not take it."""
    return lambda verdict: verdict.meets(number) and verdict.taker != case.rules[number].name


def _unqualified(number: int, case: Case) -> str:
    """Name what keeps the leads of a rule from being qualified."""
    parts = case.universe.parts_of_qualified
    failing = case.universe.core([case.universe.true[number]], [formula for _, formula in parts])
    return " or ".join(parts[one][0] for one in failing)


# --- rules that no form can meet -----------------------------------------------------------------------------------


def _unfillable(number: int, case: Case) -> Iterator[Finding]:
    """A rule whose every lead needs a fact that no form asks for."""
    behind = {one.name: one.source for one in case.document.attributes.values() if one.source in ENRICHED_FIELDS}
    given = [case.universe.formulas.given[name] for name in behind if name in case.universe.space.variables]
    here = (case.universe.reached[number], case.universe.takes[number])
    if not given or case.universe.solve(*here, *map(case.universe.no, given)) is not None:
        return
    rule, known = case.rules[number], case.universe.solve(*here)
    message = f"no form can meet the rule `{rule.name}`: only enrichment supplies {listed(behind.values())}"
    found = warning("rule.no_form", message, rule.line, "give its leads another way in, or accept that")
    if known is not None:
        yield case.shown(found, case.simple(*here, rules=[number], known=known), _takes(number, case))


def _takes(number: int, case: Case) -> Callable[[Verdict], bool]:
    """That a rule takes the lead."""
    return lambda verdict: verdict.taker == case.rules[number].name


# --- rules that take leads from each other -------------------------------------------------------------------------


def _shared(number: int, later: Sequence[int], case: Case) -> Iterator[Finding]:
    """Later rules of the same tier that would send some leads of this one elsewhere, unless it is a part of them."""
    rule, universe = case.rules[number], case.universe
    here = (universe.reached[number], universe.takes[number])
    rivals = [one for one in later if case.rules[one].tier is rule.tier and case.rules[one].to != rule.to]
    clashes, seen = _clashes(here, rivals, case)
    for one, known in clashes.items():
        if _is_part(here, one, seen, case):
            continue
        other = case.rules[one]
        message = (
            f"the rules `{rule.name}` (line {rule.line}) and `{other.name}` both take some leads; "
            f"`{rule.name}` wins and sends them to {rule.to}, not to {other.to}"
        )
        mend = "let one leave out what the other takes, or make the earlier one a part of the later"
        found = warning("rule.overlap", message, other.line, mend)
        lead = case.simple(*here, universe.takes[one], rules=[number, one], known=known)
        yield case.shown(found, lead, _takes_from(number, one, case))


def _takes_from(number: int, other: int, case: Case) -> Callable[[Verdict], bool]:
    """That a rule takes a lead which another would take as well."""
    takes = _takes(number, case)
    return lambda verdict: (
        takes(verdict) and verdict.meets(other) and (verdict.qualified or case.rules[other].gate is Gate.NONE)
    )


def _clashes(
    here: tuple[Formula, ...], rivals: Sequence[int], case: Case
) -> tuple[dict[int, Solution], list[Solution]]:
    """The rivals that share leads, each with one of them, and all leads that were met on the way."""
    clashes: dict[int, Solution] = {}
    seen: list[Solution] = []
    waiting = dict.fromkeys(rivals)
    while waiting:
        any_of_them = case.universe.formulas.either(*(case.universe.takes[one] for one in waiting))
        found = case.universe.solve(*here, any_of_them)
        if found is None:
            break
        seen.append(found)
        for one in [one for one in waiting if one in found.true and _looks(one, found, case)]:
            clashes[one] = found
            del waiting[one]
    return dict(sorted(clashes.items())), seen


def _looks(number: int, lead: Solution, case: Case) -> bool:
    """Say whether a rule looks at a lead at all."""
    return lead.qualified or case.rules[number].gate is Gate.NONE


def _is_part(here: tuple[Formula, ...], other: int, seen: Sequence[Solution], case: Case) -> bool:
    """Say whether the other rule is true for every lead of this one that it looks at, as for an exception to it."""
    if any(other not in lead.true and _looks(other, lead, case) for lead in seen):
        return False
    universe = case.universe
    return universe.solve(*here, universe.asked[other], universe.no(universe.true[other])) is None

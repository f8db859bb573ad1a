"""Gaps: which leads only the catch-all takes, sorted into kinds that together are all of them."""

from collections.abc import Callable, Iterator
from typing import Final

from shared.policy.compile import HeldKind
from shared.policy.document import Rule
from shared.policy.errors import Finding, info
from shared.policy.proof.case import Case
from shared.policy.proof.formulas import Formula
from shared.policy.proof.kinds import Kind, common_to, widest
from shared.policy.proof.leads import Verdict
from shared.policy.proof.universe import Solution, Universe, UnprovedError

#: More kinds of gaps than this say that the catch-all is meant to take what it takes.
_MOST_KINDS: Final = 25
#: Questions to the solver for sorting gaps into kinds; everyday policies need some hundreds.
_MOST_QUESTIONS: Final = 600


def left_over(case: Case) -> Iterator[Finding]:
    """Each kind of lead that no rule but the catch-all takes, with one of them."""
    universe = case.universe
    last = next((number for number, rule in enumerate(case.rules) if rule.is_catch_all), None)
    if last is None:
        here: tuple[Formula, ...] = (universe.reached[len(case.rules)], universe.qualified)
    else:
        here = (universe.reached[last], universe.takes[last])
    # Of a policy that sends everything to one place there is nothing to tell.
    if last == 0:
        return
    rule = case.rules[last] if last is not None else None
    try:
        yield from _kinds(here, rule, case)
    except UnprovedError:
        message = "which leads only the catch-all takes is too tangled to be proved whole"
        yield info("proof.open", message, rule.line if rule else 0, "split rules into simpler ones")


def _kinds(here: tuple[Formula, ...], rule: Rule | None, case: Case) -> Iterator[Finding]:
    """Find a gap, widen it to its kind, and go on beside it."""
    universe = case.universe
    told: list[Formula] = []
    start = universe.questions
    line = rule.line if rule else case.rules[-1].line
    who = f"only `{rule.name}` takes" if rule else "no rule takes"
    confirms, common = _takes(rule), common_to(here, universe)
    while (found := _next(here, told, universe)) is not None:
        if len(told) == _MOST_KINDS or universe.questions > start + _MOST_QUESTIONS:
            yield info("rules.left_over", f"{who} leads of more kinds than these {len(told)}", line)
            return
        kind = widest(found, here, common, universe)
        told.append(universe.no(kind.formula))
        yield case.shown(
            info("rules.left_over", f"{who} {kind.words}", line), _best(kind, here, universe, found), confirms
        )


def _next(here: tuple[Formula, ...], told: list[Formula], universe: Universe) -> Solution | None:
    """A lead of none of the kinds that are told, one of which everything is known before others."""
    typical = universe.solve(*here, *told, *universe.typical)
    return typical or universe.solve(*here, *told)


def _best(kind: Kind, here: tuple[Formula, ...], universe: Universe, found: Solution) -> Solution:
    """The lead of a kind that shows it best: known where the kind is about known facts, and short otherwise."""
    return universe.simplest(*here, kind.formula, about=(*kind.about, "lead_type"), known=kind.known) or found


def _takes(rule: Rule | None) -> Callable[[Verdict], bool]:
    """That the catch-all takes the lead; without one, that no rule does."""
    if rule is None:
        return lambda verdict: verdict.match.held_kind is HeldKind.NO_RULE
    return lambda verdict: verdict.taker == rule.name

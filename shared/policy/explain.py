"""How each rule looked at a lead: what it asked, what it found, and whether that was true, false or unknown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.policy.compile import CompiledRule, Policy
from shared.policy.condition import FieldTest, describe, expected, tests_of
from shared.policy.derive import Derived
from shared.policy.document import Gate
from shared.policy.evaluate import Truth, compile_test

_NOTHING_BAD: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class TestTrace:
    """One test of a rule: the field, what was expected of it, what was found (None: unknown), and the result.

    `given` is the text that was given for a field that has no value, because it was not understood.
    """

    __test__ = False

    field: str
    expected: str
    found: object
    result: Truth
    given: str | None = None


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """How one rule looked at a lead; a rule that was not reached is evaluated all the same, to compare.

    `skipped` says that the rule's gate kept it from looking at this lead.
    """

    name: str
    line: int
    gate: Gate
    reached: bool
    skipped: bool
    result: Truth
    condition: str
    tests: tuple[TestTrace, ...]
    targets: tuple[str, ...]
    because: str = ""


def trace(
    policy: Policy, derived: Derived, *, qualified: bool | None, bad: Mapping[str, str] = _NOTHING_BAD
) -> list[RuleTrace]:
    """Trace every rule in order; those behind the one that decided were not reached."""
    if bad and bad != derived.bad:
        derived = policy.derive(derived.facts, bad)
    decided = policy.match(derived, qualified=qualified)
    traces: list[RuleTrace] = []
    reached = True
    for one in policy.compiled_rules():
        skipped = one.rule.gate is Gate.QUALIFIED and not qualified
        found = _rule(one, derived, reached=reached and not skipped, skipped=skipped)
        traces.append(found)
        stops = one.rule is decided.rule or (decided.rule is None and _holds_here(one, derived, decided.held_on))
        reached = reached and (skipped or not stops)
    return traces


def _holds_here(one: CompiledRule, derived: Derived, held_on: str | None) -> bool:
    """Say whether this is the rule at which the lead was held."""
    if held_on is None or held_on not in derived.blocked:
        return False
    fields = one.blame(derived.values, derived.blocked)
    return any(held_on in derived.sources(field) for field in fields)


def _rule(one: CompiledRule, derived: Derived, *, reached: bool, skipped: bool) -> RuleTrace:
    """Trace one rule."""
    rule = one.rule
    return RuleTrace(
        rule.name,
        rule.line,
        rule.gate,
        reached,
        skipped,
        one.test(derived.values, derived.blocked),
        describe(rule.when),
        tuple(_test(test, derived) for test in tests_of(rule.when)),
        tuple(str(target) for target in rule.targets),
        rule.because,
    )


def _test(test: FieldTest, derived: Derived) -> TestTrace:
    """Trace one test."""
    result = compile_test(test)(derived.values, derived.blocked)
    found = derived.values.get(test.field)
    given = next((text for field in derived.sources(test.field) if (text := _given(field, derived)) is not None), None)
    return TestTrace(test.field, expected(test), found, result, given if found is None else None)


def _given(field: str, derived: Derived) -> str | None:
    """The text that was given for a field and could not be used."""
    return derived.bad.get(field, derived.outside.get(field))

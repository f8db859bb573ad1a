"""Conditions as formulas over choices: once for when they are true and once for when they are false.

In three values the one is not the rest of the other: what is neither is unknown.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import z3

from shared.policy.condition import All, Condition, FieldTest, Not, Op
from shared.policy.evaluate import prefix_form
from shared.policy.proof.choices import Variable
from shared.policy.proof.facts import FactSpace
from shared.policy.words import fold

#: A Boolean expression of the solver's library, which has no types of its own.
Formula: TypeAlias = Any


class Formulas:
    """The facts of one lead as Boolean variables of a solver, and conditions over them.

    `bits` has a Boolean for each choice of a variable, `given` says that the fact has a value at all. `laws` is what
    holds for every lead.
    """

    def __init__(self, space: FactSpace) -> None:
        self.context: Final = z3.Context()
        self.space = space
        self.laws: list[Formula] = []
        self.bits: dict[str, list[Formula]] = {}
        self.given: dict[str, Formula] = {}
        self._regions: dict[str, Formula] = {}
        for variable in space.variables.values():
            if variable.name != "segment":
                self._declare(variable)
        if "segment" in space.variables:
            self.bits["segment"], self.given["segment"] = self.bits["employees"], self.given["employees"]
        self._know_the_score()
        self._nowhere = self._place()

    def region(self, name: str) -> Formula:
        """When a lead is in this region, and in none before it."""
        return self._regions[fold(name)]

    def no(self, formula: Formula) -> Formula:
        """When something does not hold."""
        return z3.Not(formula, self.context)

    def follows(self, reason: Formula, result: Formula) -> Formula:
        """That the one brings the other along."""
        return z3.Implies(reason, result, self.context)

    def named(self, name: str) -> Formula:
        """A Boolean variable of this name."""
        return z3.Bool(name, self.context)

    def both(self, *parts: Formula) -> Formula:
        """All of these."""
        return self._joined(z3.Z3_mk_and, parts)

    def either(self, *parts: Formula) -> Formula:
        """Any of these."""
        return self._joined(z3.Z3_mk_or, parts)

    def _joined(self, make: Callable[..., Any], parts: tuple[Formula, ...]) -> Formula:
        """Join formulas as the library does, but without looking at each part first, which takes longest."""
        nodes = (z3.Ast * len(parts))(*(part.as_ast() for part in parts))
        return z3.BoolRef(make(self.context.ref(), len(parts), nodes), self.context)

    def _declare(self, variable: Variable) -> None:
        """One Boolean per choice; of a field with one value exactly one is true, or none where it can be unknown."""
        bits = [self.named(f"{variable.name}={number}") for number in range(len(variable.choices))]
        given = self.named(f"{variable.name} given")
        self.bits[variable.name], self.given[variable.name] = bits, given
        if variable.many:
            attribute = self.space.document.attributes.get(variable.name)
            if attribute is not None and attribute.words:
                self.laws.append(self.follows(self.either(*bits), given))
            else:
                self.laws.append(given == self.either(*bits))
            return
        unknown = self.named(f"{variable.name} unknown")
        self.laws.append(unknown == self.no(given))
        self.laws.append(z3.PbEq([(bit, 1) for bit in (*bits, unknown)], 1, self.context))
        if not variable.unknown:
            self.laws.append(given)

    def _know_the_score(self) -> None:
        """The score has a value for rules when the lead type is known, or gives no points."""
        if self.space.points:
            self.given["intent"] = self.given["lead_type"]

    def _place(self) -> Formula:
        """Name when a lead is in each region: the first that holds; and return when it is in none of them."""
        taken: list[Formula] = []
        for region in self.space.document.vocabulary.region if "country" in self.space.variables else ():
            here = self.named(f"region {region.name}")
            self.laws.append(here == self.both(self.true(region.when), *(self.no(one) for one in taken)))
            taken.append(here)
            self._regions[fold(region.name)] = here
        nowhere = self.named("region none")
        if taken:
            out = [self.false(region.when) for region in self.space.document.vocabulary.region]
            self.laws.append(nowhere == self.both(self.given["country"], *out))
        else:
            self.laws.append(self.no(nowhere))
        return nowhere

    def true(self, condition: Condition) -> Formula:
        """When a condition is true."""
        if isinstance(condition, FieldTest):
            return self._test(condition, holds=True)
        if isinstance(condition, Not):
            return self.false(condition.part)
        parts = [self.true(part) for part in condition.parts]
        return self.both(*parts) if isinstance(condition, All) else self.either(*parts)

    def false(self, condition: Condition) -> Formula:
        """When a condition is false."""
        if isinstance(condition, FieldTest):
            return self._test(condition, holds=False)
        if isinstance(condition, Not):
            return self.true(condition.part)
        parts = [self.false(part) for part in condition.parts]
        return self.either(*parts) if isinstance(condition, All) else self.both(*parts)

    def _test(self, test: FieldTest, *, holds: bool) -> Formula:
        """When one test is true, or false."""
        if test.field == "region":
            return self._region(test, holds=holds)
        variable = self.space.variables.get(test.field)
        if variable is None:
            # No segment is defined, so none is ever known.
            return z3.BoolVal(test.op is Op.KNOWN and bool(test.values[0]) is not holds, self.context)
        bits = self.bits[test.field]
        if test.op is Op.KNOWN:
            known = self._known(variable)
            return known if bool(test.values[0]) is holds else self.no(known)
        number = variable.tests[test]
        hit = self.either(*(bit for bit, one in zip(bits, variable.choices, strict=True) if number in one.hits))
        if test.field == "intent":
            hit = self.both(hit, self.given["intent"])
        if (test.op is not Op.NOT_IN) is holds:
            return hit
        return self.both(self.given[test.field], self.no(hit))

    def _known(self, variable: Variable) -> Formula:
        """When a field has a word at all."""
        if variable.name == "intent":
            return self.given["intent"]
        bits = zip(self.bits[variable.name], variable.choices, strict=True)
        return self.either(*(bit for bit, one in bits if not one.is_none))

    def _region(self, test: FieldTest, *, holds: bool) -> Formula:
        """When a test of the region is true, or false."""
        if test.op is Op.KNOWN:
            known = self.either(*self._regions.values())
            return known if bool(test.values[0]) is holds else self.no(known)
        words = {fold(str(value)) for value in test.values}
        if test.op is Op.STARTS_WITH:
            begins = tuple(prefix_form(word) for word in words)
            words = {name for name in self._regions if prefix_form(name).startswith(begins)}
        inside = (test.op is not Op.NOT_IN) is holds
        found = [here for name, here in self._regions.items() if (name in words) is inside]
        return self.either(*found, *(() if inside else (self._nowhere,)))

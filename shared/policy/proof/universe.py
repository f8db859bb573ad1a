"""The universe of leads: all combinations of facts that a submission and its account can have, asked by a solver."""

import itertools
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import z3

from shared.policy.condition import describe
from shared.policy.document import Gate, Rule
from shared.policy.proof.facts import FactSpace
from shared.policy.proof.formulas import Formula, Formulas
from shared.policy.proof.own import ImpossibleError, Pick, Source
from shared.policy.proof.places import STATELESS, postal_form, state_form
from shared.policy.proof.texts import TangledTextError

#: What one question may cost in the solver's own count; 500 everyday rules need some ten thousand per question.
QUESTION_LIMIT: Final = 3_000_000

#: Stands for the rules among the variables.
RULES: Final = "rules"

#: What an example does without where it can: what takes an account or a raised hand, and what a form may leave out.
_EVERYDAY: Final = ("account_status", "has_open_opportunity", "named_account", "hand_raise")
_LEFT_OUT: Final = (
    "channel",
    "original_source",
    "industry",
    "postal_code",
    "state",
    "product",
    "employees",
    "country",
    "lead_type",
)


class UnprovedError(Exception):
    """A question could not be decided within its limit."""


class Solution:
    """One kind of lead: what is chosen for each variable and which rules are true for it, read when it is asked for."""

    def __init__(self, universe: "Universe", model: Any) -> None:
        self._universe = universe
        self._model = model
        self._picks: dict[str, Pick] = {}

    def holds(self, formula: Formula) -> bool:
        """Say whether a formula is true for it."""
        return bool(z3.is_true(self._model.eval(formula, model_completion=True)))

    def pick(self, name: str) -> Pick:
        """What is chosen for a variable."""
        if name not in self._picks:
            chosen = self._read(name)
            given = self.holds(self._universe.formulas.given[name])
            self._picks[name] = Pick(self._universe.space.variables[name], chosen, given)
        return self._picks[name]

    @cached_property
    def true(self) -> frozenset[int]:
        """The rules that are true for it."""
        return frozenset(self._read(RULES))

    @cached_property
    def qualified(self) -> bool:
        """Whether it is qualified."""
        return self.holds(self._universe.qualified)

    def _read(self, name: str) -> tuple[int, ...]:
        """The numbers of the bits that are set, all read at once."""
        bits, number = self._universe.bits_of(name)
        if not bits:
            return ()
        flags = self._model.eval(number, model_completion=True).as_binary_string().zfill(bits)
        return tuple(place for place, flag in enumerate(flags) if flag == "1")


class Universe:
    """All kinds of leads of a policy. Rules are known by their place in the document, from 0."""

    def __init__(self, space: FactSpace) -> None:
        self.space = space
        self.formulas = Formulas(space)
        self.rules: tuple[Rule, ...] = space.document.rules
        self._is_open = False
        self._numbers: dict[str, Any] = {}
        self._solver = z3.SolverFor("QF_FD", ctx=self.formulas.context)
        self._solver.set("rlimit", QUESTION_LIMIT)
        self._solver.add(*self.formulas.laws, *self._laws_of_score(), *self._laws_of_place(), *self._laws_of_texts())
        self.true = [self._define(f"rule {n} true", self.formulas.true(one.when)) for n, one in enumerate(self.rules)]
        self.parts_of_qualified = tuple(self._qualifying())
        self.qualified = self._define("qualified", self.formulas.both(*(part for _, part in self.parts_of_qualified)))
        self.asked = [self._asked(rule) for rule in self.rules]
        self.takes = [
            self._define(f"rule {n} takes", self.formulas.both(true, asked))
            for n, (true, asked) in enumerate(zip(self.true, self.asked, strict=True))
        ]
        self.leaves = [self.formulas.no(takes) for takes in self.takes]
        self.reached = self._reached()
        self.simple = dict(self._simple())
        known = [
            self.formulas.given[one.name] for one in space.variables.values() if one.unknown and one.name != "segment"
        ]
        self.typical = (*(self.simple[name] for name in ("signals", *self._everyday())), *known)
        self._model: Any
        self.questions = 0

    def _define(self, name: str, formula: Formula) -> Formula:
        """A name for a formula."""
        named = self.formulas.named(name)
        self._solver.add(named == formula)
        return named

    def _asked(self, rule: Rule) -> Formula:
        """When a rule looks at a lead at all."""
        return self.formulas.both() if rule.gate is Gate.NONE else self.qualified

    def _reached(self) -> list[Formula]:
        """For each rule, that no rule before it takes the lead; and last that none does."""
        reached = [self._define("rule 0 reached", self.formulas.both())]
        for number, leaves in enumerate(self.leaves):
            not_taken = self.formulas.both(reached[-1], leaves)
            reached.append(self._define(f"rule {number + 1} reached", not_taken))
        return reached

    def no(self, formula: Formula) -> Formula:
        """When something does not hold."""
        return self.formulas.no(formula)

    def _qualifying(self) -> Iterator[tuple[str, Formula]]:
        """What a qualified lead needs, by part: no condition of the ideal customer is false, and enough intent."""
        qualification = self.space.document.qualification
        if qualification is None:
            return
        for number, one in enumerate(qualification.icp):
            text = describe(one)
            yield text, self._define(f"{text} ({number})", self.formulas.no(self.formulas.false(one)))
        minimum = qualification.intent.minimum
        scores = zip(self.formulas.bits["intent"], self.space.scores, strict=True)
        enough = self.formulas.either(*(bit for bit, (low, _) in scores if low >= minimum))
        yield f"intent >= {minimum}", self._define("enough intent", enough)

    def _laws_of_score(self) -> Iterator[Formula]:
        """Which scores go with which lead type and hand: what these are worth, and any sum of signals."""
        for kind, hand, base in self._bases():
            reach = [(low - base, high - base) for low, high in self.space.scores]
            bits = list(zip(self.formulas.bits["intent"], reach, strict=True))
            possible = (bit for bit, (low, high) in bits if self.space.signals.between(low, high) is not None)
            yield self.formulas.follows(self.formulas.both(kind, hand), self.formulas.either(*possible))

    def _without_signals(self) -> Formula:
        """That the score comes from the lead type and the hand alone."""
        scores = list(zip(self.formulas.bits["intent"], self.space.scores, strict=True))
        alone = (
            self.formulas.follows(
                self.formulas.both(kind, hand),
                self.formulas.either(*(bit for bit, (low, high) in scores if low <= base <= high)),
            )
            for kind, hand, base in self._bases()
        )
        return self._define("no signals", self.formulas.both(*alone))

    def _bases(self) -> Iterator[tuple[Formula, Formula, int]]:
        """Each lead type with each hand, and the points of both."""
        qualification = self.space.document.qualification
        raised = qualification.intent.hand_raise if qualification is not None else 0
        for kind, points in self._lead_types():
            for hand, worth in zip(self.formulas.bits["hand_raise"], (0, raised), strict=True):
                yield kind, hand, points + worth

    def _lead_types(self) -> Iterator[tuple[Formula, int]]:
        """Each lead type with its points, and the unknown one."""
        variable = self.space.variables.get("lead_type")
        if variable is None:
            yield self.formulas.both(), 0
            return
        for bit, choice in zip(self.formulas.bits["lead_type"], variable.choices, strict=True):
            yield bit, self.space.points.get(str(choice.value).casefold(), 0)
        yield self.formulas.no(self.formulas.given["lead_type"]), 0

    def _simple(self) -> Iterator[tuple[str, Formula]]:
        """What makes an example short and everyday, the most wanted first, by the field that it is about."""
        yield "signals", self._without_signals()
        yield from ((name, self.formulas.bits[name][0]) for name in self._everyday())
        left_out = [name for name in self.space.variables if name in self.space.document.attributes]
        for name in (*left_out, *_LEFT_OUT):
            if name in self.space.variables and self.space.variables[name].unknown:
                yield name, self._define(f"{name} left out", self.formulas.no(self.formulas.given[name]))

    def _everyday(self) -> list[str]:
        """The fields that are as they are for most leads when their first choice is taken."""
        return [name for name in _EVERYDAY if name in self.formulas.bits]

    def _laws_of_place(self) -> Iterator[Formula]:
        """States and postal codes are those that the country can have; a United States code brings its state along."""
        if "country" not in self.space.variables:
            return
        both, not_ = self.formulas.both, self.formulas.no
        countries = [
            (bit, str(one.value))
            for bit, one in zip(self.formulas.bits["country"], self.space.variables["country"].choices, strict=True)
        ]
        nowhere = not_(self.formulas.given["country"])
        for field, form_of in (("state", state_form), ("postal_code", postal_form)):
            forms: dict[str, list[Formula]] = {"": [nowhere]}
            for bit, code in countries:
                forms.setdefault(form_of(code), []).append(bit)
            for form, bits in forms.items():
                for bit in self._without(field, form):
                    yield not_(both(self.formulas.either(*bits), bit))
        american = self.formulas.either(*(bit for bit, code in countries if code == "US"))
        stateless = both(american, not_(self.formulas.given["state"]))
        for bit in self._without("postal_code", STATELESS):
            yield not_(both(stateless, bit))

    def _without(self, field: str, form: str) -> Iterator[Formula]:
        """The choices of a field that have no value in a form."""
        for bit, choice in zip(self.formulas.bits[field], self.space.variables[field].choices, strict=True):
            if form not in choice.forms:
                yield bit

    def _laws_of_texts(self) -> Iterator[Formula]:
        """What is read from one text is given together."""
        for source in self.space.sources:
            always = [one.name for one in source.attributes if one.words or not one.values]
            always += [source.name] if source.is_field else []
            for first, second in itertools.pairwise(always):
                yield self.formulas.given[first] == self.formulas.given[second]
            if always:
                for one in source.attributes:
                    yield self.formulas.follows(self.formulas.given[one.name], self.formulas.given[always[0]])

    def solve(self, *wanted: Formula, prefer: Sequence[Formula] = ()) -> Solution | None:
        """A lead for which all of this holds, None when there is none.

        Of the preferences, the most wanted first, it has each that goes along with those before it.
        """
        found = self._attempt([*wanted, *prefer]) if prefer else None
        if found is not None:
            return found
        found = self._attempt(list(wanted))
        kept: list[Formula] = []
        for one in prefer if found is not None else ():
            if not self.is_so(one):
                found = self._attempt([*wanted, *kept, one]) or found
            if self.is_so(one):
                kept.append(one)
        return found

    def simplest(self, *wanted: Formula, about: Container[str], known: Sequence[Formula] = ()) -> Solution | None:
        """A short and everyday lead for which all of this holds, with the facts that it is about."""
        rest = [formula for name, formula in self.simple.items() if name not in about]
        found = self._attempt([*wanted, *known, *rest])
        return found or self.solve(*wanted, prefer=(*known, *self.simple.values()))

    def possible(self, *wanted: Formula) -> bool:
        """Say whether this can hold together, whatever texts that takes; much cheaper than a whole lead."""
        if not self._check(list(wanted)):
            return False
        self._model = self._solver.model()
        return True

    def chosen(self, name: str) -> int:
        """The number of what the last answer chose for a variable with one value; -1 where it is unknown."""
        return next(iter(Solution(self, self._model).pick(name).chosen), -1)

    def bits_of(self, name: str) -> tuple[int, Any | None]:
        """How many bits a variable has, or all the rules, and these bits as one number."""
        bits = self.true if name == RULES else self.formulas.bits[name]
        if bits and name not in self._numbers:
            self._numbers[name] = _as_number(bits, self.formulas.context)
        return len(bits), self._numbers.get(name)

    def _attempt(self, wanted: list[Formula]) -> Solution | None:
        """Ask until the texts that the answer needs can be written."""
        while self._check(wanted):
            self._model = self._solver.model()
            solution = Solution(self, self._model)
            if self._can_be_written(solution):
                return solution
        return None

    def is_so(self, formula: Formula) -> bool:
        """Say whether a formula holds in the last answer."""
        return Solution(self, self._model).holds(formula)

    def _can_be_written(self, solution: Solution) -> bool:
        """Say whether there are texts with these choices; the solver learns where there are none."""
        for source in self.space.sources:
            picks = picks_of(source, solution, self.space.variables)
            try:
                source.value(picks)
            except ImpossibleError:
                self._learn(self.formulas.no(self.formulas.both(*self._exactly(picks))))
                return False
            except TangledTextError as error:
                raise UnprovedError from error
        return True

    def core(self, wanted: Iterable[Formula], reasons: Sequence[Formula]) -> list[int]:
        """Which of the reasons, by number, already make it impossible; UnprovedError when it is possible."""
        self._close()
        if self._solver.check(*wanted, *reasons) != z3.unsat:
            raise UnprovedError
        ids = {one.get_id() for one in self._solver.unsat_core()}
        return [number for number, one in enumerate(reasons) if one.get_id() in ids]

    def _check(self, wanted: list[Formula]) -> bool:
        """Ask the solver."""
        self.questions += 1
        self._close()
        self._solver.push()
        self._is_open = True
        self._solver.add(*wanted)
        found = self._solver.check()
        if found == z3.unknown:
            raise UnprovedError
        return bool(found == z3.sat)

    def _close(self) -> None:
        """Forget the last question; what only one question needs would slow down all others."""
        if self._is_open:
            self._solver.pop()
            self._is_open = False

    def _learn(self, formula: Formula) -> None:
        """Add a law."""
        self._close()
        self._solver.add(formula)

    def _exactly(self, picks: Mapping[str, Pick]) -> Iterator[Formula]:
        """The formulas that say what was chosen, and nothing else."""
        for name, pick in picks.items():
            yield self.formulas.given[name] if pick.given else self.formulas.no(self.formulas.given[name])
            for number, bit in enumerate(self.formulas.bits[name]):
                yield bit if number in pick.chosen else self.formulas.no(bit)


def picks_of(source: Source, solution: Solution, variables: Container[str]) -> dict[str, Pick]:
    """What was chosen for what is read from one text, and for the field itself."""
    names = ([source.name] if source.is_field else []) + [one.name for one in source.attributes]
    return {name: solution.pick(name) for name in names if name in variables}


def _as_number(bits: Sequence[Formula], context: Any) -> Any:
    """All bits as one number, so that an answer is read at once."""
    one, zero = z3.BitVecVal(1, 1, context), z3.BitVecVal(0, 1, context)
    digits = [z3.If(bit, one, zero, context) for bit in bits]
    return z3.Concat(*digits) if len(digits) > 1 else digits[0]

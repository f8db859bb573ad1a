"""The facts that a policy asks for, as variables: every combination of their choices is a kind of lead."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from shared.normal.industry import INDUSTRIES, normal_industry
from shared.policy import ranges
from shared.policy.condition import Condition, FieldTest, Op, tests_of
from shared.policy.document import PolicyDocument
from shared.policy.evaluate import NONE_OF_THEM
from shared.policy.fields import ACCOUNT_STATUSES, FIELDS, REGION_FIELDS, FieldKind, kind_of
from shared.policy.proof.choices import Asked, Choice, Variable, number_choices, numbered, word_choices
from shared.policy.proof.own import Source, attribute_variable, plain_text, sources_of
from shared.policy.proof.places import countries, postal_codes, states
from shared.policy.proof.score import Signals, score_variable
from shared.policy.words import fold

#: Fields whose own text can be looked into together with the attributes that are read from it.
_FREE_TEXTS: Final = ("channel", "original_source")


@dataclass(frozen=True, slots=True)
class FactSpace:
    """The variables of one policy, the texts behind its attributes, and what is asked where."""

    document: PolicyDocument
    variables: Mapping[str, Variable]
    sources: tuple[Source, ...]
    scores: tuple[tuple[int, int], ...]
    signals: Signals
    points: Mapping[str, int]

    @property
    def doubtful(self) -> tuple[str, ...]:
        """Attributes that are read from a field which is brought into a form first, so that not every text is seen."""
        return tuple(
            one.name
            for one in self.document.attributes.values()
            if one.name in self.variables and one.source in FIELDS and one.source not in _FREE_TEXTS
        )


def conditions_of(document: PolicyDocument) -> Iterator[Condition]:
    """Every condition that has a say in which rule takes a lead."""
    for rule in document.rules:
        yield rule.when
    for region in document.vocabulary.region:
        yield region.when
    if document.qualification is not None:
        yield from document.qualification.icp


def fact_space(document: PolicyDocument) -> FactSpace:
    """The variables of a policy; fields that nothing asks for are left out."""
    asked: dict[str, list[FieldTest]] = {}
    for test in (test for condition in conditions_of(document) for test in tests_of(condition)):
        asked.setdefault(test.field, []).append(test)
    tests = {field: numbered(found) for field, found in asked.items()}
    intent = document.qualification.intent if document.qualification else None
    points = {fold(word): worth for word, worth in intent.lead_type.items()} if intent else {}
    variables = dict(_variables(document, tests, points))
    score, spans = score_variable(tests.get("intent", {}), [intent.minimum] if intent else [])
    variables["intent"] = score
    attributes = [one for one in document.attributes.values() if one.name in variables]
    fields = [name for name in _FREE_TEXTS if name in variables]
    return FactSpace(
        document,
        variables,
        sources_of((one for one in attributes if one.source not in FIELDS or one.source in _FREE_TEXTS), fields),
        tuple(spans),
        Signals(intent.signal if intent else {}),
        points,
    )


def _variables(
    document: PolicyDocument, tests: Mapping[str, Mapping[FieldTest, int]], points: Mapping[str, int]
) -> Iterator[tuple[str, Variable]]:
    """Every variable but the score."""
    yield "hand_raise", _flag("hand_raise", tests.get("hand_raise", {}))
    for field, of_field in tests.items():
        if field in document.attributes:
            yield field, attribute_variable(document.attributes[field], of_field)
        elif kind_of(field) is FieldKind.FLAG and field != "hand_raise":
            yield field, _flag(field, of_field)
        elif field in ("industry", "channel", "original_source", "account_status", "product"):
            yield field, _words(field, of_field, document)
    if "lead_type" in tests or points:
        yield "lead_type", _lead_types(tests.get("lead_type", {}), document, points)
    if "employees" in tests or "segment" in tests:
        yield from _sizes(tests.get("employees", {}), tests.get("segment", {}), document)
    places = {field: tests.get(field, {}) for field in REGION_FIELDS}
    if any(places.values()) or "region" in tests:
        yield "country", Variable("country", countries(places["country"]), places["country"])
        yield "state", states(places["state"])
        yield "postal_code", postal_codes(places["postal_code"])


def _flag(field: str, tests: Mapping[FieldTest, int]) -> Variable:
    """Yes or no, and always known."""
    choices = tuple(
        Choice(
            value, frozenset(n for test, n in tests.items() if value in test.values and test.op is not Op.KNOWN), word
        )
        for value, word in ((False, "no"), (True, "yes"))
    )
    return Variable(field, choices, tests, unknown=False)


def _words(field: str, tests: Mapping[FieldTest, int], document: PolicyDocument) -> Variable:
    """A field of words, closed where the document closes it."""
    asked = Asked(tests)
    if field == "account_status":
        return Variable(field, word_choices(asked, ACCOUNT_STATUSES), tests, unknown=False)
    if field == "product" and document.vocabulary.product:
        return Variable(field, word_choices(asked, document.vocabulary.product), tests)
    words: Iterable[str] = (*asked.spelled.values(), *asked.plain_words())
    if field == "industry":
        return Variable(field, word_choices(asked, (*words, *sorted(INDUSTRIES)), normal_industry), tests)
    known = document.vocabulary.original_source if field == "original_source" else ()
    return Variable(field, word_choices(asked, (*known, *words), plain_text), tests)


def _lead_types(tests: Mapping[FieldTest, int], document: PolicyDocument, points: Mapping[str, int]) -> Variable:
    """The lead types, told apart by their points as well."""
    asked = Asked(tests)
    given = document.qualification.intent.lead_type if document.qualification else ()
    words = document.vocabulary.lead_type or (*asked.spelled.values(), *given, *asked.plain_words())
    choices = word_choices(asked, words, plain_text, apart=lambda word: points.get(word.casefold(), 0))
    return Variable("lead_type", choices, tests)


def _sizes(
    employees: Mapping[FieldTest, int], segments: Mapping[FieldTest, int], document: PolicyDocument
) -> Iterator[tuple[str, Variable]]:
    """The numbers of employees, and beside them the segment of each."""
    definitions = [(one.name, ranges.of_condition(one.when)) for one in document.vocabulary.segment]
    choices = number_choices(employees, (taken for _, taken in definitions))
    yield "employees", Variable("employees", choices, employees)
    if definitions:
        asked = Asked(segments)
        names = [_segment(choice, definitions) for choice in choices]
        of_segments = tuple(Choice(name, asked.hits(name) if name else frozenset(), name) for name in names)
        yield "segment", Variable("segment", of_segments, segments)


def _segment(size: Choice, definitions: list[tuple[str, ranges.Ranges]]) -> str:
    """The first segment that takes a size; none of them where no one does."""
    number = int(str(size.value))
    return next((name for name, taken in definitions if ranges.meet(taken, ((number, number),))), NONE_OF_THEM)

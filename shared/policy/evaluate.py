"""Conditions compiled to closures, evaluated in three values: True, False, and None for unknown.

A closure takes the known values by field and the fields that are blocked: given by somebody, but not understood or
outside the vocabulary. A blocked field is neither known nor absent, so `known` itself is unknown there.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from shared.policy.condition import All, Condition, FieldTest, Not, Op, Value
from shared.policy.fields import FieldKind, kind_of
from shared.policy.words import fold

Values = Mapping[str, object]
Blocked = Collection[str]
Truth = bool | None
Evaluate = Callable[[Values, Blocked], Truth]
Blame = Callable[[Values, Blocked], tuple[str, ...]]

#: A value that is known to be none of the words: a country in no region. It equals no word and counts as not known.
NONE_OF_THEM: Final = ""

_NO_WORD: Final = (None, NONE_OF_THEM, ())

_BOUNDS: Final[dict[Op, Callable[[int, int], bool]]] = {
    Op.GTE: lambda found, bound: found >= bound,
    Op.GT: lambda found, bound: found > bound,
    Op.LTE: lambda found, bound: found <= bound,
    Op.LT: lambda found, bound: found < bound,
}


def compile_condition(condition: Condition) -> Evaluate:
    """Turn a condition into a function of a lead's values."""
    if isinstance(condition, FieldTest):
        return compile_test(condition)
    if isinstance(condition, Not):
        return _not(compile_condition(condition.part))
    parts = tuple(compile_condition(part) for part in condition.parts)
    if len(parts) == 1:
        return parts[0]
    return _all(parts) if isinstance(condition, All) else _any(parts)


def compile_blame(condition: Condition) -> Blame:
    """Turn a condition into a function that names the fields for whose sake it is unknown; none where it is not."""
    if isinstance(condition, FieldTest):
        return _blame_of_test(condition)
    if isinstance(condition, Not):
        return compile_blame(condition.part)
    evaluate = compile_condition(condition)
    parts = tuple(compile_blame(part) for part in condition.parts)

    def blame(values: Values, blocked: Blocked) -> tuple[str, ...]:
        if evaluate(values, blocked) is not None:
            return ()
        return tuple(dict.fromkeys(field for part in parts for field in part(values, blocked)))

    return blame


def _blame_of_test(test: FieldTest) -> Blame:
    """A test that is unknown is so for the sake of its one field."""
    evaluate = compile_test(test)
    fields = (test.field,)
    return lambda values, blocked: fields if evaluate(values, blocked) is None else ()


def _not(part: Evaluate) -> Evaluate:
    """Negation; the unknown stays unknown."""

    def evaluate(values: Values, blocked: Blocked) -> Truth:
        found = part(values, blocked)
        return None if found is None else not found

    return evaluate


def _all(parts: tuple[Evaluate, ...]) -> Evaluate:
    """Conjunction: one False decides, then one None."""

    def evaluate(values: Values, blocked: Blocked) -> Truth:
        result: Truth = True
        for part in parts:
            found = part(values, blocked)
            if found is False:
                return False
            if found is None:
                result = None
        return result

    return evaluate


def _any(parts: tuple[Evaluate, ...]) -> Evaluate:
    """Disjunction: one True decides, then one None."""

    def evaluate(values: Values, blocked: Blocked) -> Truth:
        result: Truth = False
        for part in parts:
            found = part(values, blocked)
            if found:
                return True
            if found is None:
                result = None
        return result

    return evaluate


def compile_test(test: FieldTest) -> Evaluate:
    """Turn one test into a function of a lead's values."""
    if test.op is Op.KNOWN:
        return _known(test.field, wanted=bool(test.values[0]))
    if test.op in _BOUNDS:
        return _bound(test.field, _BOUNDS[test.op], int(test.values[0]))
    if test.op is Op.STARTS_WITH:
        return _starts_with(test.field, tuple(prefix_form(str(value)) for value in test.values))
    return _member(test.field, test.values, inside=test.op is Op.IN)


def _known(field: str, *, wanted: bool) -> Evaluate:
    """Whether a value is there at all."""

    def evaluate(values: Values, blocked: Blocked) -> Truth:
        if values.get(field) not in _NO_WORD:
            return wanted
        return None if field in blocked else not wanted

    return evaluate


def _bound(field: str, compare: Callable[[int, int], bool], bound: int) -> Evaluate:
    """A number held against a bound."""

    def evaluate(values: Values, _blocked: Blocked) -> Truth:
        found = values.get(field)
        return compare(found, bound) if isinstance(found, int) else None

    return evaluate


def _member(field: str, expected: tuple[Value, ...], *, inside: bool) -> Evaluate:
    """A value held against a set; of a field with many words, one is enough."""
    if kind_of(field) is not FieldKind.WORD:
        return _plain_member(field, frozenset(expected), inside=inside)
    words = frozenset(fold(str(value)) for value in expected)

    def evaluate(values: Values, _blocked: Blocked) -> Truth:
        found = values.get(field)
        if found is None:
            return None
        if isinstance(found, str):
            return (found.casefold() in words) is inside
        return any(word.casefold() in words for word in _many(found)) is inside

    return evaluate


def _plain_member(field: str, expected: frozenset[Value], *, inside: bool) -> Evaluate:
    """A number or flag held against a set."""

    def evaluate(values: Values, _blocked: Blocked) -> Truth:
        found = values.get(field)
        return None if found is None else (found in expected) is inside

    return evaluate


def _starts_with(field: str, prefixes: tuple[str, ...]) -> Evaluate:
    """A word held against beginnings; case and blanks do not count."""

    def evaluate(values: Values, _blocked: Blocked) -> Truth:
        found = values.get(field)
        if found is None:
            return None
        if isinstance(found, str):
            return prefix_form(found).startswith(prefixes)
        return any(prefix_form(word).startswith(prefixes) for word in _many(found))

    return evaluate


def prefix_form(text: str) -> str:
    """The form in which beginnings are compared: postal codes are written with and without blanks."""
    return text.replace(" ", "").casefold()


def _many(found: object) -> tuple[str, ...]:
    """The words of a field that has many."""
    return found if isinstance(found, tuple) else ()

"""Ranges of ZIP codes: two bounds on the postal code beside the country are the beginnings between them.

Salesforce compares postal codes as texts. Of five digits that is the order of numbers, and every range of them is a few
beginnings. Other countries write other codes, so the entry must ask for the United States at the same place.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from shared.normal.country import country_code
from shared.policy.salesforce.logic import And, Logic, Negation, Operation, Or, Term

_DIGITS: Final = 5
_LAST: Final = 10**_DIGITS - 1

#: What each operator adds to its value to give the first or the last code of the range.
_LOWER: Final = {Operation.GREATER_OR_EQUAL: 0, Operation.GREATER_THAN: 1}
_UPPER: Final = {Operation.LESS_OR_EQUAL: 0, Operation.LESS_THAN: -1}


def with_beginnings(logic: Logic) -> Logic:
    """The same logic with beginnings in the place of ranges of ZIP codes; other bounds stay, to be refused later."""
    if isinstance(logic, Term):
        return logic
    if isinstance(logic, Negation):
        return Negation(with_beginnings(logic.part))
    if isinstance(logic, Or):
        return Or(tuple(map(with_beginnings, logic.parts)))
    return And(tuple(_joined(tuple(_flat(logic)))))


def _flat(logic: And) -> Iterator[Logic]:
    """The parts of a conjunction, those of conjunctions inside it included."""
    for part in logic.parts:
        if isinstance(part, And):
            yield from _flat(part)
        else:
            yield with_beginnings(part)


def _joined(parts: Sequence[Logic]) -> Iterator[Logic]:
    """The parts with one term for all bounds of the ZIP code; a range needs a lower bound, since a blank has none."""
    bounds = [part for part in parts if isinstance(part, Term) and _is_bound(part)]
    if not any(map(_asks_for_the_states, parts)) or not any(one.operation in _LOWER for one in bounds):
        yield from parts
        return
    first = max(int(one.values[0]) + _LOWER[one.operation] for one in bounds if one.operation in _LOWER)
    last = min([int(one.values[0]) + _UPPER[one.operation] for one in bounds if one.operation in _UPPER] or [_LAST])
    yield from (part for part in parts if part not in bounds)
    beginnings = tuple(_beginnings(first, last))
    yield Term(bounds[0].field, Operation.STARTS_WITH, beginnings) if beginnings else Or(())


def _is_bound(term: Term) -> bool:
    value = term.values[0] if len(term.values) == 1 else ""
    is_zip = value.isdecimal() and value.isascii() and len(value) == _DIGITS
    return _name(term) == "postalcode" and is_zip and term.operation in _LOWER.keys() | _UPPER.keys()


def _name(term: Term) -> str:
    """The folded name of a field of the lead; blank for fields of something else."""
    owner, _, name = term.field.casefold().partition(".")
    return name if owner == "lead" else ""


def _asks_for_the_states(part: Logic) -> bool:
    """Say whether a part can only hold for leads of the United States."""
    if not isinstance(part, Term) or part.operation is not Operation.EQUALS:
        return False
    is_country = _name(part) in ("country", "countrycode")
    return is_country and {country_code(value) for value in part.values} == {"US"}


def _beginnings(first: int, last: int) -> Iterator[str]:
    """The fewest beginnings of five-digit codes that take exactly those from the first to the last."""
    while first <= last:
        digits = next(
            length
            for length in range(1, _DIGITS + 1)
            if first % (size := 10 ** (_DIGITS - length)) == 0 and first + size - 1 <= last
        )
        size = 10 ** (_DIGITS - digits)
        yield f"{first // size:0{digits}}"
        first += size

"""Whole-number ranges, exactly: which numbers a condition on one field takes, where ranges leave gaps or overlap."""

from collections.abc import Iterable, Sequence
from typing import Final

from shared.policy.condition import AnyOf, Condition, FieldTest, Not, Op

#: Inclusive ranges of whole numbers, ascending, never touching each other.
Ranges = tuple[tuple[int, int], ...]

#: Lower bounds, ascending, and the word that holds from each bound on; blank where no word does.
Cut = tuple[tuple[int, ...], tuple[str, ...]]

#: The largest number that is told apart; PostgreSQL's integer.
TOP: Final = 2_147_483_647

EVERYTHING: Final[Ranges] = ((0, TOP),)
NOTHING: Final[Ranges] = ()

Definitions = Sequence[tuple[str, Condition]]


def join(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The union of ranges in any order."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return tuple(joined)


def meet(first: Ranges, second: Ranges) -> Ranges:
    """The numbers that are in both."""
    both = ((max(a, c), min(b, d)) for a, b in first for c, d in second)
    return tuple((low, high) for low, high in both if low <= high)


def complement(ranges: Ranges) -> Ranges:
    """The numbers from 0 on that are in none of the ranges."""
    edges = [-1, *(edge for low, high in ranges for edge in (low - 1, high)), TOP]
    # Edges come in pairs: what ends before a range, and what the range ends with.
    free = ((edges[i] + 1, edges[i + 1]) for i in range(0, len(edges), 2))
    return tuple((low, high) for low, high in free if low <= high)


def of_test(test: FieldTest) -> Ranges:
    """The known numbers for which a test is true."""
    bound = int(test.values[0]) if test.values else 0
    if test.op is Op.KNOWN:
        return EVERYTHING if test.values[0] else NOTHING
    if test.op is Op.GTE:
        return _from(bound, TOP)
    if test.op is Op.GT:
        return _from(bound + 1, TOP)
    if test.op is Op.LTE:
        return _from(0, bound)
    if test.op is Op.LT:
        return _from(0, bound - 1)
    listed = join((int(value), int(value)) for value in test.values)
    return listed if test.op is Op.IN else complement(listed)


def _from(low: int, high: int) -> Ranges:
    """One range, or nothing where it is empty."""
    return ((low, high),) if low <= high else NOTHING


def of_condition(condition: Condition) -> Ranges:
    """The known numbers for which a condition on a single number is true."""
    if isinstance(condition, FieldTest):
        return of_test(condition)
    if isinstance(condition, Not):
        return complement(of_condition(condition.part))
    parts = [of_condition(part) for part in condition.parts]
    if isinstance(condition, AnyOf):
        return join(one for part in parts for one in part)
    taken = EVERYTHING
    for part in parts:
        taken = meet(taken, part)
    return taken


def cut(definitions: Definitions) -> Cut:
    """Cut the numbers at every bound, so that one bisection finds the word; the first definition wins."""
    taken = [(name, of_condition(when)) for name, when in definitions]
    bounds = sorted({0, *(edge for _, ranges in taken for low, high in ranges for edge in (low, high + 1))})
    names = [next((name for name, ranges in taken if meet(ranges, ((low, low),))), "") for low in bounds]
    return tuple(bounds), tuple(names)


def gaps(definitions: Definitions, least: int) -> Ranges:
    """The numbers from `least` on that no definition takes."""
    taken = join(one for _, when in definitions for one in of_condition(when))
    return meet(complement(taken), ((least, TOP),))


def overlaps(definitions: Definitions) -> tuple[tuple[str, str, int], ...]:
    """Pairs of definitions that take the same number, with the smallest such number."""
    taken = [(name, of_condition(when)) for name, when in definitions]
    return tuple(
        (first, second, shared[0][0])
        for index, (first, ranges) in enumerate(taken)
        for second, others in taken[index + 1 :]
        if (shared := meet(ranges, others))
    )

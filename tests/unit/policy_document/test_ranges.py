"""Ranges of numbers, against brute force."""

from hypothesis import given
from hypothesis import strategies as st

from shared.policy.condition import Condition
from shared.policy.derive import Deriver
from shared.policy.document import Definition, PolicyDocument, Vocabulary
from shared.policy.evaluate import compile_condition
from shared.policy.ranges import TOP, complement, cut, gaps, join, meet, of_condition, overlaps
from tests.unit.policy_document.drawn import joined, numbers

#: Bounds are drawn up to 12, so everything beyond 13 behaves alike.
SIZES = range(16)
DEFINITIONS = st.lists(joined(numbers(), leaves=4), min_size=1, max_size=4).map(
    lambda conditions: [(f"s{index}", condition) for index, condition in enumerate(conditions)]
)


def takes(condition: Condition, size: int) -> bool:
    """Whether a company of this size meets the condition."""
    return compile_condition(condition)({"employees": size}, ()) is True


def inside(ranges: tuple[tuple[int, int], ...], size: int) -> bool:
    """Whether a number lies in the ranges."""
    return any(low <= size <= high for low, high in ranges)


@given(joined(numbers()))
def test_a_condition_becomes_exactly_its_numbers(condition: Condition) -> None:
    """A number is in the ranges of a condition when the condition holds for it, up to the largest number."""
    ranges = of_condition(condition)

    assert [inside(ranges, size) for size in SIZES] == [takes(condition, size) for size in SIZES]
    assert inside(ranges, TOP) is takes(condition, TOP)


@given(DEFINITIONS)
def test_gaps_and_overlaps_are_those_that_counting_finds(definitions: list[tuple[str, Condition]]) -> None:
    """A size is a gap when no definition takes it, and pairs overlap when both take one."""
    found = gaps(definitions, 1)
    pairs = {(first, second): size for first, second, size in overlaps(definitions)}

    assert [inside(found, size) for size in SIZES] == [
        size >= 1 and not any(takes(when, size) for _, when in definitions) for size in SIZES
    ]
    for index, (first, one) in enumerate(definitions):
        for second, two in definitions[index + 1 :]:
            shared = [size for size in (*SIZES, TOP) if takes(one, size) and takes(two, size)]
            assert pairs.get((first, second)) == (shared[0] if shared else None)


@given(DEFINITIONS)
def test_segments_are_found_as_if_all_were_asked_in_order(definitions: list[tuple[str, Condition]]) -> None:
    """One bisection gives the first definition that takes a size."""
    vocabulary = Vocabulary(segment=tuple(Definition(name, when) for name, when in definitions))
    deriver = Deriver(PolicyDocument(vocabulary=vocabulary), frozenset())

    for size in SIZES:
        first = next((name for name, when in definitions if takes(when, size)), "")
        assert deriver.derive({"employees": size}).values["segment"] == first


RANGES = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 4)).map(lambda pair: (pair[0], sum(pair)))).map(join)


@given(RANGES, RANGES)
def test_ranges_are_sets(one: tuple[tuple[int, int], ...], two: tuple[tuple[int, int], ...]) -> None:
    """Meet is and, complement is not, and twice the complement is the same."""
    assert [inside(meet(one, two), size) for size in SIZES] == [inside(one, n) and inside(two, n) for n in SIZES]
    assert [inside(complement(one), size) for size in SIZES] == [not inside(one, size) for size in SIZES]
    assert complement(complement(one)) == one


def test_a_cut_starts_at_zero() -> None:
    """Every size from zero on has a place in the cut, so that a bisection never falls off its left end."""
    bounds, names = cut([])

    assert bounds == (0,)
    assert names == ("",)

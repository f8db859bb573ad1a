"""Boxes: what a condition takes, as sets."""

from collections.abc import Mapping

from hypothesis import given, settings

from shared.policy.condition import Condition, FieldTest, Op
from shared.policy.evaluate import compile_condition
from shared.policy.space import Box, Numbers, Space, Words, example_of, meet_boxes, within
from tests.unit.policy_document.drawn import CONDITIONS, LEADS, TYPES

SPACE = Space(closed={"lead_type": frozenset(TYPES)}, segments={}, regions={}, many=frozenset())

Lead = Mapping[str, object]


def contains(box: Box, lead: Lead) -> bool:
    """Whether a lead is in a box."""
    return all(_belongs(values, lead.get(field)) for field, values in box.items())


def _belongs(values: Numbers | Words, found: object) -> bool:
    """Whether a value is in a set."""
    if found is None:
        return values.unknown
    if isinstance(values, Numbers):
        return any(low <= int(str(found)) <= high for low, high in values.ranges)
    return values.takes(str(found).casefold())


@given(CONDITIONS, LEADS)
@settings(max_examples=300)
def test_boxes_are_exactly_where_a_condition_is_true_or_false(condition: Condition, lead: Lead) -> None:
    """A lead is in a true box when the condition is true for it, in a false box when false, in neither when unknown."""
    truth = compile_condition(condition)(lead, ())

    assert any(contains(box, lead) for box in SPACE.boxes(condition)) is (truth is True)
    assert any(contains(box, lead) for box in SPACE.boxes(condition, holds=False)) is (truth is False)


@given(CONDITIONS, CONDITIONS, LEADS)
def test_meeting_and_lying_within_are_those_of_sets(one: Condition, two: Condition, lead: Lead) -> None:
    """A lead is in the meeting of two boxes when it is in both; what lies within another box has no lead outside it."""
    for first in SPACE.boxes(one)[:3]:
        for second in SPACE.boxes(two)[:3]:
            met = meet_boxes(first, second)
            assert (met is not None and contains(met, lead)) is (contains(first, lead) and contains(second, lead))
            if within(first, second):
                assert contains(second, lead) or not contains(first, lead)


@given(CONDITIONS)
def test_the_example_of_a_box_is_a_lead_in_it(condition: Condition) -> None:
    """A box that is named as a finding's example can be run through the real condition."""
    for box in SPACE.boxes(condition):
        example = {field: value for field, value in example_of(box).items() if value is not None}

        assert compile_condition(condition)(example, ()) is True


def test_regions_and_segments_are_compared_by_what_they_are_made_of() -> None:
    """A country is found within the region that has it, and a size within its segment."""
    regions: Mapping[str, Condition] = {"emea": FieldTest("country", Op.IN, ("DE", "FR"))}
    segments: Mapping[str, Condition] = {"big": FieldTest("employees", Op.GTE, (200,))}
    space = Space(closed={}, segments=segments, regions=regions, many=frozenset())

    (country,) = space.boxes(FieldTest("country", Op.IN, ("DE",)))
    (region,) = space.boxes(FieldTest("region", Op.IN, ("emea",)))
    (size,) = space.boxes(FieldTest("employees", Op.GTE, (500,)))
    (segment,) = space.boxes(FieldTest("segment", Op.NOT_IN, ("small",)))

    assert within(country, region)
    assert not within(region, country)
    assert within(size, segment)


def test_one_of_many_words_says_nothing_about_the_others() -> None:
    """Two words of a field with many can hold for one lead, so their boxes meet."""
    space = Space(closed={"topic": frozenset({"a", "b"})}, segments={}, regions={}, many=frozenset({"topic"}))

    (first,) = space.boxes(FieldTest("topic", Op.IN, ("a",)))
    (second,) = space.boxes(FieldTest("topic", Op.IN, ("b",)))
    (neither,) = space.boxes(FieldTest("topic", Op.IN, ("a", "b")), holds=False)

    assert meet_boxes(first, second) is not None
    assert meet_boxes(first, neither) is None

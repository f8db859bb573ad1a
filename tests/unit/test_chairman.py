"""The line itself: whole numbers in, turns out, and what a new span starts with."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.routing.policy.chairman import LEAD, Chair, Line, carried, keeps_law

BROUGHT = st.tuples(st.integers(-5 * LEAD, 5 * LEAD), st.integers(1, 50_000_000))


def line_of(*weights: int, start: tuple[int, ...] = ()) -> Line:
    """A new span."""
    starts = start or (0,) * len(weights)
    return Line(
        [Chair(weight, credit, 0, (0, n)) for n, (weight, credit) in enumerate(zip(weights, starts, strict=True))]
    )


def test_turns_follow_weights_and_are_spread() -> None:
    """Weights of 3, 2 and 1 give six turns that repeat, nobody twice running within them."""
    line = line_of(3, 2, 1)

    turns = [line.take() for _ in range(12)]

    assert [turns[:6].count(member) for member in range(3)] == [3, 2, 1]
    assert turns[:6] == turns[6:]
    assert (0, 0) not in pairwise(turns[:6])


def test_one_member_takes_every_turn() -> None:
    """Alone in the line there is no credit to reckon with."""
    line = line_of(7)

    assert [line.take() for _ in range(3)] == [0, 0, 0]
    assert line.credit(0) == 0
    assert line.order() == [0]


def test_a_barred_member_keeps_its_turn() -> None:
    """Who is passed over for one turn gets the next."""
    line = line_of(1, 1, 1)

    assert [line.take(barred={0}), line.take(), line.take()] == [1, 0, 2]


def test_large_credits_do_not_break_the_law_of_the_span() -> None:
    """A member that starts a whole turn ahead of its share still waits no longer than the law allows."""
    line = line_of(5, 5, 1, start=(11, -11, 0))

    turns = [line.take() for _ in range(110)]

    assert all(keeps_law((5, 5, 1), [turns[:n].count(member) for member in range(3)]) for n in range(111))


def test_the_law_is_one_turn_either_way() -> None:
    """Exactly one turn from the share is lawful, more is not."""
    assert keeps_law([1, 1], [2, 0])
    assert not keeps_law([1, 1], [3, 0])


@given(members=st.lists(BROUGHT, min_size=1, max_size=12))
@settings(max_examples=300, deadline=None)
def test_carried_credits_sum_to_zero_and_are_bounded(members: list[tuple[int, int]]) -> None:
    """Nobody carries more than one turn into a span, and what one is owed the others owe."""
    credits_, weights = zip(*members, strict=True)

    starts = carried(credits_, weights)

    assert sum(starts) == 0
    assert all(abs(start) <= sum(weights) for start in starts)


@given(brought=st.lists(st.integers(-5 * LEAD, 5 * LEAD), min_size=2, max_size=12), weight=st.integers(1, 9_000_000))
@settings(max_examples=300, deadline=None)
def test_equal_weights_carry_only_their_order(brought: list[int], weight: int) -> None:
    """With equal weights the carried credits are too small to give anyone two turns in one round."""
    starts = carried(brought, [weight] * len(brought))

    assert all(abs(start) * (2 * len(brought) - 2) < weight * len(brought) for start in starts)


def test_what_a_leaver_took_is_spread_by_weight() -> None:
    """Two members who are owed half a turn by one who left owe each other nothing beyond their weights."""
    starts = carried([LEAD // 2, 0], [3_000_000, 1_000_000])

    assert starts == [500_000, -500_000]

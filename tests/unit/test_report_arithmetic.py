"""Shares, intervals, tests and the leak, against numbers worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.audit.policy.arithmetic import fisher, is_mismatch, leak, ratio, unexplained, wilson


def test_the_worked_example_of_the_leak() -> None:
    """400 leads of which 20 % leak, 30 % of the rest book and a quarter of those open: 24 meetings, 6 opportunities."""
    found = leak(400, 0.20, 0.30, 0.25)

    assert (found.lost_meetings, found.lost_opportunities) == pytest.approx((24, 6))
    assert (found.worked, found.meetings, found.opportunities) == pytest.approx((320, 96, 24))


def test_a_share_of_nothing_is_no_number() -> None:
    """Nothing to measure is told apart from zero."""
    assert ratio(0, 0) is None
    assert ratio(0, 4) == 0
    assert wilson(0, 0) is None


def test_the_interval_of_a_share() -> None:
    """5 of 10 lie between 23.7 % and 76.3 %, 0 of 10 below 27.8 %."""
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=0.0001)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=0.0001)


def test_the_exact_test_of_two_shares() -> None:
    """The lady tasting tea: 3 of 4 against 1 of 4 has p = 34/70, 4 of 4 against 0 of 4 has p = 2/70."""
    assert fisher(3, 4, 1, 4) == pytest.approx(34 / 70)
    assert fisher(4, 4, 0, 4) == pytest.approx(2 / 70)


def test_only_a_materially_lower_share_is_flagged() -> None:
    """Enough leads on both sides, lower, and not by chance."""
    assert is_mismatch(1, 20, 20, 40)
    assert not is_mismatch(0, 19, 20, 40)
    assert not is_mismatch(9, 20, 20, 40)
    assert not is_mismatch(19, 20, 20, 40)


@given(st.dictionaries(st.text(), st.tuples(st.integers(0, 1000), st.integers(0, 1000))))
def test_delivered_is_worked_and_the_itemised_rest(places: dict[str, tuple[int, int]]) -> None:
    """Whatever stands where, the difference is zero, and one lead too many shows."""
    delivered = sum(worked + idle for worked, idle in places.values())
    worked = sum(worked for worked, _ in places.values())
    items = {name: idle for name, (_, idle) in places.items()}

    assert unexplained(delivered, worked, items) == 0
    assert unexplained(delivered + 1, worked, items) == 1

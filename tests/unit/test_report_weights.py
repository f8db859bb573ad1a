"""Weights from results: who turns leads into something gets more, within bounds, and few leads say little."""

from hypothesis import given
from hypothesis import strategies as st

from workers.audit.policy.weights import LEAST, MOST, Result, advise


def _weights(*results: Result) -> dict[str, float]:
    return {one.result.rep_id: one.weight for one in advise(results)}


def test_who_converts_more_gets_more() -> None:
    """Of two with a hundred leads each, the one with twice the conversions is advised more than an equal share."""
    weights = _weights(Result("west", "ana", 1, 100, 60, 20), Result("west", "bob", 1, 100, 60, 10))

    assert weights == {"ana": 1.28, "bob": 0.72}


def test_few_leads_say_little() -> None:
    """One lucky conversion among two leads does not double anybody's share."""
    weights = _weights(Result("west", "ana", 1, 2, 2, 1), Result("west", "bob", 1, 200, 100, 20))

    assert 1.0 < weights["ana"] < 1.5


def test_acceptances_count_where_nothing_was_converted() -> None:
    """A pool that has converted nothing yet is judged by its acceptances; one that did nothing gets equal shares."""
    assert _weights(Result("west", "ana", 1, 50, 40, 0), Result("west", "bob", 1, 50, 10, 0))["ana"] > 1
    assert _weights(Result("west", "ana", 1, 5, 0, 0)) == {"ana": 1.0}


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=12))
def test_advice_stays_within_its_bounds(members: list[tuple[int, int]]) -> None:
    """Whatever happened, nobody is advised less than half or more than double an equal share."""
    results = [Result("p", str(n), 1, a + b, a, min(a, b)) for n, (a, b) in enumerate(members)]

    assert all(LEAST <= one.weight <= MOST for one in advise(results))

"""The version in force at an instant: a function of the recorded activations, in whatever order they are read."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.policy.reigns import Activation, in_force, reigns

_START = datetime(2026, 11, 21, tzinfo=UTC)


def _at(minute: int) -> datetime:
    return _START + timedelta(minutes=minute)


#: Few minutes and few versions, so that plans for one minute and returns of a version happen often.
_TIMELINES = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 6)), max_size=8).map(
    lambda pairs: [Activation(number, version, _at(minute)) for number, (version, minute) in enumerate(pairs, start=1)]
)


@given(_TIMELINES, st.randoms(use_true_random=False), st.integers(-1, 7))
def test_the_order_of_reading_does_not_matter(timeline: list[Activation], dice: object, minute: int) -> None:
    """Rows come back in any order; the answer and the reigns are the same."""
    mixed = list(timeline)
    dice.shuffle(mixed)  # type: ignore[attr-defined]  # Hypothesis gives a random.Random

    assert in_force(mixed, _at(minute)) == in_force(timeline, _at(minute))
    assert reigns(mixed) == reigns(timeline)


@given(_TIMELINES, st.integers(1, 4), st.integers(0, 6))
def test_what_is_asked_for_later_does_not_change_what_was(
    timeline: list[Activation], version: int, minute: int
) -> None:
    """A new activation has no effect before its instant, and none after a later one."""
    more = [*timeline, Activation(len(timeline) + 1, version, _at(minute))]
    next_one = min((one.effective_at for one in timeline if one.effective_at > _at(minute)), default=_at(99))

    assert all(in_force(more, _at(m)) == in_force(timeline, _at(m)) for m in range(-1, minute))
    assert in_force(more, _at(minute)) == version
    assert in_force(more, next_one) == (in_force(timeline, next_one) if next_one < _at(99) else version)


@given(_TIMELINES, st.integers(-1, 7))
def test_reigns_tell_the_same_as_asking(timeline: list[Activation], minute: int) -> None:
    """Exactly one reign holds at an instant after the first activation, and it is that of the version in force."""
    holding = [
        one.version
        for one in reigns(timeline)
        if one.since <= _at(minute) and (one.until is None or one.until > _at(minute))
    ]

    assert holding == [version for version in [in_force(timeline, _at(minute))] if version is not None]


@given(_TIMELINES)
def test_reigns_follow_each_other_without_a_gap(timeline: list[Activation]) -> None:
    """Each ends where the next begins, with another version; the last one is open."""
    found = reigns(timeline)

    assert all(one.until == other.since and one.version != other.version for one, other in pairwise(found))
    assert [one.until for one in found[-1:]] == [None] * len(found[-1:])

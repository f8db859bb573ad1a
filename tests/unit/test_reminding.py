"""When the keeper speaks of due notices."""

from hypothesis import given
from hypothesis import strategies as st

from workers.escalation.policy.reminding import LONGEST_WAIT_SECONDS, Reminded, remind


def test_a_new_notice_is_handed_on_at_the_next_tick() -> None:
    """Also while older ones wait for a worker that does not come."""
    first, reminded = remind(Reminded(), [1], 0.0)
    second, reminded = remind(reminded, [1, 2], 1.0)
    third, _ = remind(reminded, [1, 2], 1.5)

    assert (first, second, third) == ([1], [2], [])


def test_the_same_notices_are_handed_on_ever_more_seldom() -> None:
    """With no worker for an hour, the broker gets some seventy hints and not 3,600."""
    reminded, spoken = Reminded(), 0
    for tick in range(3600):
        notices, reminded = remind(reminded, [1, 2], float(tick))
        spoken += bool(notices)

    assert 60 <= spoken <= 70
    assert reminded.wait_seconds == LONGEST_WAIT_SECONDS


def test_what_was_sent_is_forgotten() -> None:
    """A notice that is due again after its pause is new."""
    _, reminded = remind(Reminded(), [1], 0.0)
    none, reminded = remind(reminded, [], 1.0)
    again, _ = remind(reminded, [1], 1.5)

    assert (none, again) == ([], [1])


@given(st.lists(st.sets(st.integers(1, 5)), min_size=1, max_size=50))
def test_nobody_is_forgotten(ticks: list[set[int]]) -> None:
    """Whatever comes and goes, a notice is spoken of at the first tick that finds it due."""
    reminded, before = Reminded(), set[int]()
    for number, due in enumerate(ticks):
        notices, reminded = remind(reminded, sorted(due), number * 0.01)

        assert due - before <= set(notices) <= due
        before = due

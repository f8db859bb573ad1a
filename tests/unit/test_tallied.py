"""The board: what a process shows that it does not count itself."""

from shared.tallied import Board, Entry, Observed, counter, histogram
from tests.fixtures.scrape import read_board, sample

DOORS = counter("doors", "Doors.", colour=("red", "green"))
WAITS = histogram("wait_seconds", "Waits.", (1, 5))
LIGHT = Observed("light", "Light.", ("room",))


def test_a_counter_begins_at_zero_for_every_word_that_is_known() -> None:
    """A word that nobody foresaw is shown as well."""
    board = Board()

    board.put_tallies([DOORS], {Entry("doors", ("blue",), None): 3, Entry("doors", ("red",), None): 2})

    assert read_board(board) == {
        sample("doors_total", colour="blue"): 3,
        sample("doors_total", colour="green"): 0,
        sample("doors_total", colour="red"): 2,
    }


def test_a_histogram_is_cumulative_and_its_sum_is_in_seconds() -> None:
    """The tally keeps each bucket alone, and microseconds."""
    board = Board()
    amounts = {Entry("wait_seconds", (), 1.0): 2.0, Entry("wait_seconds", (), float("inf")): 1.0}

    board.put_tallies([WAITS], {**amounts, Entry("wait_seconds", (), None): 9_500_000})

    shown = read_board(board)
    assert [shown[sample("wait_seconds_bucket", le=edge)] for edge in ("1.0", "5.0", "+Inf")] == [2, 2, 3]
    assert shown[sample("wait_seconds_sum")] == 9.5
    assert shown[sample("wait_seconds_count")] == 3


def test_a_value_on_an_edge_lies_below_it() -> None:
    """`le` means at most."""
    assert [WAITS.bucket(value) for value in (0, 1, 1.001, 5, 6)] == [1, 1, 5, 5, float("inf")]


def test_what_is_dropped_is_not_shown() -> None:
    """The last value of something that nobody can see any more would be a lie."""
    board = Board()
    board.put(LIGHT, {("hall",): 1, ("attic",): 0})
    board.put(LIGHT, {("hall",): 0})
    before = read_board(board)

    board.drop([LIGHT])

    assert before == {sample("light", room="hall"): 0}
    assert read_board(board) == {}

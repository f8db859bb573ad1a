"""Which word leads a plan where, and what is said when it leads nowhere."""

import itertools

import pytest

from workers.reassignment.policy.order import PlanState
from workers.reassignment.policy.states import Word, answer
from workers.reassignment.policy.wording import reason_words


@pytest.mark.parametrize(("word", "state"), list(itertools.product(Word, PlanState)))
@pytest.mark.parametrize("going_back", [True, False])
def test_every_word_has_an_answer(word: Word, state: PlanState, *, going_back: bool) -> None:
    """In each state a word moves the plan, changes nothing, or is refused with a sentence."""
    found = answer(word, state, expired=False, going_back=going_back)

    assert found.state is None or found.refusal is None
    assert found.refusal is None or ":" in found.refusal


@pytest.mark.parametrize("word", Word)
@pytest.mark.parametrize("state", PlanState)
def test_a_word_said_twice_changes_nothing(word: Word, state: PlanState) -> None:
    """Whatever state a word leads to, saying it there again is no refusal and no change."""
    first = answer(word, state, expired=False, going_back=False)
    if first.state is None:
        return

    second = answer(word, first.state, expired=False, going_back=word is Word.UNDO)

    assert second == answer(word, first.state, expired=True, going_back=word is Word.UNDO)
    assert (second.state, second.refusal) == (None, None)


def test_an_expired_plan_is_not_applied() -> None:
    """Leads and reps are others by then."""
    assert answer(Word.APPLY, PlanState.PLANNED, expired=True, going_back=False).refusal


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("now_with:cleo", "it moved on and is with cleo now"),
        ("now_accepted", "it is accepted now"),
        ("policy:nurture:long_term", "the policy would not give it to anybody: nurture:long_term"),
        ("at_capacity", "the rep holds as many leads as the rep may"),
        ("let_it_go", "let it go"),
    ],
)
def test_reasons_are_said_in_words(reason: str, words: str) -> None:
    """A person reads what to do about it."""
    assert reason_words(reason) == words

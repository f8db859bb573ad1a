"""Decisions in words: closed words are translated, unknown ones are shown, and nothing can fail."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.lead import Stage
from workers.assignment.policy.wording import (
    decision_words,
    due_words,
    exclusion_words,
    hold_mend,
    hold_words,
    span_words,
    tried_words,
)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(0), "0s"),
        (timedelta(milliseconds=200), "0.2s"),
        (timedelta(seconds=59), "59s"),
        (timedelta(minutes=12), "12m"),
        (timedelta(hours=1, minutes=5, seconds=9), "1h 5m"),
        (timedelta(days=3, hours=4, minutes=50), "3d 4h"),
        (-timedelta(hours=2), "2h"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(span: timedelta, words: str) -> None:
    """Nobody needs the seconds of a day, and of a second a tenth."""
    assert span_words(span) == words


def test_what_is_due_lies_ahead_or_behind() -> None:
    """An instant is told as seen from now."""
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)

    assert due_words(now + timedelta(hours=2), now) == "in 2h"
    assert due_words(now - timedelta(minutes=3), now) == "3m ago"


def test_a_hold_reason_names_fact_and_mend() -> None:
    """A person reads which fact is missing and which command mends it."""
    assert hold_words("unknown:country,state") == "no rule could be decided without country, state"
    assert hold_mend("unknown:country,state", 7, "exceptions") == "baton lead correct 7 --set country=…"
    assert hold_mend("no_one_available", 7, "exceptions") is None
    assert hold_words("a_new_reason") == "a new reason"


def test_a_cascade_is_told_target_by_target() -> None:
    """Each target is told with what came of it."""
    tried = [
        {"target": "rep:ann", "result": "away", "rep": "ann"},
        {"target": "pool:west", "result": "taken", "rep": "bob"},
    ]

    assert tried_words(tried) == ["rep:ann (ann) is away", "pool:west (bob) took the lead"]
    assert exclusion_words("capped") == "has had as many leads as the pool's cap allows"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(stage=st.sampled_from([str(one) for one in Stage] + ["another"]), detail=st.dictionaries(st.text(), _json))
def test_a_detail_of_any_release_can_be_told(stage: str, detail: dict[str, object]) -> None:
    """Records outlive the code that wrote them: what is not known is shown as it is."""
    told = decision_words(stage, "something", None, detail)

    assert all(isinstance(line, str) for line in told)


def test_a_match_is_told_with_its_key() -> None:
    """Deduplication says which lead, by which key, and which account."""
    detail = {
        "person": {"outcome": "merges", "lead": 3, "by": "email", "seen": []},
        "account": {"id": "acme", "by": "name", "score": 0.95, "tie_break": "customer"},
    }

    told = decision_words("deduplication", "merged", None, detail)

    assert told == ["the same person as lead 3, by email", "account acme by name (0.95 alike), preferred for customer"]

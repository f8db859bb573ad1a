"""When a policy is to be looked through again."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.policy.cadence import review_of, rhythm_of

_LAST = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "days"),
    [
        ("weekly", 7),
        ("fortnightly", 14),
        ("Monthly", 31),
        ("quarterly", 92),
        ("half-yearly", 184),
        ("yearly", 366),
        ("90d", 90),
        ("now and then", None),
        ("", None),
        ("0d", None),
    ],
)
def test_the_usual_rhythms_are_known(every: str, days: int | None) -> None:
    """By word or by duration; what nobody understands is no rhythm."""
    assert rhythm_of(every) == (None if days is None else timedelta(days=days))


def test_it_is_due_when_the_rhythm_has_passed() -> None:
    """Not a moment before; without a rhythm never."""
    monthly, unsaid = review_of("monthly", _LAST, "rita"), review_of("", _LAST, "rita")

    assert monthly.due_at == datetime(2026, 3, 3, tzinfo=UTC)
    assert [monthly.is_due(datetime(2026, 3, day, tzinfo=UTC)) for day in (2, 3, 4)] == [False, True, True]
    assert (unsaid.due_at, unsaid.is_due(_LAST + timedelta(days=9999))) == (None, False)

"""Which of several open opportunities counts."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from workers.deduplication.policy.opportunity import Opportunity, newest_open

OLD, NEW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)

DEALS = st.builds(
    Opportunity,
    opportunity_id=st.sampled_from("abcdef"),
    is_open=st.booleans(),
    opened_at=st.sampled_from([None, OLD, NEW]),
)


def test_the_last_opened_counts_and_blanks_come_last() -> None:
    """Dates go before blanks, later before earlier, and the smaller id decides between equals."""
    deals = [
        Opportunity("a", is_open=True),
        Opportunity("d", is_open=True, opened_at=NEW),
        Opportunity("c", is_open=True, opened_at=NEW),
        Opportunity("b", is_open=True, opened_at=OLD),
        Opportunity("e", is_open=False, opened_at=datetime(2026, 9, 1, tzinfo=UTC)),
    ]

    found = newest_open(deals)

    assert found is not None
    assert found.opportunity_id == "c"


def test_without_an_open_one_there_is_none() -> None:
    """Closed deals lead to nobody."""
    assert newest_open([]) is None
    assert newest_open([Opportunity("a", is_open=False, opened_at=NEW)]) is None


@given(deals=st.lists(DEALS, unique_by=lambda deal: deal.opportunity_id))
def test_no_open_deal_goes_before_the_one_found(deals: list[Opportunity]) -> None:
    """In whatever order they come, the one found is open and no open one is newer, or as new with a smaller id."""
    found = newest_open(deals)

    assert found == newest_open(list(reversed(deals)))
    for deal in deals:
        if deal.is_open:
            assert found is not None
            assert (found.opened_at or datetime.min.replace(tzinfo=UTC)) >= (
                deal.opened_at or datetime.min.replace(tzinfo=UTC)
            )
            assert found.opened_at != deal.opened_at or found.opportunity_id <= deal.opportunity_id

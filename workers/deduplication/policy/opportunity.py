"""Which open opportunity counts when an account has several."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

_BLANK = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A deal of an account; `opened_at` is None where the CRM left it blank."""

    opportunity_id: str
    is_open: bool
    owner_rep_id: str | None = None
    opened_at: datetime | None = None


def newest_open(opportunities: Iterable[Opportunity]) -> Opportunity | None:
    """The open one that was opened last, blanks after all dates, ties by id; None when none is open."""
    by_id = sorted((deal for deal in opportunities if deal.is_open), key=lambda deal: deal.opportunity_id)
    return max(by_id, key=lambda deal: deal.opened_at or _BLANK, default=None)

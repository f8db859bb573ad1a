"""How often a policy is to be looked through, and when that is due; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.duration import DurationError, parse_duration
from shared.policy.words import fold

#: Words for the usual rhythms, each by its longest length, so that a month's 31st is never late.
_RHYTHMS: Mapping[str, timedelta] = {
    "weekly": timedelta(days=7),
    "fortnightly": timedelta(days=14),
    "monthly": timedelta(days=31),
    "quarterly": timedelta(days=92),
    "half-yearly": timedelta(days=184),
    "yearly": timedelta(days=366),
}


@dataclass(frozen=True, slots=True)
class Review:
    """When a policy was last looked through or changed, by whom, and when that is due again (None: not said)."""

    every: str
    last_at: datetime
    last_by: str
    due_at: datetime | None

    def is_due(self, now: datetime) -> bool:
        """Say whether it should have been looked through by now."""
        return self.due_at is not None and self.due_at <= now


def review_of(every: str, last_at: datetime, last_by: str) -> Review:
    """Return when a policy that was looked at then is due again; a rhythm that nobody knows is never due."""
    rhythm = rhythm_of(every)
    return Review(every, last_at, last_by, last_at + rhythm if rhythm else None)


def rhythm_of(every: str) -> timedelta | None:
    """Read `monthly`, `quarterly` or a duration such as `90d`; None for anything else."""
    known = _RHYTHMS.get(fold(every))
    if known is not None:
        return known
    try:
        return parse_duration(every) or None
    except DurationError:
        return None

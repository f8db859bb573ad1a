"""A rep as custody sees one: what the rep holds and when the rep is away. Pure values."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.rep import Rep


@dataclass(frozen=True, slots=True)
class Absence:
    """A time in which a rep is away; nothing new is offered from `starts_at - stop_before` on, until `ends_at`."""

    starts_at: datetime
    ends_at: datetime
    stop_before: timedelta
    cover_rep_id: str | None = None

    def covers(self, at: datetime) -> bool:
        """Say whether the rep takes nothing new at the instant."""
        return self.starts_at - self.stop_before <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class RepState:
    """A rep with what the rep holds, and when the rep is away."""

    rep: Rep
    open_leads: int = 0
    absences: tuple[Absence, ...] = ()

    def away_at(self, at: datetime) -> Absence | None:
        """Return the absence in which the rep takes nothing new at the instant."""
        return next((absence for absence in self.absences if absence.covers(at)), None)

    @property
    def is_full(self) -> bool:
        """Say whether the rep holds as many leads as capacity allows."""
        return self.rep.capacity is not None and self.open_leads >= self.rep.capacity

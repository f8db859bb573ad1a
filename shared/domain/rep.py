"""People who sell: their facts, and the selectors that pick members of pools and queues among them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class RepStatus(StrEnum):
    """Whether a rep still works here; who has departed is never given a lead."""

    ACTIVE = "active"
    DEPARTED = "departed"


class Seniority(StrEnum):
    """How experienced a rep is; `rank` orders junior before regular before senior."""

    JUNIOR = "junior"
    REGULAR = "regular"
    SENIOR = "senior"

    @property
    def rank(self) -> int:
        """Place in the order, junior being 0."""
        return _RANKS[self]


_RANKS = {Seniority.JUNIOR: 0, Seniority.REGULAR: 1, Seniority.SENIOR: 2}


@dataclass(frozen=True, slots=True)
class Rep:
    """One person who sells; capacity None is unlimited, weight is the share within a weighted pool."""

    rep_id: str
    name: str
    email: str | None = None
    manager_email: str | None = None
    manager_channel: str | None = None
    team: str | None = None
    timezone: str | None = None
    status: RepStatus = RepStatus.ACTIVE
    seniority: Seniority = Seniority.REGULAR
    segments: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    weight: Fraction = Fraction(1)
    capacity: int | None = None
    calendar: str | None = None
    slack_id: str | None = None

    @property
    def is_active(self) -> bool:
        """Say whether the rep still works here."""
        return self.status is RepStatus.ACTIVE


Roster = Mapping[str, Rep]


@dataclass(frozen=True, slots=True)
class Members:
    """A selector of reps: all that are given must hold; of several words in one selector, any.

    A selector with nothing given takes every rep. Words compare without regard to case, rep ids exactly.
    """

    reps: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    at_least: Seniority | None = None

    def matches(self, rep: Rep) -> bool:
        """Say whether the rep is a member; status and absence are not looked at here."""
        return (
            (not self.reps or rep.rep_id in self.reps)
            and (not self.teams or _meet(self.teams, (rep.team or "",)))
            and (not self.segments or _meet(self.segments, rep.segments))
            and (not self.skills or _meet(self.skills, rep.skills))
            and (not self.languages or _meet(self.languages, rep.languages))
            and (self.at_least is None or rep.seniority.rank >= self.at_least.rank)
        )


#: The selector that takes every rep.
EVERYONE = Members()


def _meet(wanted: Collection[str], found: Collection[str]) -> bool:
    """Say whether the two share a word, ignoring case."""
    return not {word.casefold() for word in wanted}.isdisjoint(word.casefold() for word in found)

"""Adds up what a draft changes: owners, pools, queues, shares and clocks, before and after; pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from shared.custody.clock import Clocks, ladder_steps
from shared.domain.lead import Status
from shared.policy.compile import Policy
from shared.routing.policy.past import Verdict
from shared.routing.policy.rehearse import Change, Rehearsed
from workers.assignment.policy.shares import PoolLoad, Weights, pool_load

#: Where the lead goes when it has no owner and no name of a place: it is suppressed.
_NOWHERE: Final = "suppressed"


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """One count under the policies that were in force, and under the draft."""

    name: str
    before: int
    after: int

    @property
    def difference(self) -> int:
        """Return by how much the draft changes it."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Breaches:
    """Offers that were or would be marked overdue; `expected` rests on how the new owners answered in the period."""

    before: int
    expected: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the draft changes over a period; every lead counts once, by its last decision of the rules."""

    leads: int
    changes: Mapping[str, int]
    hand_overs: int
    owners: tuple[BeforeAfter, ...]
    places: tuple[BeforeAfter, ...]
    rules: tuple[BeforeAfter, ...]
    pools: tuple[PoolLoad, ...]
    held: BeforeAfter
    default_queue: BeforeAfter
    breaches: Breaches
    moves: tuple[tuple[str, str, int], ...]

    @property
    def differs(self) -> int:
        """Return how many leads would go to another owner or place."""
        return self.changes[Change.PLACE] + self.changes[Change.TURN]


@dataclass(frozen=True, slots=True)
class Promise:
    """By which clock a policy marks an offer as overdue."""

    policy: Policy
    clocks: Clocks

    def due_at(self, found: Rehearsed, start: datetime) -> datetime | None:
        """Return when the offer of the draft would be marked; None where no mark is promised."""
        pool = self.policy.pools.get(found.now.pool or "")
        ladders = self.policy.sla_for(found.route.derived)
        hours = self.clocks.hours(ladders.clock, found.now.rep, pool.calendar if pool else None)
        steps = ladder_steps("accept", ladders.accept, start, hours)
        return next((step.due_at for step in steps if step.action == "flag_overdue"), None)


@dataclass(slots=True)
class Tally:
    """Takes rehearsed decisions one after the other and adds them up; `until` is when the period ends."""

    until: datetime
    last_queues: Mapping[int, str]
    draft_last_queue: str
    #: Set where the draft marks offers by another clock than the policies of the period.
    promise: Promise | None = None
    leads: int = 0
    hand_overs: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    owners: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    places: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    rules: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    given: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    held: list[int] = field(default_factory=lambda: [0, 0])
    last: list[int] = field(default_factory=lambda: [0, 0])
    _offers: Counter[str] = field(default_factory=Counter)
    _late: Counter[str] = field(default_factory=Counter)
    _late_again: int = 0
    _moved_to: Counter[str] = field(default_factory=Counter)

    def add(self, found: Rehearsed, at: datetime) -> None:
        """Count a decision that was made at an instant; test leads never count, hand-overs only as such."""
        past = found.past
        if past.case.test:
            return
        if not past.counts:
            self.hand_overs += past.case.directive is not None
            return
        self.leads += 1
        self.changes[found.change] += 1
        self._place(0, past.was, self.last_queues.get(past.version, ""))
        self._place(1, found.now, self.draft_last_queue)
        if found.change is Change.PLACE:
            self.moves[past.was.target or _NOWHERE, found.now.target or _NOWHERE] += 1
        self._watch(found, at)

    def _place(self, side: int, verdict: Verdict, last_queue: str) -> None:
        place = place_of(verdict)
        (self.owners if verdict.rep else self.places)[place][side] += 1
        self.rules[verdict.rule or "no rule"][side] += 1
        self.held[side] += verdict.status == Status.HELD
        self.last[side] += place == f"queue:{last_queue}"
        if verdict.pool and verdict.rep:
            members = self.given.setdefault(verdict.pool, defaultdict(lambda: [0, 0]))
            members[verdict.rep][side] += 1

    def _watch(self, found: Rehearsed, at: datetime) -> None:
        was, now = found.past.was.rep, found.now.rep
        if was is not None:
            self._offers[was] += 1
            self._late[was] += found.past.overdue
        if now is None:
            return
        if now == was:
            self._late_again += self._is_late(found, at)
        else:
            self._moved_to[now] += 1

    def _is_late(self, found: Rehearsed, at: datetime) -> bool:
        if self.promise is None:
            return found.past.overdue
        due_at = self.promise.due_at(found, at)
        ended_at = found.past.answered_at or found.past.custody_ended_at or self.until
        return due_at is not None and due_at < ended_at

    def result(self, weights_before: Weights, weights_after: Weights) -> Comparison:
        """Return the comparison; the weights are those of the members by pool, of pools that go by weight."""
        return Comparison(
            leads=self.leads,
            changes={one.value: self.changes[one] for one in Change},
            hand_overs=self.hand_overs,
            owners=_pairs(self.owners),
            places=_pairs(self.places),
            rules=_pairs(self.rules),
            pools=tuple(
                pool_load(name, self.given[name], weights_before.get(name, {}), weights_after.get(name, {}))
                for name in sorted(self.given)
            ),
            held=BeforeAfter("held", *self.held),
            default_queue=BeforeAfter(f"queue:{self.draft_last_queue}", *self.last),
            breaches=Breaches(sum(self._late.values()), round(self._late_again + self._expected(), 1)),
            moves=tuple(
                (*pair, leads) for pair, leads in sorted(self.moves.items(), key=lambda one: (-one[1], one[0]))
            ),
        )

    def _expected(self) -> float:
        """Return how many of the leads that others get would be late, by how the new owners answered, or all did."""
        usual = sum(self._late.values()) / (sum(self._offers.values()) or 1)
        return sum(
            leads * (self._late[rep_id] / self._offers[rep_id] if self._offers[rep_id] else usual)
            for rep_id, leads in self._moved_to.items()
        )


def place_of(verdict: Verdict) -> str:
    """Say where a lead goes in one word: the rep, or the queue or track that took it."""
    return verdict.rep or verdict.target or _NOWHERE


def _pairs(counts: Mapping[str, list[int]]) -> tuple[BeforeAfter, ...]:
    return tuple(BeforeAfter(name, *pair) for name, pair in sorted(counts.items()))

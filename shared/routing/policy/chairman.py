"""Whose turn it is when shares follow weights: the chairman assignment problem.

R. Tijdeman, "The chairman assignment problem", Discrete Mathematics 32 (1980) 323-330: each turn a member's credit
grows by its share w/W, and the member who gets the turn pays one. Among the members whose credit has reached
1/(2n - 2), the turn goes to the one whose credit would be the first to pass 1 - 1/(2n - 2). Then no credit ever leaves
that bound, so every member has had its share of the turns to within one.

The proof needs credits that sum to zero and start below 1/(2n - 2). A span that starts with larger ones, carried over
from before somebody joined or left, is *strained*: there the rule stays the preference, and a turn is refused to the
preferred member when the law of the span (within one turn of the share since the span began) could then not be kept.
The law gives the j-th turn of a member a window of slots: from (j - 1) W/w to the first after j W/w. All turns can be
had in their windows when no more of them are due by any slot than there are slots left until then (Hall's theorem),
and that is what `_tight_slot` reads off. Carrying credits keeps shares right in the long run when members come and go
with every lead, where a fresh start each time would starve the small weights.

All arithmetic is in whole numbers. Weights and credits are in the same unit; a turn costs the sum of the weights.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace
from itertools import accumulate, pairwise
from typing import Final

#: Credit that outlives a span is in millionths of a turn, for in the next one the weights have another sum.
LEAD: Final = 1_000_000
#: Deadlines are compared in 2^-20 of a turn: exact enough that nobody's turn is late by a slot, and small integers.
_DEADLINE_SCALE: Final = 1 << 20
#: Turns that `_tight_slot` looks ahead. A member is looked past as far as its share is small, so 4096 serves shares
#: down to 1 in 4096; smaller ones wait for their deadline in a strained span.
_LOOK_AHEAD: Final = 4096


@dataclass(slots=True)
class Chair:
    """A member of the line: its weight, its credit when the span began, its turns since, and how ties are broken."""

    weight: int
    start: int
    turns: int
    tie: tuple[int, int]


class Line:
    """The members of a span in which nobody joins or leaves, and the turns they get; changes as turns are taken."""

    def __init__(self, chairs: Sequence[Chair]) -> None:
        self._chairs = chairs
        self._total = sum(chair.weight for chair in chairs)
        self._slot = sum(chair.turns for chair in chairs)
        self._window = max(0, 2 * len(chairs) - 2)
        self._strained = any(self._window * abs(chair.start) >= self._total for chair in chairs)
        #: Whether a turn has broken the law of the span, which members that were passed over can bring about later.
        self.has_broken_law = False
        # Entries end with the member's turns when they were made; an entry is stale once the member has had another.
        self._waiting: list[tuple[int, int, int]] = []
        self._ready: list[tuple[tuple[int, ...], int, int]] = []
        self._due: list[tuple[int, int, int]] = []
        if self._window:
            for member in range(len(chairs)):
                self._enter(member)

    def credit(self, member: int) -> int:
        """What the member is owed now: its share of all turns of the span, less its own, plus what it started with."""
        chair = self._chairs[member]
        return chair.start + chair.weight * self._slot - self._total * chair.turns

    def take(self, barred: Collection[int] = ()) -> int:
        """Give the next turn to a member that is not barred and return it; at least one must be free."""
        self._slot += 1
        member = self._choose(barred)
        self._settle(member, 1)
        return member

    def note(self, member: int, turns: int) -> None:
        """Count turns that the member was given, or gave back (negative), whoever's turn it was."""
        self._slot += turns
        self._settle(member, turns)

    def order(self) -> list[int]:
        """All members as their turns fall due: those whose credit has come up to the bar before the others."""
        if not self._window:
            return list(range(len(self._chairs)))
        return sorted(
            range(len(self._chairs)),
            key=lambda member: (self._release(member) > self._slot + 1, self._preference(member)),
        )

    def _choose(self, barred: Collection[int]) -> int:
        if not self._window:
            return 0
        preferred = self._first_ready(barred)
        if preferred is None:
            return min(self._lawful(barred), key=lambda member: (self._due_slot(member), self._preference(member)))
        if not self._strained:
            return preferred
        tight = self._tight_slot(self._due_slot(preferred))
        if self._due_slot(preferred) <= tight:
            return preferred
        lawful = self._lawful(barred)
        urgent = [member for member in lawful if self._due_slot(member) <= tight]
        return min(urgent or lawful, key=self._preference)

    def _lawful(self, barred: Collection[int]) -> list[int]:
        """The free members whom this turn leaves within the law, or all the free when it leaves none so."""
        free = [member for member in range(len(self._chairs)) if member not in barred]
        return [member for member in free if self._is_lawful(member)] or free

    def _first_ready(self, barred: Collection[int]) -> int | None:
        """The ready member whose credit would be the first to pass the bound."""
        while self._waiting and self._waiting[0][0] <= self._slot:
            _, member, turns = heappop(self._waiting)
            heappush(self._ready, (self._preference(member), member, turns))
        passed_over, found = [], None
        while self._ready and found is None:
            entry = self._ready[0]
            _, member, turns = entry
            if turns != self._chairs[member].turns:
                heappop(self._ready)
            elif member in barred or (self._strained and not self._is_lawful(member)):
                passed_over.append(heappop(self._ready))
            else:
                found = member
        for entry in passed_over:
            heappush(self._ready, entry)
        return found

    def _first_due(self) -> int:
        """The first slot by which somebody falls more than one turn below the share."""
        while self._due[0][2] != self._chairs[self._due[0][1]].turns:
            heappop(self._due)
        return self._due[0][0]

    def _tight_slot(self, before: int) -> int:
        """The first slot by which everyone due must be served from this turn on, or `before` when there is none."""
        if self._first_due() >= before:
            return before
        jobs = self._due.copy()
        served = 0
        while jobs[0][0] < before and served < _LOOK_AHEAD:
            slot, member, turns = jobs[0]
            if turns < self._chairs[member].turns:
                heappop(jobs)
                continue
            served += 1
            if slot - self._slot < served:
                return slot
            heapreplace(jobs, (self._due_slot(member, turns + 1), member, turns + 1))
        return min(before, jobs[0][0])

    def _settle(self, member: int, turns: int) -> None:
        """Count turns that the member was given in the slots up to this one."""
        chair = self._chairs[member]
        chair.turns += turns
        if self._window:
            self._enter(member)
            too_early = self._total * (chair.turns - 1) > chair.weight * self._slot
            self.has_broken_law |= too_early or self._first_due() <= self._slot

    def _enter(self, member: int) -> None:
        turns = self._chairs[member].turns
        heappush(self._waiting, (self._release(member), member, turns))
        heappush(self._due, (self._due_slot(member), member, turns))

    def _release(self, member: int) -> int:
        """The first slot in which the member's credit reaches 1/(2n - 2)."""
        chair = self._chairs[member]
        missing = self._total + self._window * (self._total * chair.turns - chair.start)
        return -(-missing // (self._window * chair.weight))

    def _preference(self, member: int) -> tuple[int, ...]:
        """When the member's credit passes 1 - 1/(2n - 2), then the higher weight, then how ties are broken."""
        chair = self._chairs[member]
        missing = self._total * (self._window - 1) + self._window * (self._total * chair.turns - chair.start)
        return (_DEADLINE_SCALE * missing // (self._window * chair.weight), -chair.weight, *chair.tie)

    def _is_lawful(self, member: int) -> bool:
        """True when this turn leaves the member at most one turn above its share of the span."""
        chair = self._chairs[member]
        return self._total * chair.turns <= chair.weight * self._slot

    def _due_slot(self, member: int, turns: int | None = None) -> int:
        """The slot by which the member, having had so many turns, falls more than one turn below its share."""
        chair = self._chairs[member]
        return self._total * ((chair.turns if turns is None else turns) + 1) // chair.weight + 1


def keeps_law(weights: Sequence[int], turns: Sequence[int]) -> bool:
    """True when every member's turns are within one of its share of them all."""
    total, slot = sum(weights), sum(turns)
    return all(abs(total * own - weight * slot) <= total for weight, own in zip(weights, turns, strict=True))


def carried(brought: Sequence[int], weights: Sequence[int]) -> list[int]:
    """The credits with which a span starts, from those (in millionths of a turn) that its members bring.

    They sum to zero: what leavers took or joiners brought is spread by weight. Nobody carries more than one turn; with
    equal weights less than 1/(2n - 2), so that the order is kept and the line is a plain round robin.
    """
    total = sum(weights)
    if len(weights) < 2:
        return [0] * len(weights)
    worth = [credit * total // LEAD for credit in brought]
    shares = _spread(weights, sum(worth), total)
    centred = [credit - share for credit, share in zip(worth, shares, strict=True)]
    most = (total - 1) // (2 * len(weights) - 2) if min(weights) == max(weights) else total
    largest = max(map(abs, centred))
    return _spread(centred, most, largest) if largest > most else centred


def _spread(parts: Sequence[int], numerator: int, denominator: int) -> list[int]:
    """Each part times numerator / denominator, rounded so that the sum is the rounded sum."""
    sums = (part * numerator // denominator for part in accumulate(parts, initial=0))
    return [after - before for before, after in pairwise(sums)]

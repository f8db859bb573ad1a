"""Choosing inside a pool: who of the eligible members gets the next lead, and why the others do not.

A pool's state is a value; `pick` returns who is given a lead and the state after it. `Picker` does the same for a batch
and gives exactly what one `pick` after another would.

`weighted` follows `chairman`: over any span in which the same members are eligible, everyone's leads are within one of
the weighted share. `least_loaded` takes whoever holds the fewest open leads. Ties go to the higher weight, then to the
member least recently given to, then by rep id.

Who joins starts at the pool's present level. Who returns brings the credit it left with, at most one lead either way:
nothing accrues while away, so nobody is flooded, and a member that fills up and frees up all day is not starved.

Adjustments by ops are kept apart from credit, as whole leads that a member is `owed`. A member who is owed leads is
given them first, outside the line; one who owes leads lets its turns pass while somebody who owes none can take them.
So an adjustment moves a member by exactly its size, and it outlives absences.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from heapq import heappop, heappush
from typing import Final

from shared.routing.policy.chairman import LEAD, Chair, Line, carried, keeps_law

#: Weights count to six decimals: finer than anyone states a share, and all sums stay within a 64-bit integer.
WEIGHT_SCALE: Final = 1_000_000

NOT_A_MEMBER: Final = "not_a_member"
AT_CAPACITY: Final = "at_capacity"
CAPPED: Final = "capped"
NO_WEIGHT: Final = "no_weight"


class Strategy(StrEnum):
    """How a pool chooses among its eligible members."""

    WEIGHTED = "weighted"
    LEAST_LOADED = "least_loaded"


@dataclass(frozen=True, slots=True)
class Seat:
    """A rep's place in a pool: what limits it, and its line of the pool's ledger.

    `credit` is in millionths of a weight while `present` (one lead is the sum of the weights of the members present),
    else in millionths of a lead; `turns` counts those since the present span began; `present` says that the rep was
    eligible at the pool's last decision; `last_given` is the pool's count of given leads at the rep's last one
    (0: never); `owed` is in leads. A rep whose weight was changed is best passed in with `present` false.
    """

    rep_id: str
    weight: Decimal | Fraction | int = 1
    capacity: int | None = None
    open_leads: int = 0
    cap_left: int | None = None
    credit: int = 0
    turns: int = 0
    owed: int = 0
    present: bool = False
    last_given: int = 0
    excluded_reason: str | None = None


@dataclass(frozen=True, slots=True)
class PoolState:
    """A pool as it stands: how it chooses, its seats, and how many leads it has given.

    Every line of the ledger belongs here, also of those who can get nothing now: a span ends, and a leaver's credit is
    shared out, when it is seen that the rep is gone.
    """

    strategy: Strategy
    seats: tuple[Seat, ...]
    given: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """One rep in the answer to "who is next, and why are the others not".

    `order` counts from 1 among the eligible and is None for the others, who have a `reason` instead. `credit` is in
    leads: how far the rep is behind its share.
    """

    rep_id: str
    eligible: bool
    reason: str | None
    credit: float
    open_leads: int
    owed: int
    order: int | None


def pick(state: PoolState, without: Collection[str] = ()) -> tuple[str | None, PoolState]:
    """Who is given the next lead (None: nobody is eligible), and the pool after it."""
    picker = Picker(state)
    rep_id = picker.pick(without)
    return rep_id, picker.state()


def explain(state: PoolState) -> tuple[Standing, ...]:
    """Everyone's standing: the eligible in the order of their turns, then the others by rep id."""
    next_rep_id, _ = pick(state)
    return Picker(state).standings(next_rep_id)


@dataclass(slots=True)
class _Place:
    """A seat while a batch is being given out."""

    seat: Seat
    rank: int
    units: int
    open_leads: int
    cap_left: int | None
    credit: int
    turns: int
    owed: int
    present: bool
    last_given: int
    eligible: bool = False
    member: int = -1

    @classmethod
    def of(cls, seat: Seat, rank: int) -> "_Place":
        """A place for the seat."""
        return cls(
            seat,
            rank,
            _units(seat.weight),
            seat.open_leads,
            seat.cap_left,
            seat.credit,
            seat.turns,
            seat.owed,
            seat.present,
            seat.last_given,
        )

    def reason(self) -> str | None:
        """Why the rep can be given nothing now; None when it can."""
        if self.seat.excluded_reason is not None:
            return self.seat.excluded_reason
        if self.seat.capacity is not None and self.open_leads >= self.seat.capacity:
            return AT_CAPACITY
        if self.cap_left is not None and self.cap_left <= 0:
            return CAPPED
        return None if self.units > 0 else NO_WEIGHT

    def tie(self) -> tuple[int, int]:
        """How ties of equal weight are broken: least recently given, then rep id."""
        return (self.last_given, self.rank)

    def load(self) -> tuple[int, int, int, int]:
        """The place's position among the least loaded."""
        return (self.open_leads, -self.units, self.last_given, self.rank)

    def to_seat(self) -> Seat:
        """The seat as it stands now; written out, for copying field by field costs as much as choosing."""
        seat = self.seat
        own = (self.open_leads, self.cap_left, self.credit, self.turns, self.owed, self.present, self.last_given)
        return Seat(seat.rep_id, seat.weight, seat.capacity, *own, seat.excluded_reason)


def _units(weight: Decimal | Fraction | int) -> int:
    """A weight in whole units; asked for every seat of every batch, and multiplying fractions reduces them first."""
    numerator, denominator = weight.as_integer_ratio()
    return numerator * WEIGHT_SCALE // denominator


class Picker:
    """Gives the leads of one batch to the members of one pool; lives inside a pure function and is thrown away."""

    def __init__(self, state: PoolState) -> None:
        self._strategy = state.strategy
        self._given = state.given
        # Ranks by rep id make the result independent of the order in which seats were loaded.
        seats = sorted(state.seats, key=lambda seat: seat.rep_id)
        self._places = [_Place.of(seat, rank) for rank, seat in enumerate(seats)]
        self._by_rep = {place.seat.rep_id: place for place in self._places}
        self._eligible: list[_Place] = []
        self._creditors: list[_Place] = []
        self._chairs: list[Chair] = []
        self._line = Line(self._chairs)
        self._loads: list[tuple[int, int, int, int]] = []
        self._stale = True

    def pick(self, without: Collection[str] = ()) -> str | None:
        """The rep who is given the next lead, or None when nobody is eligible.

        Reps in `without` are passed over for this lead only and keep their turn.
        """
        if self._stale:
            self._seat_members()
        barred = {place.rank for place in self._eligible if place.seat.rep_id in without} if without else frozenset()
        if len(barred) == len(self._eligible):
            return None
        place = self._creditor(barred)
        if place is None:
            in_turn = self._lightest if self._strategy is Strategy.LEAST_LOADED else self._next_in_line
            place = in_turn(barred)
        self._give(place)
        # Passing members over strains the law of the span: forming the line anew sees whether the span has ended.
        self._stale |= bool(barred)
        return place.seat.rep_id

    def give(self, rep_id: str) -> str | None:
        """Give a lead to this member, whoever's turn it is; return why it can be given nothing, None when it was."""
        if self._stale:
            self._seat_members()
        place = self._by_rep.get(rep_id)
        reason = NOT_A_MEMBER if place is None else place.reason()
        if place is None or reason is not None:
            return reason
        if place.owed > 0:
            place.owed -= 1
            self._stale = True
        elif self._strategy is Strategy.WEIGHTED:
            self._line.note(place.member, 1)
        self._give(place)
        return None

    def take_back(self, rep_id: str) -> None:
        """Undo one `give`: the member has had one lead less, and its turn comes again as if it had not."""
        place = self._by_rep.get(rep_id)
        if place is None:
            return
        self._write_credits()
        # What is given back in another order than it was given strains the law on the way, and not in the end: the
        # ledger is put right by itself, and the line is formed anew when somebody is next in it.
        self._chairs, self._stale = [], True
        present = [other for other in self._places if other.present]
        if place.present and self._strategy is Strategy.WEIGHTED:
            for other in present:
                other.credit -= other.units
            place.credit += sum(other.units for other in present)
            place.turns -= 1
        elif not place.present:
            place.credit += LEAD
        place.open_leads -= 1

    def cap(self, rep_id: str, leads: int) -> None:
        """Let the member be given at most so many leads from here on."""
        place = self._by_rep.get(rep_id)
        if place is not None:
            place.cap_left = leads if place.cap_left is None else min(leads, place.cap_left)
            self._note_change(place)

    def add_load(self, rep_id: str, leads: int = 1) -> None:
        """Count leads that the rep was given elsewhere in the batch (negative: taken away), if it is in this pool."""
        place = self._by_rep.get(rep_id)
        if place is not None:
            place.open_leads += leads
            self._note_change(place)

    def state(self) -> PoolState:
        """The pool after the leads given so far."""
        self._write_credits()
        return PoolState(self._strategy, tuple(place.to_seat() for place in self._places), self._given)

    def standings(self, next_rep_id: str | None) -> tuple[Standing, ...]:
        """Everyone's standing: `next_rep_id`, the other eligible in the order of their turns, the others by rep id."""
        self._seat_members()
        weighted = self._strategy is Strategy.WEIGHTED
        queue = [self._eligible[m] for m in self._line.order()] if weighted else sorted(self._eligible, key=_Place.load)
        queue.sort(key=lambda place: (place.seat.rep_id != next_rep_id, min(0, -place.owed)))
        positions = {place.rank: position for position, place in enumerate(queue, 1)}
        total = sum(place.units for place in queue) or 1
        return tuple(
            Standing(
                rep_id=place.seat.rep_id,
                eligible=place.eligible,
                reason=place.reason(),
                credit=place.credit / total if weighted else 0.0,
                open_leads=place.open_leads,
                owed=place.owed,
                order=positions.get(place.rank),
            )
            for place in (*queue, *(place for place in self._places if not place.eligible))
        )

    def _seat_members(self) -> None:
        """Find who is eligible now and, when that has changed, begin a new span with the credits carried over."""
        self._write_credits()
        for place in self._places:
            place.eligible = place.reason() is None
        self._eligible = [place for place in self._places if place.eligible]
        self._creditors = [place for place in self._eligible if place.owed > 0]
        if self._strategy is Strategy.LEAST_LOADED:
            self._loads = sorted(place.load() for place in self._eligible)
        else:
            if self._span_ended():
                self._begin_span()
            self._form_line()
        self._stale = False

    def _span_ended(self) -> bool:
        """True when somebody joined or left, or when the ledger does not fit the weights (they were changed, say)."""
        return (
            any(place.present != place.eligible for place in self._places)
            or sum(place.credit for place in self._eligible) != 0
            # Leads were taken back that an earlier span had given.
            or any(place.turns < 0 for place in self._eligible)
            or not keeps_law([place.units for place in self._eligible], [place.turns for place in self._eligible])
        )

    def _begin_span(self) -> None:
        former_total = sum(place.units for place in self._places if place.present)
        for place in self._places:
            if place.present:
                place.credit = place.credit * LEAD // former_total if former_total else 0
            place.present, place.turns = place.eligible, 0
        starts = carried([place.credit for place in self._eligible], [place.units for place in self._eligible])
        for place, start in zip(self._eligible, starts, strict=True):
            place.credit = start

    def _form_line(self) -> None:
        total = sum(place.units for place in self._eligible)
        slots = sum(place.turns for place in self._eligible)
        self._chairs = [
            Chair(place.units, place.credit - place.units * slots + total * place.turns, place.turns, place.tie())
            for place in self._eligible
        ]
        self._line = Line(self._chairs)
        for member, place in enumerate(self._eligible):
            place.member = member

    def _write_credits(self) -> None:
        """Bring the places up to the turns that the line has given."""
        if self._chairs:
            for member, place in enumerate(self._eligible):
                place.credit, place.turns = self._line.credit(member), self._chairs[member].turns

    def _creditor(self, barred: Collection[int]) -> _Place | None:
        """The member whom ops owe the most leads, if they owe anyone; one of them is being paid."""
        owed = [place for place in self._creditors if place.rank not in barred]
        if not owed:
            return None
        place = min(owed, key=lambda place: (-place.owed, -place.units, place.tie()))
        place.owed -= 1
        # Ties in the line depend on who was given to last, which is not a matter of the line alone now.
        self._stale = True
        return place

    def _next_in_line(self, barred: Collection[int]) -> _Place:
        """The member whose turn it is, after the turns that debtors let pass."""
        members = {place.member for place in self._eligible if place.rank in barred} if barred else frozenset()
        while True:
            place = self._eligible[self._line.take(members)]
            if not self._passes(place, barred):
                return place

    def _lightest(self, barred: Collection[int]) -> _Place:
        """The member with the fewest open leads, after debtors that let this lead pass."""
        passed_over: set[tuple[int, int, int, int]] = set()
        while True:
            load = heappop(self._loads)
            place = self._places[load[-1]]
            # The heap keeps what members held before; only the entry that is still true counts, and once.
            if load != place.load() or load in passed_over:
                continue
            passed_over.add(load)
            if place.rank not in barred and not self._passes(place, barred):
                break
        for load in passed_over:
            heappush(self._loads, load)
        return place

    def _passes(self, place: _Place, barred: Collection[int]) -> bool:
        """True when the member owes leads and somebody who owes none can take this one; the debt is then one less."""
        if place.owed >= 0 or not any(p.owed >= 0 and p.rank not in barred for p in self._eligible):
            return False
        place.owed += 1
        return True

    def _give(self, place: _Place) -> None:
        self._given += 1
        place.last_given = self._given
        place.open_leads += 1
        if place.cap_left is not None:
            place.cap_left -= 1
        if self._strategy is Strategy.WEIGHTED:
            self._chairs[place.member].tie = place.tie()
            # It may break long after somebody was passed over.
            self._stale |= self._line.has_broken_law
        self._note_change(place)

    def _note_change(self, place: _Place) -> None:
        """Look at everyone again when this member has filled up or become free."""
        if (place.reason() is None) != place.eligible:
            self._stale = True
        elif self._strategy is Strategy.LEAST_LOADED and place.eligible:
            heappush(self._loads, place.load())

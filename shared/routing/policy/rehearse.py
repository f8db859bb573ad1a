"""Decides history again under a draft: the code that routes, over who could take each batch as it was recorded.

As long as the draft has given a pool's leads to the same members as the record, the pool stands in the replay as the
record has it. From the first lead that differs, and from the start where the draft makes the pool otherwise, its ledger
is carried from batch to batch. What reps hold is what they held then, and the leads that the draft gave otherwise are
added and taken away for as long as somebody had them.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import heappop, heappush
from itertools import count

from shared.custody.states import Absence, RepState
from shared.domain.calendar import OpenHours
from shared.domain.rep import Rep, RepStatus
from shared.policy.compile import Policy
from shared.policy.document import OnAbsence
from shared.routing.policy.balance import PoolState
from shared.routing.policy.case import Coverage
from shared.routing.policy.past import Past, PastBatch, Rosters, Verdict, reshaped_pools, verdict_of
from shared.routing.policy.place import Placing
from shared.routing.policy.pools import Ledger, members_of, pool_state
from shared.routing.policy.record import CoverageRecord, ledger_of
from shared.routing.policy.route import Route, direct_reps_of, route_one

#: An absence of which the record only says that it was: it covers the instant of the batch.
_MOMENT = timedelta(seconds=1)


class Change(StrEnum):
    """What the draft does otherwise: nothing, another way to the same owner, another turn there, another place."""

    NONE = "none"
    RULE = "rule"
    TURN = "turn"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class Draft:
    """The policy that is tried out; `calendars` gives its hours around an instant."""

    policy: Policy
    last_queue: str
    calendars: Callable[[datetime], Mapping[str, OpenHours]]


@dataclass(frozen=True, slots=True)
class People:
    """The reps of the past: as they were, what they held when the period began, and when they were away.

    `usual_hold` is for how long a lead counts as held by a rep whom only the draft gave it to; None: for good.
    """

    rosters: Rosters
    loads: Mapping[str, int] = field(default_factory=dict)
    absences: Mapping[str, Sequence[Absence]] = field(default_factory=dict)
    usual_hold: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One decision of the past beside what the draft makes of it."""

    past: Past
    route: Route
    now: Verdict
    change: Change


def change_of(was: Verdict, now: Verdict) -> Change:
    """Say how two verdicts on one lead differ."""
    if (was.status, was.owner) == (now.status, now.owner):
        same = (was.rule, was.target, was.hold_reason) == (now.rule, now.target, now.hold_reason)
        return Change.NONE if same else Change.RULE
    return Change.TURN if (was.status, was.target) == (now.status, now.target) else Change.PLACE


class Rehearsal:
    """Walks the batches of a period in their order; keeps what the draft has done so far."""

    def __init__(self, draft: Draft, people: People, former: Callable[[int], Policy]) -> None:
        """Begin; `former` gives the policy of a version that decisions were recorded under."""
        self._draft = draft
        self._people = people
        self._former = former
        self._versions: set[int] = set()
        self._roster: int | None = None
        self._books = _Books(draft.policy)
        self._loads = _Loads(people.loads, people.usual_hold)
        self._teams: tuple[int | None, Mapping[str, list[str]], Mapping[str, str]] | None = None
        self._members: tuple[int | None, dict[str, list[str]]] = (None, {})

    def decide(self, batch: PastBatch) -> list[Rehearsed]:
        """Decide one batch under the draft, in the order in which a batch is decided."""
        self._look_at_versions(batch.leads)
        self._loads.come_to(batch.at, (one.lead_id for one in batch.leads))
        if batch.record is not None:
            self._roster = batch.record.roster
        past = {one.lead_id: one for one in batch.leads}
        routes = [route_one(self._draft.policy, one.case) for one in batch.leads]
        placing = Placing(self._draft.policy, self._draft.last_queue, self._coverage(batch, routes))
        found = []
        for placement in placing.place_all(routes):
            one, now = past[placement.case.lead_id], verdict_of(placement)
            found.append(Rehearsed(one, placement.route, now, change_of(one.was, now)))
        self._books.close(batch, found, placing)
        self._loads.note(batch, found)
        return found

    def _look_at_versions(self, leads: Sequence[Past]) -> None:
        for version in {one.version for one in leads} - self._versions:
            self._versions.add(version)
            self._books.astray |= reshaped_pools(self._draft.policy, self._former(version))

    def _coverage(self, batch: PastBatch, routes: Sequence[Route]) -> Coverage:
        roster = self._people.rosters.at(self._roster)
        world = _World(self, batch, roster)
        direct = direct_reps_of(routes, *self._teams_of(roster)) & roster.keys()
        if self._draft.policy.on_away.offered is OnAbsence.COVER:
            direct |= {cover for rep_id in direct for cover in world.covers(rep_id)} & roster.keys()
        world.look_at(direct)
        return Coverage(batch.at, world.reps, _Pools(world), self._draft.calendars(batch.at))

    def _teams_of(self, roster: Mapping[str, Rep]) -> tuple[Mapping[str, list[str]], Mapping[str, str]]:
        if self._teams is None or self._teams[0] != self._roster:
            team_of = {rep_id: rep.team for rep_id, rep in roster.items() if rep.team}
            teams: dict[str, list[str]] = defaultdict(list)
            for rep_id, team in team_of.items():
                teams[team].append(rep_id)
            self._teams = (self._roster, teams, team_of)
        return self._teams[1:]

    def members(self, name: str, roster: Mapping[str, Rep]) -> list[str]:
        """Return whom the draft's pool takes of the reps of that time."""
        if self._members[0] != self._roster:
            self._members = (self._roster, {})
        known = self._members[1]
        if name not in known:
            known[name] = members_of(self._draft.policy.pools[name], roster)
        return known[name]

    def pool(self, name: str, world: "_World") -> PoolState:
        """Return a pool of the draft as it stands before the batch."""
        pool, members = self._draft.policy.pools[name], self.members(name, world.roster)
        ledger = self._books.ledger(name, world.batch)
        world.look_at({*members, *ledger.lines})
        return pool_state(pool, members, world.reps, ledger, self._draft.calendars(world.batch.at), world.batch.at)

    def load(self, rep_id: str, record: CoverageRecord | None) -> int:
        """Return what a rep holds before the batch."""
        return self._loads.of(rep_id, record)

    def absences(self, rep_id: str) -> Sequence[Absence]:
        """Return when a rep is away by today's table."""
        return self._people.absences.get(rep_id, ())


class _World:
    """The reps as they stand before one batch."""

    def __init__(self, rehearsal: Rehearsal, batch: PastBatch, roster: Mapping[str, Rep]) -> None:
        self.rehearsal = rehearsal
        self.batch = batch
        self.roster = roster
        #: Those who were looked at so far.
        self.reps: dict[str, RepState] = {}

    def look_at(self, rep_ids: Collection[str]) -> None:
        """Put these reps among those who are looked at, with load and absences; who is not known stays out."""
        for rep_id in rep_ids:
            rep = None if rep_id in self.reps else self.roster.get(rep_id)
            if rep is not None:
                self.reps[rep_id] = self._state(rep)

    def covers(self, rep_id: str) -> list[str]:
        """Return who stands in for a rep who is away."""
        return [one.cover_rep_id for one in self._absences(rep_id) if one.cover_rep_id]

    def _state(self, rep: Rep) -> RepState:
        record = self.batch.record
        if record is not None and rep.rep_id in record.departed:
            rep = replace(rep, status=RepStatus.DEPARTED)
        return RepState(rep, self.rehearsal.load(rep.rep_id, record), self._absences(rep.rep_id))

    def _absences(self, rep_id: str) -> tuple[Absence, ...]:
        record, at = self.batch.record, self.batch.at
        if record is None or rep_id not in record.loads:
            return tuple(self.rehearsal.absences(rep_id))
        if rep_id not in record.away:
            return ()
        return (Absence(at - _MOMENT, at + _MOMENT, timedelta(0), record.away[rep_id]),)


class _Pools(dict[str, PoolState]):
    """The pools of a batch, each put together when it is asked."""

    def __init__(self, world: _World) -> None:
        super().__init__()
        self._world = world

    def __missing__(self, name: str) -> PoolState:
        self[name] = self._world.rehearsal.pool(name, self._world)
        return self[name]


class _Books:
    """The ledgers of the draft's pools; `astray` are those in which the draft no longer goes with the record."""

    def __init__(self, policy: Policy) -> None:
        self.astray: set[str] = set()
        self._policy = policy
        #: What each pool was like after its last batch: put together only where a later batch asks.
        self._carried: dict[str, Placing | Ledger] = {}
        self._gave: dict[str, deque[tuple[datetime, str]]] = {
            name: deque() for name, pool in policy.pools.items() if pool.cap
        }

    def ledger(self, name: str, batch: PastBatch) -> Ledger:
        """Return a pool's ledger before the batch."""
        recorded = batch.record.ledgers.get(name) if batch.record else None
        carried = self._carried.get(name)
        if recorded is not None and (name not in self.astray or carried is None):
            ledger = recorded
        elif isinstance(carried, Placing):
            ledger = ledger_of(carried.ledger(name), self._policy.pools[name])
        else:
            ledger = carried or Ledger()
        if name not in self._gave or (recorded is not None and name not in self.astray):
            return ledger
        return replace(ledger, given_in_window=self._window(name, batch.at))

    def _window(self, name: str, at: datetime) -> Mapping[str, int]:
        cap, gave = self._policy.pools[name].cap, self._gave[name]
        while cap and gave and gave[0][0] <= at - cap.per:
            gave.popleft()
        return Counter(rep_id for _, rep_id in gave)

    def close(self, batch: PastBatch, found: Sequence[Rehearsed], placing: Placing) -> None:
        """Take note of what the batch has given, and of the pools in which that is not what the record says."""
        was = _gifts((one.past.lead_id, one.past.was) for one in found)
        now = _gifts((one.past.lead_id, one.now) for one in found)
        self._carried.update(dict.fromkeys(placing.asked, placing))
        strayed = {name for name in (was.keys() | now.keys()) - self.astray if was.get(name) != now.get(name)}
        self.astray |= strayed
        recorded = batch.record.ledgers if batch.record else {}
        for name in recorded.keys() - placing.asked:
            # Before the first batch that only the record has given from, both stood alike.
            if name in strayed or (name in self.astray and name not in self._carried):
                self._carried[name] = recorded[name]
        for name in self._gave.keys() & now.keys():
            self._gave[name].extend((batch.at, rep_id) for rep_id in now[name].values())


def _gifts(verdicts: Iterable[tuple[int, Verdict]]) -> dict[str, dict[int, str]]:
    """Return which leads each pool gave to whom."""
    gifts: dict[str, dict[int, str]] = {}
    for lead_id, one in verdicts:
        pool, rep_id = one.pool, one.rep
        if pool is not None and rep_id is not None:
            gifts.setdefault(pool, {})[lead_id] = rep_id
    return gifts


class _Loads:
    """What reps hold: what they held then, with the leads that the draft has given otherwise."""

    def __init__(self, first: Mapping[str, int], usual_hold: timedelta | None) -> None:
        self._known = dict(first)
        self._usual_hold = usual_hold
        self._more: Counter[str] = Counter()
        self._moved: dict[int, tuple[int, str | None, str | None]] = {}
        self._ends: list[tuple[datetime, int, int]] = []
        self._recorded_ends: list[tuple[datetime, str]] = []
        self._numbers = count()

    def of(self, rep_id: str, record: CoverageRecord | None) -> int:
        """Return what a rep holds; of who was not looked at then, what was last known."""
        held = record.loads.get(rep_id) if record else None
        if held is None:
            held = self._known.get(rep_id, 0)
        return max(0, held + self._more[rep_id])

    def come_to(self, at: datetime, decided: Iterable[int]) -> None:
        """Let go of the leads whose custody has ended by then, and of those that are decided again now."""
        while self._recorded_ends and self._recorded_ends[0][0] <= at:
            self._known[heappop(self._recorded_ends)[1]] -= 1
        while self._ends and self._ends[0][0] <= at:
            _, number, lead_id = heappop(self._ends)
            if lead_id in self._moved and self._moved[lead_id][0] == number:
                self._let_go(lead_id)
        for lead_id in decided:
            self._let_go(lead_id)

    def note(self, batch: PastBatch, found: Sequence[Rehearsed]) -> None:
        """Take note of the leads that the draft gives to others than the record."""
        if batch.record is not None:
            self._known.update(batch.record.loads)
        for one in found:
            was, now = one.past.was.rep, one.now.rep
            self._note_record(was, one.past.custody_ended_at)
            if was == now:
                continue
            number = next(self._numbers)
            self._moved[one.past.lead_id] = (number, was, now)
            self._count(was, now, 1)
            ends_at = self._ends_at(one.past, batch.at)
            if ends_at is not None:
                heappush(self._ends, (ends_at, number, one.past.lead_id))

    def _note_record(self, was: str | None, ends_at: datetime | None) -> None:
        if was is not None:
            self._known[was] = self._known.get(was, 0) + 1
            if ends_at is not None:
                heappush(self._recorded_ends, (ends_at, was))

    def _ends_at(self, past: Past, at: datetime) -> datetime | None:
        if past.was.status in {"offered", "pooled", "held"}:
            return past.custody_ended_at
        return at + self._usual_hold if self._usual_hold else None

    def _let_go(self, lead_id: int) -> None:
        moved = self._moved.pop(lead_id, None)
        if moved is not None:
            self._count(moved[1], moved[2], -1)

    def _count(self, was: str | None, now: str | None, leads: int) -> None:
        if was is not None:
            self._more[was] -= leads
        if now is not None:
            self._more[now] += leads

"""Finds each lead of a batch its place: targets in order, pools with their overflow, and at last a named queue.

The cascade is bounded: every target is tried at most once, and the last one is always the queue of the catch-all.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.custody.states import RepState
from shared.domain.target import Target, TargetKind
from shared.policy.compile import Policy
from shared.policy.document import OnAbsence, QueueKind, WhenClosed
from shared.routing.policy.balance import CAPPED, Picker, PoolState
from shared.routing.policy.case import Case, Coverage
from shared.routing.policy.route import Route

#: How long a lead that nobody could take waits before it is decided again; changes of reps wake it at once.
RETRY_AFTER = timedelta(seconds=30)

#: How the targets begin behind which there are reps.
_PEOPLE = ("pool:", "rep:", "owner:", "team:")

NO_ONE_AVAILABLE = "no_one_available"
CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Tried:
    """One target of the cascade and what came of it, for the record."""

    target: str
    result: str
    rep_id: str | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one lead goes: `kind` is rep, or the queue's kind, or nurture, divert, suppress."""

    route: Route
    kind: str
    name: str | None
    reason: str = "rule"
    pool: str | None = None
    hold_reason: str | None = None
    next_attempt_at: datetime | None = None
    tried: tuple[Tried, ...] = ()
    #: How many leads the pool had given in this batch before this one: with the snapshot, it replays the choice.
    place_in_pool: int | None = None

    @property
    def case(self) -> Case:
        """Return the lead's case."""
        return self.route.case

    @property
    def asked_pools(self) -> list[str]:
        """Return the pools that were asked, whether they took the lead or not."""
        return [one.target.removeprefix("pool:") for one in self.tried if one.target.startswith("pool:")]

    @property
    def asked_somebody(self) -> bool:
        """Say whether it mattered who was there: a pool, a team or a rep was asked."""
        return any(one.target.startswith(_PEOPLE) for one in self.tried)


@dataclass(slots=True)
class _Search:
    """The cascade of one lead while it is walked."""

    route: Route
    tried: list[Tried] = field(default_factory=list)
    wait_until: datetime | None = None
    nobody: bool = False


class Placing:
    """Places the leads of one batch one after another; lives inside `place` and is thrown away."""

    def __init__(self, policy: Policy, last_queue: str, coverage: Coverage) -> None:
        self._policy = policy
        self._last_queue = last_queue
        self._coverage = coverage
        self._pickers: dict[str, Picker] = {}
        self._taken: Counter[str] = Counter()
        self._given: dict[str, int] = {}
        self._barred: set[str] = set()

    @property
    def asked(self) -> Collection[str]:
        """Return the pools that were asked so far."""
        return self._pickers.keys()

    def ledger(self, name: str) -> PoolState:
        """Return a pool that was asked, as it stands now."""
        return self._pickers[name].state()

    def ledgers(self) -> dict[str, PoolState]:
        """Return the pools that were asked, after the batch."""
        return {name: self.ledger(name) for name in self.asked}

    def place_all(self, routes: Iterable[Route]) -> list[Placement]:
        """Place leads one after the other: higher intent first, then who came first, and ties end at the lead id."""
        ordered = sorted(routes, key=lambda route: (-route.intent, route.case.received_at, route.case.lead_id))
        return [self.place(route) for route in ordered]

    def leave(self, rep_id: str) -> None:
        """Count a lead that the rep no longer holds."""
        self._count(rep_id, -1)

    def bar(self, rep_id: str) -> None:
        """Give the rep nothing more, by whatever way."""
        self._barred.add(rep_id)
        for picker in self._pickers.values():
            picker.cap(rep_id, 0)

    def place(self, route: Route) -> Placement:
        """Walk the lead's targets until one takes it."""
        search = _Search(route)
        if route.held_by is not None:
            return self._into_queue(search, self._last_queue, route.held_by)
        for target in route.targets:
            placement = self._try(search, target)
            if placement is not None:
                return placement
            if search.wait_until is not None:
                break
        return self._into_queue(search, self._last_queue, None)

    def _try(self, search: _Search, target: Target) -> Placement | None:
        match target.kind:
            case TargetKind.POOL:
                return self._try_pool(search, target.name)
            case TargetKind.REP | TargetKind.OWNER:
                return self._try_rep(search, target)
            case TargetKind.TEAM:
                return self._try_team(search, target)
            case TargetKind.QUEUE:
                return self._into_queue(search, target.name, None)
            case TargetKind.DIVERT | TargetKind.NURTURE | TargetKind.SUPPRESS:
                search.tried.append(Tried(str(target), "taken"))
                return self._rest(search, str(target.kind), target.name or None)
            case _:
                search.tried.append(Tried(str(target), "not_for_new_leads"))
                return None

    def _try_pool(self, search: _Search, name: str) -> Placement | None:
        picker = self._picker(name)
        place = self._given.get(name, 0)
        directive, without = search.route.case.directive, _without(search.route.case)
        # Whoever let the lead go gets it back only when there is nobody else.
        rep_id = picker.pick((without,)) if without else None
        rep_id = rep_id or picker.pick()
        if rep_id is None:
            search.nobody = True
            search.wait_until = self._opens_at(name)
            search.tried.append(Tried(f"pool:{name}", CLOSED if search.wait_until else NO_ONE_AVAILABLE))
            return None
        self._given[name] = place + 1
        search.tried.append(Tried(f"pool:{name}", "taken", rep_id))
        self._count(rep_id, 1, but=name)
        return Placement(
            search.route,
            "rep",
            rep_id,
            directive.reason if directive else "rule",
            pool=name,
            tried=tuple(search.tried),
            place_in_pool=place,
        )

    def _picker(self, name: str) -> Picker:
        """Return the pool's picker, made when it is first asked: most of a cascade never is."""
        if name not in self._pickers:
            picker = self._pickers[name] = Picker(self._coverage.pools[name])
            for rep_id, leads in self._taken.items():
                picker.add_load(rep_id, leads)
            for rep_id in self._barred:
                picker.cap(rep_id, 0)
        return self._pickers[name]

    def _opens_at(self, name: str) -> datetime | None:
        """Return when the first closed member's hours start, if the pool waits for that."""
        pool = self._policy.pools[name]
        if pool.when_closed is not WhenClosed.WAIT:
            return None
        closed = [seat.rep_id for seat in self._coverage.pools[name].seats if seat.excluded_reason == CLOSED]
        opens = [self._coverage.next_open(pool.calendar, rep_id) for rep_id in closed]
        return min((instant for instant in opens if instant is not None), default=None)

    def _try_rep(self, search: _Search, target: Target) -> Placement | None:
        rep_id, reason = _direct_owner(search.route.case, target)
        problem = self._problem(rep_id, heed_capacity=target.kind is TargetKind.REP)
        if rep_id is not None and rep_id == _without(search.route.case):
            problem = "let_it_go"
        cover = self._cover(rep_id) if problem == "away" else None
        if problem and cover is None:
            search.nobody = True
            search.tried.append(Tried(str(target), problem, rep_id))
            return None
        if cover is not None:
            search.tried.append(Tried(str(target), "covered", rep_id))
        return self._give_directly(search, target, cover or str(rep_id), reason)

    def _try_team(self, search: _Search, target: Target) -> Placement | None:
        account = search.route.case.account
        owner = account and (account.owner_rep_id or account.opportunity_owner)
        leader = self._coverage.reps.get(owner or "")
        team = leader.rep.team if leader else None
        mates = [
            state
            for state in self._coverage.reps.values()
            if team and state.rep.team == team and self._problem(state.rep.rep_id, heed_capacity=True) is None
            if state.rep.rep_id != _without(search.route.case)
        ]
        if not mates:
            search.nobody = True
            search.tried.append(Tried(str(target), NO_ONE_AVAILABLE))
            return None
        best = min(mates, key=lambda state: (self._load(state), -state.rep.weight, state.rep.rep_id))
        return self._give_directly(search, target, best.rep.rep_id, "account_owner")

    def _give_directly(self, search: _Search, target: Target, rep_id: str, reason: str) -> Placement:
        search.tried.append(Tried(str(target), "taken", rep_id))
        self._count(rep_id, 1)
        return Placement(search.route, "rep", rep_id, reason=reason, tried=tuple(search.tried))

    def _problem(self, rep_id: str | None, *, heed_capacity: bool) -> str | None:
        """Say why a rep cannot be given a lead directly; None when nothing stands in the way."""
        state = self._coverage.reps.get(rep_id or "")
        if state is None:
            return "no_owner" if rep_id is None else "unknown_rep"
        if not state.rep.is_active:
            return "departed"
        if state.away_at(self._coverage.now):
            return "away"
        if rep_id in self._barred:
            return CAPPED
        full = state.rep.capacity is not None and self._load(state) >= state.rep.capacity
        return "at_capacity" if heed_capacity and full else None

    def _cover(self, rep_id: str | None) -> str | None:
        """Return who stands in for a rep that is away, where the policy wants that."""
        state: RepState | None = self._coverage.reps.get(rep_id or "")
        absence = state.away_at(self._coverage.now) if state else None
        if absence is None or self._policy.on_away.offered is not OnAbsence.COVER:
            return None
        cover = absence.cover_rep_id
        return cover if cover and self._problem(cover, heed_capacity=False) is None else None

    def _load(self, state: RepState) -> int:
        """Return what the rep holds now, with the leads of this batch."""
        return state.open_leads + self._taken[state.rep.rep_id]

    def _count(self, rep_id: str, leads: int, but: str | None = None) -> None:
        self._taken[rep_id] += leads
        for name, picker in self._pickers.items():
            if name != but:
                picker.add_load(rep_id, leads)

    def _into_queue(self, search: _Search, name: str, held_by: str | None) -> Placement:
        queue = self._policy.queues[name]
        tried = (*search.tried, Tried(f"queue:{name}", "taken"))
        if queue.kind is QueueKind.FEEDBACK:
            search.tried.append(Tried(f"queue:{name}", "taken"))
            return self._rest(search, "nurture", name)
        if queue.kind is QueueKind.CLAIM:
            return Placement(search.route, "claim", name, tried=tried)
        hold_reason, again_at = self._why_held(search, held_by)
        return Placement(
            search.route, "exception", name, hold_reason=hold_reason, next_attempt_at=again_at, tried=tried
        )

    def _why_held(self, search: _Search, held_by: str | None) -> tuple[str, datetime | None]:
        if held_by is not None:
            return held_by, None
        if search.wait_until is not None:
            return CLOSED, search.wait_until
        if search.nobody:
            return NO_ONE_AVAILABLE, self._coverage.now + RETRY_AFTER
        return search.route.hold_reason, None

    def _rest(self, search: _Search, kind: str, name: str | None) -> Placement:
        return Placement(search.route, kind, name, tried=tuple(search.tried))


def _without(case: Case) -> str | None:
    return case.directive.without if case.directive else None


def _direct_owner(case: Case, target: Target) -> tuple[str | None, str]:
    account = case.account
    if target.kind is TargetKind.REP:
        return target.name, "rule"
    if target.name == "opportunity":
        return (account.opportunity_owner if account else None), "open_opportunity"
    return (account.owner_rep_id if account else None), "account_owner"


def place(
    policy: Policy, last_queue: str, routes: Sequence[Route], coverage: Coverage
) -> tuple[list[Placement], Mapping[str, PoolState]]:
    """Place every lead of the batch; return the placements, and the ledgers after them of the pools that were asked.

    Higher intent goes first, then who came first: the order decides who gets the last free seat, never who the owner
    of a kind of lead is. Ties end at the lead id, so the same batch always gives the same owners.
    """
    placing = Placing(policy, last_queue, coverage)
    return placing.place_all(routes), placing.ledgers()


def as_record(tried: Sequence[Tried]) -> list[dict[str, Any]]:
    """Give the cascade as the decision keeps it."""
    return [
        {"target": item.target, "result": item.result} | ({"rep": item.rep_id} if item.rep_id else {}) for item in tried
    ]

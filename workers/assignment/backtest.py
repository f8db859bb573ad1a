"""Rehearses a policy on the leads of a period: reads them back, decides them again, and adds up what changes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from shared.custody.clock import Clocks
from shared.custody.reps import RosterShelf, load_roster
from shared.db.policies import PolicyShelf, Version
from shared.db.transaction import Transaction
from shared.domain.rep import Rep
from shared.policy.compile import Policy
from shared.policy.document import Strategy
from shared.routing.policy.past import hours_of
from shared.routing.policy.pools import members_of
from shared.routing.policy.rehearse import Rehearsed
from workers.assignment.history import History, LeadName, Period, open_rehearsal, rehearse
from workers.assignment.policy.expectation import Expectations, Unmet
from workers.assignment.policy.shares import Weights
from workers.assignment.policy.tally import Comparison, Promise, Tally


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a draft changes over a period, and which expectations it does not meet.

    `without_record` decisions could not be made again, because it is not on record who was there.
    """

    period: Period
    versions: tuple[int, ...]
    comparison: Comparison
    without_record: int
    unmet: tuple[Unmet, ...]


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who hears of a backtest while it runs: of each lead that counts, and of how many decisions were walked."""

    lead: Callable[[Rehearsed, LeadName], None]
    walked: Callable[[int], None]


def backtest(
    tx: Transaction,
    policies: PolicyShelf,
    draft: Version,
    history: History,
    expectations: Expectations,
    listeners: Listeners,
) -> Backtest:
    """Decide a period again under a draft; nothing is written."""
    roster = load_roster(tx, RosterShelf())
    tally = _tally(history, draft, roster)

    def take(found: Rehearsed, name: LeadName, at: datetime) -> None:
        tally.add(found, at)
        if found.past.counts and not found.past.case.test:
            listeners.lead(found, name)
            expectations.hold_against(_names(name), found.now, found.past.was)

    rehearse(history, open_rehearsal(tx, policies, draft, history.period), take, listeners.walked)
    latest = history.policies[max(history.policies)] if history.policies else draft.policy
    comparison = tally.result(_weights(latest, roster), _weights(draft.policy, roster))
    return Backtest(history.period, tuple(history.policies), comparison, history.without_record, expectations.finish())


def _names(name: LeadName) -> list[str]:
    return [str(name.lead_id), f"{name.event_source}:{name.event_id}", *([name.email] if name.email else [])]


def _tally(history: History, draft: Version, roster: dict[str, Rep]) -> Tally:
    last = {number: one.last_queue.name for number, one in history.policies.items() if one.last_queue}
    promise = None
    if any(_clocks(one) != _clocks(draft.policy) for one in history.policies.values()):
        calendars = draft.calendars(history.period.since) if history.decisions else {}
        promise = Promise(draft.policy, Clocks(calendars, {rep_id: rep.calendar for rep_id, rep in roster.items()}))
    return Tally(history.period.until, last, draft.last_queue, promise)


def _clocks(policy: Policy) -> object:
    """Return what says when an offer is overdue, without the lines on which it stands."""
    return [(one.when, one.ladders) for one in policy.document.sla], hours_of(policy)


def _weights(policy: Policy, roster: dict[str, Rep]) -> Weights:
    """Return the weights of the members of today by pool, for the pools that go by weight."""
    weights: dict[str, dict[str, Fraction]] = {}
    for name, pool in policy.pools.items():
        if pool.strategy is Strategy.WEIGHTED:
            members = (roster[rep_id] for rep_id in members_of(pool, roster))
            weights[name] = {rep.rep_id: rep.weight for rep in members if rep.is_active}
    return weights

"""Takes many leads through the rooms at once, at an instant that is still to come; nothing is locked or written.

Policy, absences, hours, holidays and caps are those of the instant; the roster, what reps hold, the ledgers of pools,
accounts and persons are as they are now. The number of statements does not depend on the number of leads.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.bus.context import Context
from shared.custody.reps import RosterShelf
from shared.db.policies import Version
from shared.db.transaction import Transaction
from shared.domain.lead import Status
from shared.routing.coverage import load_coverage
from shared.routing.policy.case import Case, Coverage
from shared.routing.policy.moves import Ruling, as_moves
from shared.routing.policy.past import Verdict, verdict_of
from shared.routing.policy.place import Placement, place
from shared.routing.policy.route import route
from shared.routing.queries.cases import load_accounts, load_signals
from workers.deduplication import queries as persons
from workers.deduplication.accounts import AccountNames, match_accounts
from workers.deduplication.policy.outcome import Waiting, waking_tracks
from workers.deduplication.policy.person import Outcome, PersonDecision, Submitted, person_keys, resolve_people
from workers.enrichment.gather import gather
from workers.enrichment.policy.dossier import Received
from workers.enrichment.policy.sheets import buffered
from workers.outlook.prospects import Prospect

_JOINING = {Outcome.MERGES: Status.MERGED, Outcome.WAKES: Status.MERGED, Outcome.SUPPRESSED: Status.SUPPRESSED}


@dataclass(frozen=True, slots=True)
class Expected:
    """What would become of one lead; `joins` names the lead of the same person that it would join.

    `overdue_at` is when its offer would be marked, None where no mark is promised.
    """

    prospect: Prospect
    email: str | None
    verdict: Verdict
    account_id: str | None = None
    joins: str | None = None
    overdue_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """A rep who would get leads: how many, what the rep holds now, and how much there is room for (None: no limit)."""

    rep_id: str
    leads: int
    open_now: int
    capacity: int | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """Who would get which of the leads, in the order of the file, and what that makes of the reps."""

    policy_version: int
    at: datetime
    leads: tuple[Expected, ...]
    reps: tuple[Load, ...]


def look_ahead(
    context: Context, tx: Transaction, version: Version, prospects: Sequence[Prospect], at: datetime
) -> Outlook:
    """Say who would get these leads if they came at the instant, all at once."""
    waiting = _gather(context, tx, version, prospects, at)
    decisions = _find_persons(tx, version, waiting)
    accounts = match_accounts(tx, context.shelf(AccountNames), version.policy.matching, waiting, decisions)
    account_ids = {lead_id: match.account_id for lead_id, match in accounts.items()}
    cases = _cases(tx, waiting, account_ids, at)
    routes = route(version.policy, cases)
    coverage, ruling = load_coverage(tx, context.shelf(RosterShelf), version, routes, locked=False, at=at)
    placements, _ = place(version.policy, version.last_queue, routes, coverage)
    placed = {one.case.lead_id: _placed(ruling, coverage, one) for one in placements}
    names = {one.lead_id: prospect for one, prospect in zip(waiting, prospects, strict=True)}
    expected = [
        _expected(names, one, decision, placed.get(one.lead_id), account_ids)
        for one, decision in zip(waiting, decisions, strict=True)
    ]
    return Outlook(version.number, at, tuple(expected), _loads(coverage, expected))


def _gather(
    context: Context, tx: Transaction, version: Version, prospects: Sequence[Prospect], at: datetime
) -> list[Waiting]:
    """Return the leads with their facts; their ids are below zero, where no lead is, and rise in the order given."""
    received = [Received(number - len(prospects), prospect.data, at) for number, prospect in enumerate(prospects)]
    dossiers = gather(tx, context.settings.providers, received)
    sheets = buffered(version.policy, version.number, dossiers, at, wanting=())
    return [Waiting(one.lead_id, one.sheet["facts"], one.sheet["bad"]) for one in sheets]


def _find_persons(tx: Transaction, version: Version, waiting: Sequence[Waiting]) -> list[PersonDecision]:
    any_of = version.policy.matching.person.any
    submitted = [Submitted(one.lead_id, person_keys(one.facts, any_of)) for one in waiting]
    holders = persons.load_holders(tx, {key for one in submitted for key in one.keys})
    emails = persons.load_email_keys(tx, set(holders.values()))
    living = persons.load_living(tx, set(holders.values()))
    existing = {
        key: replace(living[lead_id], email_keys=emails.get(lead_id, frozenset()))
        for key, lead_id in holders.items()
        if lead_id in living
    }
    return resolve_people(submitted, existing, waking_tracks(version.policy.tracks))


def _cases(
    tx: Transaction, waiting: Sequence[Waiting], account_ids: Mapping[int, str | None], at: datetime
) -> list[Case]:
    """Return those that no other lead stands for, with their accounts and what the persons did so far."""
    going_on = [one for one in waiting if one.lead_id in account_ids]
    accounts = load_accounts(tx, {account_id for account_id in account_ids.values() if account_id})
    signals = load_signals(tx, {one.facts["email_key"] for one in going_on if "email_key" in one.facts})
    return [
        Case(
            lead_id=one.lead_id,
            from_status=Status.MATCHED,
            received_at=at,
            released_at=at,
            facts=one.facts,
            bad=one.bad,
            account=accounts.get(account_ids[one.lead_id] or ""),
            signals=signals.get(one.facts.get("email_key", ""), {}),
        )
        for one in going_on
    ]


def _placed(ruling: Ruling, coverage: Coverage, placement: Placement) -> tuple[Verdict, datetime | None]:
    move = as_moves(ruling, [placement], dict.fromkeys(coverage.pools, 0))[0]
    overdue_at = next((step.due_at for step in move.steps if step.action == "flag_overdue"), None)
    return verdict_of(placement), overdue_at


def _expected(
    names: Mapping[int, Prospect],
    waiting: Waiting,
    decision: PersonDecision,
    placed: tuple[Verdict, datetime | None] | None,
    account_ids: Mapping[int, str | None],
) -> Expected:
    prospect, email = names[waiting.lead_id], waiting.facts.get("email_key")
    if placed is not None:
        account_id = account_ids.get(waiting.lead_id)
        return Expected(prospect, email, placed[0], account_id, overdue_at=placed[1])
    other = names.get(decision.person)
    joins = f"{other.event_source}:{other.event_id}" if other else f"lead {decision.person}"
    return Expected(prospect, email, Verdict(None, str(_JOINING[decision.outcome])), joins=joins)


def _loads(coverage: Coverage, expected: Sequence[Expected]) -> tuple[Load, ...]:
    given = Counter(one.verdict.rep for one in expected if one.verdict.rep)
    return tuple(
        Load(rep_id, leads, coverage.reps[rep_id].open_leads, coverage.reps[rep_id].rep.capacity)
        for rep_id, leads in sorted(given.items())
    )

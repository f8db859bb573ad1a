"""Where one lead would go and why, without writing: the rooms' own pure code over the database as it stands.

Asked for another instant, it takes the version in force, the absences, the hours and the caps of that instant, and all
else from now: nobody knows who will be hired, what reps will hold, or which deals will be open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from shared.bus.context import Context
from shared.custody.move import Move, Step
from shared.custody.reps import RosterShelf
from shared.db.find_lead import find_by_id
from shared.db.policies import Version
from shared.db.transaction import Transaction
from shared.domain.lead import Status
from shared.routing.coverage import load_coverage
from shared.routing.policy.balance import explain
from shared.routing.policy.case import Case, Coverage
from shared.routing.policy.moves import as_moves
from shared.routing.policy.place import Placement, as_record, place
from shared.routing.policy.route import Route, route_one
from shared.routing.queries.cases import load_accounts, load_signals
from workers.assignment.policy.explain import Colleague, Explanation, colleagues, explain_match
from workers.assignment.policy.wording import decision_words, hold_words, tried_words
from workers.assignment.queries.leads import load_lead
from workers.assignment.view import Fact, facts_of
from workers.deduplication import queries as persons
from workers.deduplication.accounts import AccountNames, match_accounts
from workers.deduplication.policy.outcome import Waiting, settle, waking_tracks
from workers.deduplication.policy.person import (
    Living,
    Outcome,
    PersonDecision,
    Submitted,
    person_keys,
    resolve_people,
)
from workers.enrichment.gather import gather
from workers.enrichment.policy.dossier import Received
from workers.enrichment.policy.sheets import Buffered, buffered

#: The lead does not exist; no lead has this id.
_NO_LEAD = 0


@dataclass(frozen=True, slots=True)
class Forecast:
    """What would become of a lead: its facts, whom and what it would match, and why it would go where it would go.

    `joins` is the living lead of the same person, which it would join instead of being routed. `taken_from_now` says
    what is not as it will be, or was, at the instant that was asked for.
    """

    policy_version: int
    at: datetime
    taken_from_now: tuple[str, ...]
    facts: tuple[Fact, ...]
    sheet: Mapping[str, Any]
    enrichment: tuple[str, ...]
    matching: tuple[str, ...]
    account_id: str | None
    joins: int | None
    explanation: Explanation
    tried: tuple[str, ...]
    status: str
    owner: str | None
    target: str | None
    hold_reason: str | None
    held: str | None
    first_action: Mapping[str, Any] | None
    clock: tuple[Step, ...]
    pool: str | None
    colleagues: tuple[Colleague, ...]


#: What a forecast for another instant takes from now.
_FROM_NOW = (
    "the reps with their teams, weights and capacities, and who has departed",
    "what the reps hold, and the ledgers of the pools",
    "accounts with their owners, open opportunities, and what persons did so far",
)


def forecast(
    context: Context, tx: Transaction, version: Version, data: Mapping[str, Any], at: datetime | None = None
) -> Forecast:
    """Take a submission through the rooms as they stand now, or as far as that can be told at another instant.

    Vendors are not asked, nothing is locked or written.
    """
    now = at or tx.started_at
    lead = _gathered(context, tx, version, data, now)
    waiting = Waiting(_NO_LEAD, lead.sheet["facts"], lead.sheet["bad"])
    person = _person(tx, version, waiting)
    # The account as if the person were new: what the rules say is worth knowing even of a lead that would join another.
    alone = PersonDecision(_NO_LEAD, Outcome.SURVIVES, _NO_LEAD, None, person.claims, person.seen)
    accounts = match_accounts(tx, context.shelf(AccountNames), version.policy.matching, [waiting], [alone])
    settled = settle([person], accounts, version.number)[0]
    account_id = accounts[_NO_LEAD].account_id
    route = route_one(version.policy, _case(tx, waiting, account_id, now))
    coverage, ruling = load_coverage(tx, context.shelf(RosterShelf), version, [route], locked=False, at=now)
    placements, _ = place(version.policy, version.last_queue, [route], coverage)
    move = as_moves(ruling, placements, dict.fromkeys(coverage.pools, 0))[0]
    return Forecast(
        policy_version=version.number,
        at=now,
        taken_from_now=() if at is None else _FROM_NOW,
        facts=facts_of(lead.sheet),
        sheet={name: value for name, value in lead.sheet.items() if name not in {"facts", "origins"}},
        enrichment=tuple(decision_words("enrichment", "buffering", None, lead.detail)),
        matching=tuple(decision_words("deduplication", settled.outcome, None, settled.detail)),
        account_id=account_id,
        joins=person.person if person.outcome in {Outcome.MERGES, Outcome.WAKES} else None,
        clock=move.steps,
        **_whereto(version, route, placements[0], move),
        **_pool(coverage, placements[0]),
    )


def _gathered(context: Context, tx: Transaction, version: Version, data: Mapping[str, Any], now: datetime) -> Buffered:
    dossiers = gather(tx, context.settings.providers, [Received(_NO_LEAD, data, now)])
    return buffered(version.policy, version.number, dossiers, now, wanting=())[0]


def _person(tx: Transaction, version: Version, waiting: Waiting) -> PersonDecision:
    keys = person_keys(waiting.facts, version.policy.matching.person.any)
    holders = persons.load_holders(tx, keys)
    emails = persons.load_email_keys(tx, set(holders.values()))
    living = {lead_id: _living(tx, lead_id, emails) for lead_id in set(holders.values())}
    existing = {key: living[lead_id] for key, lead_id in holders.items()}
    return resolve_people([Submitted(_NO_LEAD, keys)], existing, waking_tracks(version.policy.tracks))[0]


def _living(tx: Transaction, lead_id: int, emails: Mapping[int, frozenset[str]]) -> Living:
    status = next((one.status for one in find_by_id(tx, lead_id)), Status.SUPPRESSED)
    return Living(lead_id, status, emails.get(lead_id, frozenset()), load_lead(tx, lead_id).get("track"))


def _case(tx: Transaction, waiting: Waiting, account_id: str | None, now: datetime) -> Case:
    accounts = load_accounts(tx, [account_id] if account_id else [])
    email = waiting.facts.get("email_key")
    signals = load_signals(tx, [email] if email else [])
    return Case(
        lead_id=_NO_LEAD,
        from_status=Status.MATCHED,
        received_at=now,
        released_at=now,
        facts=waiting.facts,
        bad=waiting.bad,
        account=accounts.get(account_id or ""),
        signals=signals.get(email or "", {}),
    )


def _whereto(version: Version, route: Route, placement: Placement, move: Move) -> dict[str, Any]:
    return {
        "explanation": explain_match(version.policy, route.derived, route.qualification, route.match),
        "tried": tuple(tried_words(as_record(placement.tried))),
        "status": str(move.status),
        "owner": move.owner,
        "target": placement.name,
        "hold_reason": move.hold_reason,
        "held": hold_words(move.hold_reason) if move.hold_reason else None,
        "first_action": move.detail.get("first_action"),
    }


def _pool(coverage: Coverage, placement: Placement) -> dict[str, Any]:
    """Return the pool that took the lead, or else the first that was asked in vain, with each of its reps."""
    asked = [one.target.removeprefix("pool:") for one in placement.tried if one.target.startswith("pool:")]
    name = placement.pool or next(iter(asked), None)
    seats: Sequence[Mapping[str, Any]] = [asdict(one) for one in explain(coverage.pools[name])] if name else []
    chosen = placement.name if placement.kind == "rep" else None
    return {"pool": name, "colleagues": tuple(colleagues(seats, chosen))}

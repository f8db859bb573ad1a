"""From persons and accounts to what is written: where each lead goes, who joined whom, and by what."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.domain.lead import Status
from shared.policy.document import Track
from workers.deduplication.policy.account import NO_ACCOUNT, AccountMatch
from workers.deduplication.policy.person import Outcome, PersonDecision

#: An account's name is like many others; the record keeps the best few.
_CONSIDERED = 5
_STATUS = {
    Outcome.SURVIVES: Status.MATCHED,
    Outcome.MERGES: Status.MERGED,
    Outcome.WAKES: Status.MERGED,
    Outcome.SUPPRESSED: Status.SUPPRESSED,
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lead out of the buffer, with what is known about it and what was not understood."""

    lead_id: int
    facts: Mapping[str, Any]
    bad: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Settled:
    """What is written about one lead: where it goes and the record of why."""

    lead_id: int
    status: Status
    outcome: str
    detail: Mapping[str, Any]
    policy_version: int
    account_id: str | None = None
    merged_into: int | None = None


@dataclass(frozen=True, slots=True)
class Joining:
    """A lead that later submissions of its person joined; when it wakes, what they say takes the place of old facts."""

    lead_id: int
    joined: Sequence[Mapping[str, Any]]
    wakes: bool
    facts: Mapping[str, Any] | None = None
    bad: Mapping[str, Any] | None = None


def waking_tracks(tracks: Mapping[str, Track]) -> frozenset[str]:
    """Return the nurture tracks that a new submission of the person ends."""
    return frozenset(name for name, track in tracks.items() if "lead.submitted" in track.wakes_on)


def key_owners(decisions: Iterable[PersonDecision], held: Mapping[str, int]) -> dict[str, int]:
    """Return the claimed keys that belong to another lead now than the one that holds them, with that lead."""
    return {
        key: decision.person for decision in decisions for key in decision.claims if held.get(key) != decision.person
    }


def settle(
    decisions: Iterable[PersonDecision], accounts: Mapping[int, AccountMatch], policy_version: int
) -> list[Settled]:
    """Return what becomes of each lead of the batch."""
    return [_settled(one, accounts.get(one.lead_id, NO_ACCOUNT), policy_version) for one in decisions]


def _settled(decision: PersonDecision, account: AccountMatch, policy_version: int) -> Settled:
    status = _STATUS[decision.outcome]
    return Settled(
        lead_id=decision.lead_id,
        status=status,
        outcome=str(status),
        detail={"person": _person_record(decision), "account": _account_record(account)},
        policy_version=policy_version,
        account_id=account.account_id,
        merged_into=decision.person if status is Status.MERGED else None,
    )


def _person_record(decision: PersonDecision) -> dict[str, Any]:
    return {
        "outcome": decision.outcome,
        "lead": decision.person,
        "by": decision.key.partition(":")[0] if decision.key else None,
        "seen": [
            {"lead": seen.lead_id, "by": seen.key.partition(":")[0], "verdict": seen.verdict} for seen in decision.seen
        ],
    }


def _account_record(match: AccountMatch) -> dict[str, Any]:
    return {
        "id": match.account_id,
        "by": match.by,
        "score": round(match.score, 4),
        "tie_break": match.tie_break,
        "considered": [
            {"id": one.account_id, "by": one.by, "score": round(one.score, 4)} for one in match.considered[:_CONSIDERED]
        ],
    }


def joinings(leads: Sequence[Waiting], decisions: Sequence[PersonDecision]) -> list[Joining]:
    """Return, for every lead that others of the batch joined, who they are and whether they wake it."""
    submitted = {one.lead_id: one for one in leads}
    groups: dict[int, list[PersonDecision]] = {}
    for decision in decisions:
        if decision.outcome in {Outcome.MERGES, Outcome.WAKES}:
            groups.setdefault(decision.person, []).append(decision)
    return [_joining(person, group, submitted) for person, group in sorted(groups.items())]


def _joining(person: int, group: Sequence[PersonDecision], submitted: Mapping[int, Waiting]) -> Joining:
    wakes = any(decision.outcome is Outcome.WAKES for decision in group)
    latest = submitted[group[-1].lead_id]
    joined = [
        {"lead": decision.lead_id, "by": decision.key.partition(":")[0] if decision.key else None} for decision in group
    ]
    if not wakes:
        return Joining(person, joined, wakes=False)
    return Joining(person, joined, wakes=True, facts=latest.facts, bad=latest.bad)


def others(holders: Mapping[str, int], batch: Collection[int]) -> dict[str, int]:
    """Return the keys that leads outside the batch hold."""
    return {key: lead_id for key, lead_id in holders.items() if lead_id not in batch}

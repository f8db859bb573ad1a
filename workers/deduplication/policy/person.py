"""Same person or not: keys in order of strength, and what becomes of each lead of a batch.

A key belongs to at most one lead, the one that stands for the person. A later lead with that key joins it, wakes it, or
is suppressed with it. Leads are decided in the order given, and each sees what became of those before it, so a batch
ends as the same leads would one by one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from shared.domain.lead import LIVING, Status

#: The facts in which two spellings of one value are equal; every other field is compared as it stands, ignoring case.
_NORMAL_FORMS: Final = {"email": ("email_key", "email"), "last_name": ("last_name_key",)}
#: Sets of fields whose keys go by a shorter name than their fields joined.
_SHORT_NAMES: Final[dict[tuple[str, ...], str]] = {("phone", "last_name"): "phone"}
EMAIL: Final = "email:"


class Outcome(StrEnum):
    """What becomes of a lead for its person's sake."""

    SURVIVES = "survives"
    """Nobody else stands for the person: this lead does now."""
    MERGES = "merges"
    """The person has a living lead, which this one joins."""
    WAKES = "wakes"
    """The person's lead is nurtured on a track that a submission ends: this one joins it and brings it back."""
    SUPPRESSED = "suppressed"
    """The person is never to be routed again."""


class Verdict(StrEnum):
    """What was made of a lead that holds one of the keys."""

    SAME = "same person"
    CONFLICT = "e-mail addresses differ"
    WEAKER = "a stronger key decided"
    GONE = "no longer stands for the person"


@dataclass(frozen=True, slots=True)
class Submitted:
    """A lead to decide about, its keys in order of strength."""

    lead_id: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Living:
    """A lead that holds a person's key, with all e-mail keys (`email:…`) that are known for the person."""

    lead_id: int
    status: Status
    email_keys: frozenset[str] = frozenset()
    track: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A lead that held one of the keys, and what was made of it."""

    key: str
    lead_id: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class PersonDecision:
    """What becomes of one lead, by which key, and which keys now belong to the lead that stands for the person.

    `person` is that lead: the lead itself when it survives. `claims` are the lead's keys that nobody else holds.
    """

    lead_id: int
    outcome: Outcome
    person: int
    key: str | None
    claims: tuple[str, ...]
    seen: tuple[Seen, ...]


def person_keys(facts: Mapping[str, object], any_of: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The keys of a person by the policy's sets of fields, in their order; a set with an unknown field gives none."""
    keys = (_key(facts, tuple(fields)) for fields in any_of)
    return tuple(dict.fromkeys(key for key in keys if key is not None))


def resolve_people(
    leads: Iterable[Submitted], existing: Mapping[str, Living], waking_tracks: Collection[str]
) -> list[PersonDecision]:
    """Decide about each lead, in order; the caller passes them by ascending id, so that the earliest survives.

    `existing` holds the present holder of every key of the batch; `waking_tracks` are those that a submission ends.
    """
    holders = dict(existing)
    people = {holder.lead_id: holder for holder in existing.values()}
    return [_resolve(lead, holders, people, waking_tracks) for lead in leads]


def _key(facts: Mapping[str, object], fields: tuple[str, ...]) -> str | None:
    known: list[str] = []
    for field in fields:
        value = _value(facts, field)
        if value is None:
            return None
        known.append(value)
    return f"{_SHORT_NAMES.get(fields) or '+'.join(fields)}:{'|'.join(known)}" if known else None


def _value(facts: Mapping[str, object], field: str) -> str | None:
    for name in _NORMAL_FORMS.get(field) or (field,):
        value = facts.get(name)
        if value is not None and value != "":
            return str(value).casefold()
    return None


def _resolve(
    lead: Submitted, holders: dict[str, Living], people: dict[int, Living], waking_tracks: Collection[str]
) -> PersonDecision:
    emails = frozenset(key for key in lead.keys if key.startswith(EMAIL))
    seen: list[Seen] = []
    match: tuple[str, Living] | None = None
    for key in lead.keys:
        if (holder := _holder(key, holders, people)) is None or holder.lead_id == lead.lead_id:
            continue
        verdict = _judge(key, holder, emails)
        if match is not None and verdict is Verdict.SAME and holder.lead_id != match[1].lead_id:
            verdict = Verdict.WEAKER
        if match is None and verdict is Verdict.SAME:
            match = key, holder
        seen.append(Seen(key, holder.lead_id, verdict))
    taken = {found.key for found in seen if found.verdict is not Verdict.GONE}
    claims = tuple(key for key in lead.keys if key not in taken)
    outcome, person = _outcome(lead, match, people, waking_tracks)
    known = person.email_keys | emails.intersection(claims)
    people[person.lead_id] = Living(person.lead_id, person.status, known, person.track)
    holders.update(dict.fromkeys(claims, people[person.lead_id]))
    return PersonDecision(lead.lead_id, outcome, person.lead_id, match[0] if match else None, claims, tuple(seen))


def _holder(key: str, holders: Mapping[str, Living], people: Mapping[int, Living]) -> Living | None:
    """The lead that holds a key, as it stands after the leads decided so far."""
    holder = holders.get(key)
    return None if holder is None else people[holder.lead_id]


def _judge(key: str, holder: Living, emails: frozenset[str]) -> Verdict:
    """Whether the holder of a key is the lead's person."""
    if holder.status not in LIVING and holder.status is not Status.SUPPRESSED:
        return Verdict.GONE
    if not key.startswith(EMAIL) and emails and holder.email_keys and not emails & holder.email_keys:
        return Verdict.CONFLICT
    return Verdict.SAME


def _outcome(
    lead: Submitted, match: tuple[str, Living] | None, people: Mapping[int, Living], waking_tracks: Collection[str]
) -> tuple[Outcome, Living]:
    """What becomes of the lead, and the lead that stands for the person after it."""
    if match is None:
        return Outcome.SURVIVES, people.get(lead.lead_id) or Living(lead.lead_id, Status.BUFFERING)
    _, person = match
    if person.status is Status.SUPPRESSED:
        return Outcome.SUPPRESSED, person
    if person.status is Status.NURTURING and person.track in waking_tracks:
        return Outcome.WAKES, replace(person, status=Status.BUFFERING, track=None)
    return Outcome.MERGES, person

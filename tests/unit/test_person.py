"""One lead per person: which keys, who stands for the person, and the same end in batches and one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.lead import LIVING, Status
from workers.deduplication.policy.person import (
    Living,
    Outcome,
    PersonDecision,
    Submitted,
    Verdict,
    person_keys,
    resolve_people,
)

DEFAULT = (("email",), ("phone", "last_name"))
ANA = {"email_key": "ana@acme.example", "phone": "+442079460958", "last_name_key": "lima"}
ANA_BY_MAIL = "email:ana@acme.example"
BY_PHONE = "phone:+442079460958|lima"
WAKING = frozenset({"re_engage"})


def outcomes(decisions: Sequence[PersonDecision]) -> list[tuple[int, Outcome, int]]:
    """Lead, what became of it, and the lead that stands for its person."""
    return [(decision.lead_id, decision.outcome, decision.person) for decision in decisions]


@pytest.mark.parametrize(
    ("facts", "keys"),
    [
        (ANA, (ANA_BY_MAIL, BY_PHONE)),
        ({"email": "Ana@Acme.example"}, (ANA_BY_MAIL,)),
        ({"phone": "+442079460958"}, ()),
        ({"phone": "+442079460958", "last_name_key": "lima"}, (BY_PHONE,)),
        ({"last_name_key": "lima", "phone": ""}, ()),
        ({}, ()),
    ],
)
def test_keys_are_the_known_sets_of_fields_in_order(facts: Mapping[str, object], keys: tuple[str, ...]) -> None:
    """A set of fields gives a key when all of them are known; the strongest comes first."""
    assert keys == person_keys(facts, DEFAULT)


def test_a_policy_may_name_other_fields() -> None:
    """Any fact can be part of a key; sets that differ never share one."""
    facts = {"email_key": "a@b.example", "company_key": "acme", "last_name_key": "lima", "phone": "+1"}

    keys = person_keys(facts, [["company_key", "last_name"], ["phone"], ["email"], ["email"]])

    assert keys == ("company_key+last_name:acme|lima", "phone:+1", "email:a@b.example")


def test_the_earliest_of_a_batch_stands_for_the_person() -> None:
    """Duplicates inside a batch join the first of them, and the record says by which key."""
    leads = [Submitted(1, (ANA_BY_MAIL,)), Submitted(2, ("email:bo@x.example",)), Submitted(3, (ANA_BY_MAIL,))]

    decisions = resolve_people(leads, {}, WAKING)

    assert outcomes(decisions) == [(1, Outcome.SURVIVES, 1), (2, Outcome.SURVIVES, 2), (3, Outcome.MERGES, 1)]
    assert decisions[2].key == ANA_BY_MAIL
    assert [(seen.lead_id, seen.verdict) for seen in decisions[2].seen] == [(1, Verdict.SAME)]


def test_a_chain_of_keys_is_one_person() -> None:
    """Who is known by mail, then by mail and phone, is known by phone alone."""
    leads = [Submitted(1, (ANA_BY_MAIL,)), Submitted(2, (ANA_BY_MAIL, BY_PHONE)), Submitted(3, (BY_PHONE,))]

    decisions = resolve_people(leads, {}, WAKING)

    assert outcomes(decisions)[1:] == [(2, Outcome.MERGES, 1), (3, Outcome.MERGES, 1)]
    assert decisions[1].claims == (BY_PHONE,)


def test_different_mail_addresses_never_merge_by_phone() -> None:
    """Two people at one desk: the phone stays with the first, and the second stands for itself."""
    desk = Living(1, Status.OFFERED, frozenset({ANA_BY_MAIL}))
    bo = Submitted(2, ("email:bo@acme.example", BY_PHONE))

    (decision,) = resolve_people([bo], {BY_PHONE: desk}, WAKING)

    assert decision.outcome is Outcome.SURVIVES
    assert decision.claims == ("email:bo@acme.example",)
    assert [seen.verdict for seen in decision.seen] == [Verdict.CONFLICT]


def test_mail_decides_before_phone() -> None:
    """When mail and phone point at two leads, the mail's is the person; the other keeps the phone."""
    by_mail, by_phone = Living(1, Status.OFFERED, frozenset({ANA_BY_MAIL})), Living(2, Status.POOLED)

    (decision,) = resolve_people(
        [Submitted(3, (ANA_BY_MAIL, BY_PHONE))], {ANA_BY_MAIL: by_mail, BY_PHONE: by_phone}, WAKING
    )

    assert (decision.outcome, decision.person, decision.key) == (Outcome.MERGES, 1, ANA_BY_MAIL)
    assert [seen.verdict for seen in decision.seen] == [Verdict.SAME, Verdict.WEAKER]
    assert decision.claims == ()


@pytest.mark.parametrize(
    ("track", "expected"),
    [
        ("re_engage", [Outcome.WAKES, Outcome.MERGES]),
        ("until_changed", [Outcome.MERGES, Outcome.MERGES]),
        (None, [Outcome.MERGES, Outcome.MERGES]),
    ],
)
def test_a_nurtured_person_wakes_once_and_by_its_track(track: str | None, expected: list[Outcome]) -> None:
    """The first submission wakes a lead whose track says so; the next joins it like any other."""
    nurtured = Living(1, Status.NURTURING, track=track)

    decisions = resolve_people(
        [Submitted(2, (ANA_BY_MAIL,)), Submitted(3, (ANA_BY_MAIL,))], {ANA_BY_MAIL: nurtured}, WAKING
    )

    assert [decision.outcome for decision in decisions] == expected
    assert {decision.person for decision in decisions} == {1}


def test_a_suppressed_person_stays_suppressed_under_every_key() -> None:
    """A new phone number of somebody suppressed is suppressed too."""
    gone = Living(1, Status.SUPPRESSED)

    decisions = resolve_people(
        [Submitted(2, (ANA_BY_MAIL, BY_PHONE)), Submitted(3, (BY_PHONE,))], {ANA_BY_MAIL: gone}, WAKING
    )

    assert outcomes(decisions) == [(2, Outcome.SUPPRESSED, 1), (3, Outcome.SUPPRESSED, 1)]


@pytest.mark.parametrize("status", sorted(set(Status) - LIVING - {Status.SUPPRESSED}))
def test_a_lead_that_ended_no_longer_stands_for_the_person(status: Status) -> None:
    """After conversion, say, a new submission is a new lead and takes the key."""
    (decision,) = resolve_people([Submitted(2, (ANA_BY_MAIL,))], {ANA_BY_MAIL: Living(1, status)}, WAKING)

    assert (decision.outcome, decision.claims) == (Outcome.SURVIVES, (ANA_BY_MAIL,))
    assert [seen.verdict for seen in decision.seen] == [Verdict.GONE]


def test_a_lead_is_no_duplicate_of_itself() -> None:
    """A woken lead, or one delivered twice, holds its own keys and stands for its person again."""
    own = Living(1, Status.BUFFERING, frozenset({ANA_BY_MAIL}))

    (decision,) = resolve_people([Submitted(1, (ANA_BY_MAIL, BY_PHONE))], {ANA_BY_MAIL: own}, WAKING)

    assert (decision.outcome, decision.person, decision.seen) == (Outcome.SURVIVES, 1, ())


def test_a_lead_without_keys_stands_for_itself() -> None:
    """What cannot be recognised is not merged with anything."""
    decisions = resolve_people([Submitted(1, ()), Submitted(2, ())], {}, WAKING)

    assert outcomes(decisions) == [(1, Outcome.SURVIVES, 1), (2, Outcome.SURVIVES, 2)]


MAILS = st.sampled_from(["email:a", "email:b", "email:c"])
PHONES = st.sampled_from(["phone:1|x", "phone:2|x", "phone:2|y"])
KEYS = st.tuples(st.none() | MAILS, st.none() | PHONES).map(lambda keys: tuple(key for key in keys if key))


class Book:
    """What a database keeps between batches: who holds which key, and how those leads stand."""

    def __init__(self, holders: Mapping[str, Living]) -> None:
        self.keys = {key: living.lead_id for key, living in holders.items()}
        self.leads = {living.lead_id: living for living in holders.values()}

    def decide(self, leads: Sequence[Submitted]) -> list[PersonDecision]:
        """Resolve a batch and write down what it says."""
        decisions = resolve_people(leads, {key: self.leads[lead_id] for key, lead_id in self.keys.items()}, WAKING)
        for decision in decisions:
            person = self.leads.get(decision.person) or Living(decision.person, Status.BUFFERING)
            if decision.outcome is Outcome.WAKES:
                person = replace(person, status=Status.BUFFERING, track=None)
            mails = frozenset(key for key in decision.claims if key.startswith("email:"))
            self.leads[decision.person] = replace(person, email_keys=person.email_keys | mails)
            self.keys.update(dict.fromkeys(decision.claims, decision.person))
        return decisions


@st.composite
def books(draw: st.DrawFn) -> dict[str, Living]:
    """Up to three older leads, each with keys of its own."""
    holders: dict[str, Living] = {}
    for lead_id in (1, 2, 3):
        keys = [key for key in draw(KEYS) if key not in holders]
        mails = frozenset(key for key in keys if key.startswith("email:"))
        track = draw(st.sampled_from(["re_engage", "value", None]))
        living = Living(lead_id, draw(st.sampled_from(Status)), mails, track)
        holders |= dict.fromkeys(keys, living)
    return holders


@given(holders=books(), batch=st.lists(KEYS, max_size=12), cut=st.integers(0, 12))
@settings(max_examples=500, deadline=None)
def test_a_batch_ends_as_its_leads_one_by_one(
    holders: dict[str, Living], batch: list[tuple[str, ...]], cut: int
) -> None:
    """Cut into single leads, or in two, the same submissions have the same outcomes and leave the same keys."""
    leads = [Submitted(10 + n, keys) for n, keys in enumerate(batch)]
    at_once, singly, in_two = Book(holders), Book(holders), Book(holders)

    decisions = at_once.decide(leads)

    assert decisions == [decision for lead in leads for decision in singly.decide([lead])]
    assert decisions == in_two.decide(leads[:cut]) + in_two.decide(leads[cut:])
    assert at_once.keys == singly.keys == in_two.keys


@given(holders=books(), batch=st.lists(KEYS, max_size=12))
@settings(max_examples=300, deadline=None)
def test_no_person_ends_with_two_mail_addresses_joined_by_phone(
    holders: dict[str, Living], batch: list[tuple[str, ...]]
) -> None:
    """Leads with a mail address merge only into a person who has that address, or had none."""
    leads = [Submitted(10 + n, keys) for n, keys in enumerate(batch)]
    book = Book(holders)

    for lead in leads:
        before = dict(book.leads)
        (decision,) = book.decide([lead])
        mails = {key for key in lead.keys if key.startswith("email:")}
        if decision.outcome is not Outcome.SURVIVES and mails:
            known = before[decision.person].email_keys
            assert not known or mails <= known

"""The walk over the rules, and what else a policy decides."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.target import Target
from shared.policy.compile import HeldKind, Match, Outcome, Policy, compile_policy
from shared.policy.document import Gate
from shared.policy.fields import DEFAULT_PRECEDENCE
from shared.policy.parse import parse_policy

BASE: Mapping[str, object] = {
    "employees": 150,
    "industry": "software",
    "country": "US",
    "state": "CA",
    "postal_code": "94105",
    "product": "GTX Pro",
    "lead_type": "demo_request",
    "original_source": "paid_search",
    "channel": "form",
    "account_status": "prospect",
    "has_open_opportunity": False,
    "named_account": False,
    "form": "demo-v3",
    "attributes": {"persona": "CIO"},
}


def decide(policy: Policy, changes: Mapping[str, object], bad: Mapping[str, str] | None = None) -> Match:
    """Take a lead like most with some facts changed through qualification and the rules."""
    derived = policy.derive({**BASE, **changes}, bad or {})
    qualification = policy.qualify(derived)
    return policy.match(derived, qualified=None if qualification.needs else qualification.passed, bad=bad or {})


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, "west"),
        ({"account_status": "customer", "lead_type": "support_request"}, "customer-support"),
        ({"account_status": "customer", "has_open_opportunity": True}, "open-opportunity"),
        ({"account_status": "customer"}, "customer-expansion"),
        ({"named_account": True, "employees": 5}, "named-accounts"),
        ({"lead_type": "support_request"}, "stray-support"),
        ({"product": "gtk 500", "employees": 5_000}, "gtk-specialists"),
        ({"employees": 5_000}, "enterprise"),
        ({"state": None}, "central"),
        ({"country": "CA", "state": "ON"}, "east"),
        ({"country": "DE", "state": None, "postal_code": "40213"}, "rhineland"),
        ({"country": "FR", "state": None, "lead_type": "partner_referral"}, "overseas-partners"),
        ({"country": "FR", "state": None, "form": "partner-day"}, "overseas-partners"),
        ({"country": "FR", "lead_type": "partner_referral", "attributes": {"persona": "CFO"}}, "overseas"),
        ({"country": "FR", "lead_type": "partner_referral", "attributes": {}}, "overseas"),
        ({"country": "AQ"}, "everything-else"),
    ],
)
def test_the_first_rule_that_is_true_wins(policy: Policy, changes: Mapping[str, object], rule: str) -> None:
    """Support, open deals, accounts, product, segment and geography come in this order."""
    match = decide(policy, changes)

    assert match.outcome is Outcome.RULE
    assert match.rule is not None
    assert match.rule.name == rule


@pytest.mark.parametrize(
    "changes", [{"employees": 3}, {"industry": "Press"}, {"lead_type": "content_download"}], ids=str
)
def test_the_unqualified_go_to_nurture(policy: Policy, changes: Mapping[str, object]) -> None:
    """A lead that fails the ideal customer or lacks intent is not shown the gated rules."""
    match = decide(policy, changes)

    assert match.outcome is Outcome.UNQUALIFIED
    assert match.targets == (Target.parse("nurture:long_term"),)


def test_an_open_rule_is_considered_for_the_unqualified_wherever_it_stands() -> None:
    """A rule with gate none behind gated ones takes an unqualified lead; the gated ones before it do not."""
    policy = compile_policy(
        parse_policy("""
            qualification: {icp: [{employees: {gte: 10}}]}
            rules:
              - {name: big, when: {employees: {lt: 5}}, to: pool:p}
              - {name: late, when: {channel: chat}, gate: none, to: pool:q}
              - {name: rest, to: queue:x}
            pools: {p: {}, q: {}}
            queues: {x: {owner: o}}
        """)
    )

    match = policy.match(policy.derive({"employees": 3, "channel": "chat"}), qualified=False)

    assert match.rule is not None
    assert match.rule.name == "late"


@pytest.mark.parametrize(
    ("changes", "bad", "field", "kind", "word"),
    [
        ({"country": None}, {"country": "Hugary"}, "country", HeldKind.NOT_UNDERSTOOD, "Hugary"),
        ({"state": None}, {"state": "Kalifornien"}, "state", HeldKind.NOT_UNDERSTOOD, "Kalifornien"),
        ({"employees": None}, {"employees": "lots"}, "employees", HeldKind.NOT_UNDERSTOOD, "lots"),
        ({"product": "Zeppelin"}, {}, "product", HeldKind.VOCABULARY, "Zeppelin"),
        ({"lead_type": "webinar"}, {}, "lead_type", HeldKind.VOCABULARY, "webinar"),
        ({"lead_type": "webinar", "account_status": "customer"}, {}, "lead_type", HeldKind.VOCABULARY, "webinar"),
    ],
)
def test_a_lead_is_held_at_the_rule_that_needs_what_was_not_understood(
    policy: Policy, changes: Mapping[str, object], bad: Mapping[str, str], field: str, kind: HeldKind, word: str
) -> None:
    """The walk stops at a rule that is unknown for the sake of a given fact that cannot be used."""
    match = decide(policy, changes, bad)

    assert match.outcome is Outcome.HELD
    assert (match.held_on, match.held_kind, match.held_word) == (field, kind, word)
    assert match.cascade == (Target.parse("queue:exceptions"),)


def test_what_no_rule_needs_holds_nothing(policy: Policy) -> None:
    """A lead is decided before the rule that would need the bad fact, or by rules that are false without it."""
    decided = decide(policy, {"has_open_opportunity": True, "country": None}, {"country": "Hugary"})
    sized = decide(policy, {"employees": 5_000, "country": None}, {"country": "Hugary"})

    assert decided.rule is not None
    assert decided.rule.name == "open-opportunity"
    assert sized.rule is not None
    assert sized.rule.name == "enterprise"


def test_absent_facts_let_the_walk_go_on_and_are_collected(policy: Policy) -> None:
    """A lead without country and size ends in the catch-all, with the facts that would have decided."""
    match = decide(policy, {"country": None, "state": None, "employees": None})

    assert match.rule is not None
    assert match.rule.name == "everything-else"
    assert policy.is_fallback(match.rule)
    assert match.unknown_fields == ("employees", "country")


def test_bad_facts_given_to_match_alone_count_as_well(policy: Policy) -> None:
    """A caller who derived without the bad facts gets the same answer."""
    facts = {**BASE, "state": None}
    bad = {"state": "Kalifornien"}

    late = policy.match(policy.derive(facts), qualified=True, bad=bad)

    assert late == policy.match(policy.derive(facts, bad), qualified=True, bad=bad)
    assert late.held_on == "state"


@pytest.mark.parametrize(
    ("lead_type", "kind"), [("webinar", HeldKind.VOCABULARY), (None, HeldKind.UNKNOWN)], ids=["outside", "absent"]
)
def test_a_lead_type_that_would_decide_intent_is_asked_for(lead_type: str | None, kind: HeldKind) -> None:
    """Where the missing lead type could lift the intent over the minimum, the lead is held and not nurtured."""
    policy = compile_policy(
        parse_policy("""
            vocabulary: {lead_type: [demo, download]}
            qualification: {intent: {minimum: 30, lead_type: {demo: 80, download: 5}, hand_raise: 30}}
            rules: [{name: all, to: queue:x}]
            queues: {x: {owner: o}}
        """)
    )

    derived = policy.derive({"lead_type": lead_type})
    qualification = policy.qualify(derived)
    match = policy.match(derived, qualified=None)

    assert qualification.needs == ("lead_type",)
    assert not qualification.passed
    assert (match.outcome, match.held_on, match.held_kind) == (Outcome.HELD, "lead_type", kind)
    assert policy.qualify(policy.derive({"lead_type": lead_type, "hand_raise": True})).passed


def test_an_unknown_fact_does_not_fail_the_ideal_customer(policy: Policy) -> None:
    """Unknown size and industry are noted; only a known one fails, and says what was asked."""
    blank = policy.qualify(policy.derive({**BASE, "employees": None, "industry": None}))
    small = policy.qualify(policy.derive({**BASE, "employees": 9}))

    assert blank.passed
    assert blank.unknown == ("employees", "industry")
    assert (small.icp_passed, small.passed, small.failed) == (False, False, ("employees >= 10",))


def test_a_policy_without_qualification_qualifies_everyone() -> None:
    """Without a definition of a qualified lead, all leads are."""
    policy = compile_policy(parse_policy("rules: [{name: all, to: queue:x}]\nqueues: {x: {owner: o}}"))

    assert policy.qualify(policy.derive({})).passed
    assert policy.otherwise is None


def test_the_cascade_tries_each_place_once_and_ends_at_a_queue(policy: Policy) -> None:
    """After target and else come the overflows of their pools, breadth first, and last the catch-all's queue."""
    match = decide(policy, {"named_account": True})
    west = decide(policy, {})

    assert [str(target) for target in match.targets] == ["owner:account", "pool:enterprise"]
    assert [str(target) for target in match.cascade] == ["owner:account", "pool:enterprise", "queue:exceptions"]
    assert [str(target) for target in west.cascade] == ["pool:west", "pool:central", "queue:exceptions"]


def test_ladders_buffer_and_priority_follow_the_lead(policy: Policy) -> None:
    """The first entry that a lead meets counts, for promises and for alerts."""
    demo = policy.derive({**BASE, "signals": {"pricing_page_view": 1}})
    download = policy.derive({**BASE, "lead_type": "content_download"})
    call = policy.derive({**BASE, "lead_type": "contact_sales"})

    assert policy.sla_for(demo).accept[0].after == timedelta(minutes=10)
    assert policy.sla_for(download).none == "no response is promised"
    assert policy.sla_for(call).accept[0].after == timedelta(hours=2)
    assert policy.buffer_for("Demo_Request").maximum == timedelta(minutes=1)
    assert policy.buffer_for("anything").minimum == timedelta(minutes=3)
    assert policy.buffer_for(None).maximum == timedelta(minutes=5)
    assert policy.wants_priority(demo) == "owner"
    assert policy.wants_priority(call) is None


FACTS = st.fixed_dictionaries(
    {
        "account_status": st.sampled_from(["prospect", "customer", None]),
        "has_open_opportunity": st.booleans(),
        "named_account": st.booleans(),
        "product": st.sampled_from(["GTX Pro", "GTK 500", None]),
        "employees": st.sampled_from([50, 500, 5_000, None]),
        "country": st.sampled_from(["US", "DE", "FR", "AQ", None]),
        "state": st.sampled_from(["CA", "TX", "NY", None]),
        "postal_code": st.sampled_from(["40213", "94105", None]),
        # Support is sent away by a rule that says why it stands before its tier.
        "lead_type": st.sampled_from(["demo_request", "contact_sales", "partner_referral"]),
        "form": st.sampled_from(["demo", "partner-day", None]),
        "attributes": st.sampled_from([{"persona": "CFO"}, {"persona": "CIO"}, {}]),
    }
)

#: The facts of each tier, strongest first.
TIERS = (
    ("account_status", "has_open_opportunity", "named_account"),
    ("product",),
    ("employees",),
    ("country", "state", "postal_code"),
    ("lead_type", "form", "attributes"),
)


@settings(max_examples=300)
@given(FACTS, FACTS, st.integers(0, 4))
def test_a_later_attribute_never_beats_an_earlier_one(
    policy: Policy, facts: dict[str, object], others: dict[str, object], tier: int
) -> None:
    """Swapping the facts of weaker tiers never takes a lead from a rule of a stronger tier to one of a weaker."""
    weaker = {field for fields in TIERS[tier + 1 :] for field in fields}
    swapped = {field: (others if field in weaker else facts)[field] for field in facts}

    before = policy.match(policy.derive(facts), qualified=True).rule
    after = policy.match(policy.derive(swapped), qualified=True).rule

    assert before is not None
    assert after is not None
    if DEFAULT_PRECEDENCE.index(before.tier) <= tier:
        assert DEFAULT_PRECEDENCE.index(after.tier) <= DEFAULT_PRECEDENCE.index(before.tier)


@settings(max_examples=200)
@given(FACTS, st.booleans())
def test_the_winner_is_true_and_all_before_it_are_not(
    policy: Policy, facts: dict[str, object], qualified: object
) -> None:
    """No rule that looks at the lead and is true stands before the one that won."""
    derived = policy.derive(facts)

    match = policy.match(derived, qualified=bool(qualified))

    looking = [one for one in policy.compiled_rules() if qualified or one.rule.gate is Gate.NONE]
    true = [one.rule for one in looking if one.test(derived.values, derived.blocked)]
    assert match.rule is (true[0] if true else None)
    assert match == policy.match(policy.derive(dict(facts)), qualified=bool(qualified))

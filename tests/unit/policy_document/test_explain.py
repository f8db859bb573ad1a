"""The trace of a decision."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy.compile import Outcome, Policy
from shared.policy.explain import trace

FACTS: Mapping[str, object] = {
    "employees": 150,
    "country": "DE",
    "postal_code": "10115",
    "product": "GTX Pro",
    "lead_type": "demo_request",
    "account_status": "prospect",
    "has_open_opportunity": False,
    "named_account": False,
}


def test_a_trace_shows_each_test_with_what_was_expected_and_found(policy: Policy) -> None:
    """Every rule comes with its tests: field, what was asked, what was there, and the result."""
    traces = {one.name: one for one in trace(policy, policy.derive(FACTS), qualified=True)}

    country, postal_code = traces["rhineland"].tests
    assert (country.field, country.expected, country.found, country.result) == ("country", "= DE", "DE", True)
    assert (postal_code.expected, postal_code.found, postal_code.result) == ("starts with [40, 41]", "10115", False)
    assert traces["rhineland"].result is False
    assert traces["overseas-partners"].tests[-1].found is None
    assert traces["overseas-partners"].tests[-1].result is None
    assert traces["overseas"].result is True
    assert traces["overseas"].targets == ("pool:central",)
    assert traces["stray-support"].because


def test_rules_behind_the_one_that_won_were_not_reached(policy: Policy) -> None:
    """The winner is the last rule that was reached; the others are evaluated all the same."""
    traces = trace(policy, policy.derive(FACTS), qualified=True)

    assert [one.name for one in traces if one.reached][-1] == "overseas"
    assert [(one.name, one.result) for one in traces if not one.reached] == [("everything-else", True)]


def test_gated_rules_are_skipped_for_the_unqualified(policy: Policy) -> None:
    """An unqualified lead is shown the open rules only, and the trace says which gate kept it out."""
    traces = trace(policy, policy.derive(FACTS), qualified=False)

    assert all(one.skipped is not one.reached for one in traces)
    assert [one.name for one in traces if one.reached][-1] == "stray-support"


def test_a_held_lead_stops_at_the_rule_that_needed_the_fact(policy: Policy) -> None:
    """The rule at which a lead is held is the last that was reached, and shows what was given."""
    facts = {**FACTS, "country": None, "postal_code": None}

    traces = trace(policy, policy.derive(facts), qualified=True, bad={"country": "Hugary"})

    last = [one for one in traces if one.reached][-1]
    assert last.name == "west"
    assert (last.tests[0].found, last.tests[0].result, last.tests[0].given) == (None, None, "Hugary")


@pytest.mark.parametrize("qualified", [True, False, None])
@given(
    st.fixed_dictionaries(
        {
            "country": st.sampled_from(["US", "FR", "AQ", None]),
            "employees": st.sampled_from([5, 50, 5_000, None]),
            "product": st.sampled_from(["GTK 500", "Zeppelin", None]),
            "account_status": st.sampled_from(["customer", "prospect", None]),
            "lead_type": st.sampled_from(["support_request", "demo_request", "webinar", None]),
        }
    )
)
def test_the_trace_ends_where_the_match_does(policy: Policy, qualified: object, facts: dict[str, object]) -> None:
    """The last reached rule of a trace is the rule of the match, and no reached rule before it is true."""
    answer = None if qualified is None else bool(qualified)
    derived = policy.derive(facts)
    match = policy.match(derived, qualified=answer)

    reached = [one for one in trace(policy, derived, qualified=answer) if one.reached]

    true = [one.name for one in reached if one.result]
    assert true == ([match.rule.name] if match.rule else [])
    if match.outcome is Outcome.RULE:
        assert reached[-1].name == true[0]

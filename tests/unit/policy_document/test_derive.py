"""What follows from facts."""

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.policy.compile import Policy, compile_policy
from shared.policy.evaluate import compile_condition
from shared.policy.parse import parse_policy

SMALLEST = "rules: [{name: all, to: pool:p}]\npools: {p: {}}\nqueues: {q: {owner: o}}\n"


def with_section(section: str) -> Policy:
    """The smallest policy with one more section."""
    return compile_policy(parse_policy(section + "\n" + SMALLEST))


@pytest.mark.parametrize(
    ("product", "found"),
    [("GTX Pro", "GTX Pro"), ("gtx  pro", "GTX Pro"), ("gtxpro", "GTX Pro"), ("MG ADVANCED", "MG Advanced")],
)
def test_products_are_mapped_to_the_vocabulary(policy: Policy, product: str, found: str) -> None:
    """A product in another spelling, or an alias, becomes the vocabulary's own word."""
    assert policy.derive({"product": product}).values["product"] == found


@pytest.mark.parametrize("field", ["product", "lead_type"])
def test_a_word_outside_the_vocabulary_has_no_value_and_blocks(policy: Policy, field: str) -> None:
    """An unknown product or lead type is kept as a word, and its field is blocked, not absent."""
    derived = policy.derive({field: "Zeppelin"})

    assert derived.outside == {field: "Zeppelin"}
    assert field not in derived.values
    assert field in derived.blocked


def test_an_unknown_source_is_only_a_notice(policy: Policy) -> None:
    """A new word for the source is told, and stays a value that blocks nothing."""
    derived = policy.derive({"original_source": "skywriting"})

    assert derived.outside == {"original_source": "skywriting"}
    assert derived.values["original_source"] == "skywriting"
    assert not derived.blocked


@pytest.mark.parametrize(
    ("employees", "segment"),
    [(1, "smb"), (199, "smb"), (200, "mid_market"), (1999, "mid_market"), (2000, "enterprise"), (10**9, "enterprise")],
)
def test_segments_follow_from_employees(policy: Policy, employees: int, segment: str) -> None:
    """Each number of employees is in the segment whose range takes it."""
    assert policy.derive({"employees": employees}).values["segment"] == segment


@pytest.mark.parametrize("employees", [None, "", "lots", True, -1, 2.5])
def test_what_is_no_number_of_employees_gives_no_segment(policy: Policy, employees: object) -> None:
    """A segment is unknown, for the sake of the employees, when their number is."""
    derived = policy.derive({"employees": employees})

    assert "segment" not in derived.values
    assert derived.sources("segment") == ("employees",)


@pytest.mark.parametrize(
    ("facts", "region", "lacks"),
    [
        ({"country": "US", "state": "CA"}, "west", ()),
        ({"country": "us", "state": "ny"}, "east", ()),
        ({"country": "US"}, "us_unplaced", ()),
        ({"country": "US", "state": "PR"}, "", ()),
        ({"country": "CA", "state": "ON"}, "canada", ()),
        ({"country": "NO"}, "emea", ()),
        ({"country": "AQ"}, "", ()),
        ({"state": "CA"}, None, ("country",)),
        ({}, None, ("country",)),
    ],
)
def test_regions_follow_from_the_place(
    policy: Policy, facts: Mapping[str, object], region: str | None, lacks: tuple[str, ...]
) -> None:
    """A place is in the first region that takes it, in none, or unknown for the sake of a named fact."""
    derived = policy.derive(facts)

    assert derived.values.get("region") == region
    assert not lacks or derived.sources("region") == lacks


def test_a_state_that_was_not_understood_is_not_an_absent_state(policy: Policy) -> None:
    """A region for leads without a state does not take those whose state nobody could read."""
    derived = policy.derive({"country": "US"}, {"state": "Kalifornien"})

    assert "region" not in derived.values
    assert derived.sources("region") == ("state",)
    assert {"state", "region"} <= derived.blocked


REGIONS = """
vocabulary:
  region:
    a: {country: [DE, US], postal_code: {starts_with: ["4", "9"]}}
    b: {any: [{country: US, state: [CA, NY]}, {country: {starts_with: [F]}}]}
    c: {not: {country: [US, DE]}}
    d: {country: US, state: {known: false}}
    e: {country: {not_in: [DE]}, postal_code: {known: true}}
    f: {state: NY}
"""


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "country": st.sampled_from(["US", "DE", "FR", "ZZ"]),
            "state": st.sampled_from(["CA", "NY", "TX"]),
            "postal_code": st.sampled_from(["40", "94", "10"]),
        },
    )
)
@settings(max_examples=300)
def test_the_index_of_regions_changes_nothing(facts: dict[str, str]) -> None:
    """The region found by country is the first whose condition holds, as if all were asked in order."""
    policy = _REGIONS
    truths = [(one.name, compile_condition(one.when)(facts, ())) for one in policy.document.vocabulary.region]
    first = next((name for name, holds in truths if holds), None)
    none_of_them = all(holds is False for _, holds in truths)

    found = policy.derive(facts).values.get("region")

    assert found == (first or ("" if none_of_them and "country" in facts else None))


_REGIONS = with_section(REGIONS)


@pytest.mark.parametrize(
    ("given_persona", "found"),
    [("CFO", "finance"), ("cio", "it"), ("Finance", "finance"), (["CEO", "CIO"], "it"), ("CEO", None), ("", None)],
)
def test_attributes_are_mapped_to_their_values(policy: Policy, given_persona: object, found: str | None) -> None:
    """A value or alias becomes the declared word; an unknown one counts as blank."""
    assert policy.derive({"attributes": {"persona": given_persona}}).values.get("persona") == found


def test_an_attribute_may_hold_leads_with_unknown_words() -> None:
    """With `unknown: hold`, a word that is not declared blocks the attribute instead of counting as blank."""
    policy = with_section("attributes: {size: {values: [small, large], unknown: hold}}")

    derived = policy.derive({"attributes": {"size": "medium"}})

    assert derived.outside == {"size": "medium"}
    assert "size" in derived.blocked


@pytest.mark.parametrize(
    ("form", "topics"),
    [
        ("Partner-signup", ("partner",)),
        ("partner-renewal-2026", ("renewal", "partner")),
        ("Contract RENEW", ("renewal",)),
        ("demo-v3", ()),
        (None, None),
    ],
)
def test_words_are_recognised_in_a_text(policy: Policy, form: str | None, topics: tuple[str, ...] | None) -> None:
    """An attribute of many words has all that are found; a text with none of them is known to have none."""
    assert policy.derive({"form": form}).values.get("topic") == topics


def test_a_single_word_is_the_first_that_is_found() -> None:
    """An attribute that is not `many` takes the first word of its declaration; none is known to be none."""
    words = "{big: {ends_with: [max]}, small: {contains: [m]}, exact: {equals: [zero]}}"
    policy = with_section(f"attributes: {{size: {{from: product_line, words: {words}}}}}")

    found = [policy.derive({"product_line": text}).values.get("size") for text in ("Max", "mini", "ZERO", "none?")]

    assert found == ["big", "small", "exact", ""]


def test_open_attributes_take_any_word() -> None:
    """An attribute without values takes what is given, numbers and flags by how they are written."""
    policy = with_section("attributes: {seats: {}, tags: {many: true}, vip: {}}")

    values = policy.derive({"attributes": {"seats": 50, "tags": ["a", "b"], "vip": True, "other": "x"}}).values

    assert (values["seats"], values["tags"], values["vip"]) == ("50", ("a", "b"), "true")
    assert "other" not in values


def test_intent_counts_lead_type_hand_and_every_signal(policy: Policy) -> None:
    """Points add up: of the lead type, of a raised hand, and of each signal as often as it came."""
    derived = policy.derive(
        {
            "lead_type": "content_download",
            "hand_raise": True,
            "signals": {"pricing_page_view": 2, "webinar_attended": 1, "unheard_of": 9},
        }
    )

    assert derived.intent == derived.values["intent"] == 20 + 20 + 2 * 15 + 10


def test_intent_without_a_lead_type_is_a_lower_bound(policy: Policy) -> None:
    """Without a lead type the points so far are counted, and conditions see intent as unknown for its sake."""
    derived = policy.derive({"hand_raise": True})

    assert derived.intent == 20
    assert "intent" not in derived.values
    assert derived.sources("intent") == ("lead_type",)


def test_blank_facts_that_the_policy_uses_are_listed(policy: Policy) -> None:
    """Only facts that some condition rests on are listed as unknown; segment and region by what they come from."""
    given_facts = {"country": "US", "employees": 10, "lead_type": "demo_request", "campaign": "", "industry": None}

    unknown = policy.derive(given_facts).unknown

    assert {"state", "postal_code", "industry", "product", "form", "persona"} <= unknown
    assert not unknown & {"country", "employees", "campaign", "region", "segment", "intent"}

"""Conditions in three values."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy.condition import All, AnyOf, Condition, FieldTest, Not, Op, Value, describe
from shared.policy.condition import tests_of as asked_of
from shared.policy.evaluate import Truth, compile_blame, compile_condition
from shared.policy.fields import DEFAULT_PRECEDENCE, Tier
from shared.policy.parse import computed_tier
from tests.unit.policy_document.drawn import CONDITIONS, LEADS

Lead = Mapping[str, object]


def ask(condition: Condition, lead: Lead, blocked: tuple[str, ...] = ()) -> Truth:
    """Evaluate a condition for a lead."""
    return compile_condition(condition)(lead, blocked)


def by_the_book(condition: Condition, lead: Lead) -> Truth:
    """Kleene's three values, written as plainly as they can be."""
    if isinstance(condition, Not):
        part = by_the_book(condition.part, lead)
        return None if part is None else not part
    if isinstance(condition, FieldTest):
        return book_of_tests(condition, lead.get(condition.field))
    ranks = {False: 0, None: 1, True: 2}
    values = [by_the_book(part, lead) for part in condition.parts]
    if isinstance(condition, All):
        return min(values, key=lambda value: ranks[value], default=True)
    return max(values, key=lambda value: ranks[value], default=False)


def book_of_tests(test: FieldTest, found: object) -> Truth:
    """One test, written as plainly as it can be."""
    if test.op is Op.KNOWN:
        return (found is not None) is test.values[0]
    if found is None:
        return None
    if test.op in (Op.IN, Op.NOT_IN):
        inside = (found.casefold() if isinstance(found, str) else found) in test.values
        return inside is (test.op is Op.IN)
    if test.op is Op.STARTS_WITH:
        return any(str(found).casefold().startswith(str(value)) for value in test.values)
    number, bound = int(str(found)), int(test.values[0])
    return {Op.GTE: number >= bound, Op.GT: number > bound, Op.LTE: number <= bound, Op.LT: number < bound}[test.op]


@given(CONDITIONS, LEADS)
def test_closures_say_what_the_book_says(condition: Condition, lead: Lead) -> None:
    """The compiled form and the definition of three-valued logic agree on every condition and lead."""
    assert ask(condition, lead) is by_the_book(condition, lead)


@given(CONDITIONS, CONDITIONS, LEADS)
def test_de_morgan_holds_in_three_values(one: Condition, two: Condition, lead: Lead) -> None:
    """Not all is any not, and not any is all not."""
    assert ask(Not(All((one, two))), lead) is ask(AnyOf((Not(one), Not(two))), lead)
    assert ask(Not(AnyOf((one, two))), lead) is ask(All((Not(one), Not(two))), lead)


@given(CONDITIONS, LEADS)
def test_double_negation_and_idempotence(condition: Condition, lead: Lead) -> None:
    """Not not is nothing, and saying a thing twice is saying it once."""
    value = ask(condition, lead)

    assert ask(Not(Not(condition)), lead) is value
    assert ask(All((condition, condition)), lead) is value
    assert ask(AnyOf((condition, condition)), lead) is value


@given(CONDITIONS, LEADS, st.data())
def test_learning_a_fact_never_turns_a_decision(condition: Condition, lead: Lead, data: st.DataObject) -> None:
    """What is true or false without a fact stays so with it, unless the condition asks whether it is known."""
    if any(test.op is Op.KNOWN for test in asked_of(condition)) or not lead:
        return
    forgotten = data.draw(st.sampled_from(sorted(lead)))
    before = ask(condition, {field: value for field, value in lead.items() if field != forgotten})

    assert before is None or before is ask(condition, lead)


@given(CONDITIONS, LEADS)
def test_blame_names_absent_fields_and_only_where_unknown(condition: Condition, lead: Lead) -> None:
    """A condition that is unknown blames at least one field, each of which is absent; a decided one blames none."""
    blamed = compile_blame(condition)(lead, ())

    assert bool(blamed) is (ask(condition, lead) is None)
    assert not set(blamed) & set(lead)


@pytest.mark.parametrize("wanted", [True, False])
def test_whether_a_blocked_field_is_known_is_unknown(wanted: object) -> None:
    """A fact that was given and not understood is neither there nor absent."""
    test = FieldTest("state", Op.KNOWN, (bool(wanted),))

    assert ask(test, {}, ("state",)) is None
    assert ask(test, {}) is not wanted
    assert ask(test, {"state": "CA"}, ("state",)) is wanted


@pytest.mark.parametrize(
    ("values", "found", "holds"),
    [
        (("GTX Pro",), "gtx pro", True),
        (("STRASSE",), "straße", True),
        (("GTX  Pro",), "GTX Pro", True),
        (("GTX",), "GTX Pro", False),
    ],
)
def test_words_are_compared_without_case(values: tuple[Value, ...], found: str, holds: object) -> None:
    """Case and doubled blanks do not tell words apart."""
    assert ask(FieldTest("product", Op.IN, values), {"product": found}) is holds


def test_postal_codes_begin_alike_with_and_without_blanks() -> None:
    """A beginning is compared without blanks and case."""
    test = FieldTest("postal_code", Op.STARTS_WITH, ("sw1A 1",))

    assert ask(test, {"postal_code": "SW1A1AA"}) is True
    assert ask(test, {"postal_code": "SW1A 2AA"}) is False


def test_of_many_words_one_is_enough() -> None:
    """A field with many words meets a test when one of them does; not_in means none of them."""
    lead = {"topic": ("partner", "renewal")}

    assert ask(FieldTest("topic", Op.IN, ("partner",)), lead) is True
    assert ask(FieldTest("topic", Op.NOT_IN, ("partner",)), lead) is False
    assert ask(FieldTest("topic", Op.IN, ("partner",)), {"topic": ()}) is False


def test_conditions_are_written_for_people() -> None:
    """A condition reads as a sentence of fields and values."""
    condition = All(
        (
            FieldTest("region", Op.IN, ("emea", "apac")),
            AnyOf((FieldTest("employees", Op.GTE, (200,)), FieldTest("hand_raise", Op.IN, (True,)))),
            Not(FieldTest("persona", Op.KNOWN, (True,))),
        )
    )

    assert describe(condition) == (
        "region in [emea, apac] and (employees >= 200 or hand_raise = true) and not (persona known)"
    )
    assert describe(All(())) == "always"


@given(CONDITIONS)
def test_a_tier_is_the_strongest_of_the_tested_fields(condition: Condition) -> None:
    """No tested field is of a stronger tier than the condition, and one is of the same (or none is tested)."""
    strength = {
        "employees": Tier.SEGMENT,
        "country": Tier.GEOGRAPHY,
        "state": Tier.GEOGRAPHY,
        "lead_type": Tier.SOURCE_INTENT,
        "hand_raise": Tier.SOURCE_INTENT,
    }
    tested = [DEFAULT_PRECEDENCE.index(strength[test.field]) for test in asked_of(condition)]

    assert DEFAULT_PRECEDENCE.index(computed_tier(condition, DEFAULT_PRECEDENCE)) == min(tested, default=4)

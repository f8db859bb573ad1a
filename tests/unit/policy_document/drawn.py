"""Conditions and leads for property tests, over few enough words that they often meet."""

from collections.abc import Mapping

from hypothesis import strategies as st

from shared.policy.condition import All, AnyOf, Condition, FieldTest, Not, Op

COUNTRIES = ("us", "de", "fr")
STATES = ("ca", "co", "ny")
TYPES = ("demo", "call")

WORDS = {"country": COUNTRIES, "state": STATES, "lead_type": TYPES}


def words(field: str) -> st.SearchStrategy[FieldTest]:
    """Tests of a word."""
    listed = st.lists(st.sampled_from(WORDS[field]), max_size=2).map(tuple)
    return st.one_of(
        st.builds(FieldTest, st.just(field), st.sampled_from([Op.IN, Op.NOT_IN]), listed),
        st.builds(
            FieldTest, st.just(field), st.just(Op.STARTS_WITH), st.tuples(st.sampled_from(["c", "ca", "d", "z"]))
        ),
        st.builds(FieldTest, st.just(field), st.just(Op.KNOWN), st.tuples(st.booleans())),
    )


def numbers(field: str = "employees", most: int = 12) -> st.SearchStrategy[FieldTest]:
    """Tests of a number."""
    bounds = st.sampled_from([Op.GTE, Op.GT, Op.LTE, Op.LT])
    listed = st.lists(st.integers(0, most), max_size=2).map(tuple)
    return st.one_of(
        st.builds(FieldTest, st.just(field), bounds, st.tuples(st.integers(0, most))),
        st.builds(FieldTest, st.just(field), st.sampled_from([Op.IN, Op.NOT_IN]), listed),
        st.builds(FieldTest, st.just(field), st.just(Op.KNOWN), st.tuples(st.booleans())),
    )


FLAGS: st.SearchStrategy[FieldTest] = st.one_of(
    st.builds(FieldTest, st.just("hand_raise"), st.just(Op.IN), st.tuples(st.booleans())),
    st.builds(FieldTest, st.just("hand_raise"), st.just(Op.KNOWN), st.tuples(st.booleans())),
)


def joined(tests: st.SearchStrategy[FieldTest], leaves: int = 8) -> st.SearchStrategy[Condition]:
    """Conditions over tests."""

    def more(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        several = st.lists(parts, max_size=3).map(tuple)
        return st.one_of(several.map(All), several.map(AnyOf), parts.map(Not))

    return st.recursive(tests, more, max_leaves=leaves)


TESTS = st.one_of(words("country"), words("state"), words("lead_type"), numbers(), FLAGS)
CONDITIONS = joined(TESTS)

LEADS: st.SearchStrategy[Mapping[str, object]] = st.fixed_dictionaries(
    {},
    optional={
        "country": st.sampled_from((*COUNTRIES, "cz", "US")),
        "state": st.sampled_from((*STATES, "tx")),
        "lead_type": st.sampled_from(TYPES),
        "employees": st.integers(0, 14),
        "hand_raise": st.booleans(),
    },
)

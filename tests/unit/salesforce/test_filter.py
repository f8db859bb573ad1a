"""Filter logic and lists of values, as Salesforce writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy.salesforce.filter import parse_filter, split_values
from shared.policy.salesforce.logic import And, Logic, Negation, Operation, Or, Term, UntranslatedError, terms_of
from shared.policy.salesforce.zips import with_beginnings

ONE, TWO, THREE = (Term(f"Lead.F{number}", Operation.EQUALS, ("x",)) for number in (1, 2, 3))


def _holds(logic: Logic, true: set[str]) -> bool:
    if isinstance(logic, Term):
        return logic.field in true
    if isinstance(logic, Negation):
        return not _holds(logic.part, true)
    judged = [_holds(part, true) for part in logic.parts]
    return all(judged) if isinstance(logic, And) else any(judged)


@pytest.mark.parametrize(
    ("text", "logic"),
    [
        ("1 AND (2 OR NOT 3)", And((ONE, Or((TWO, Negation(THREE)))))),
        ("1 and 2 or 3", Or((And((ONE, TWO)), THREE))),
        ("NOT 1 AND 2", And((Negation(ONE), TWO))),
        ("((1))", ONE),
        ("(1 AND 2) OR (1 AND 3)", Or((And((ONE, TWO)), And((ONE, THREE))))),
        ("NOT NOT 2", Negation(Negation(TWO))),
        (" 1  AND\n2 ", And((ONE, TWO))),
    ],
)
def test_filter_logic_is_read_as_it_binds(text: str, logic: Logic) -> None:
    """NOT binds tightest, then AND, then OR; case and blanks do not count."""
    assert parse_filter(text, (ONE, TWO, THREE)) == logic


_EXPRESSIONS = st.recursive(
    st.sampled_from("123"),
    lambda parts: st.one_of(
        st.tuples(parts, st.sampled_from(("and", "or")), parts).map(lambda one: f"({one[0]} {one[1]} {one[2]})"),
        parts.map(lambda one: f"not {one}"),
        parts.map(lambda one: f"({one})"),
    ),
    max_leaves=12,
)


@given(_EXPRESSIONS, st.frozensets(st.sampled_from("123")))
def test_filter_logic_means_what_python_would_say(text: str, true: frozenset[str]) -> None:
    """The same words with True and False for the numbers have the same value."""
    logic = parse_filter(text.upper(), (ONE, TWO, THREE))
    said = "".join(str(sign in true) if sign in "123" else sign for sign in text)

    assert _holds(logic, {f"Lead.F{number}" for number in true}) is eval(said)  # noqa: S307  made of our own words


@pytest.mark.parametrize(
    "text", ["1 AND", "4", "0", "1 2", "(1", "1)", "1 XOR 2", "AND", "1 & 2", "()", "NOT", "(" * 500 + "1" + ")" * 500]
)
def test_filter_logic_that_cannot_be_read_says_so(text: str) -> None:
    """Nothing is guessed, and nothing runs out of stack."""
    with pytest.raises(UntranslatedError, match="cannot be read"):
        parse_filter(text, (ONE, TWO, THREE))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", ("",)),
        ("US", ("US",)),
        ("US, USA ,United States", ("US", "USA", "United States")),
        ('"Smith, Jones",Acme', ("Smith, Jones", "Acme")),
        ('"The ""Big"" One"', ('The "Big" One',)),
        (",Hot", ("", "Hot")),
        ("Hot,Hot", ("Hot",)),
        ("two\nlines", ("two lines",)),
        ('12" pipe', ('12" pipe',)),
    ],
)
def test_values_are_parted_by_commas_outside_of_quotes(text: str, values: tuple[str, ...]) -> None:
    """As in a line of CSV; a blank one stays, for it asks for an empty field."""
    assert split_values(text) == values


def test_a_value_without_end_is_not_translated() -> None:
    """What no field of Salesforce can hold is said to be so."""
    with pytest.raises(UntranslatedError, match="cannot be read"):
        split_values('"' + "x" * 200_000)


def _between(first: str, last: str, *more: Term) -> Logic:
    bounds = (
        Term("Lead.PostalCode", Operation.GREATER_OR_EQUAL, (first,)),
        Term("Lead.PostalCode", Operation.LESS_THAN, (last,)),
    )
    return with_beginnings(And((*bounds, *more)))


_STATES = Term("Lead.Country", Operation.EQUALS, ("USA", "United States"))


@given(st.integers(0, 99_999), st.integers(0, 99_999), st.lists(st.integers(0, 99_999), max_size=20))
def test_a_range_of_zip_codes_is_its_beginnings(first: int, last: int, others: list[int]) -> None:
    """A code of five digits begins with one of them exactly when it lies in the range, and there are few."""
    logic = _between(f"{first:05}", f"{last:05}", _STATES)
    assert isinstance(logic, And)
    assert logic.parts[0] == _STATES

    term = logic.parts[1]
    beginnings = term.values if isinstance(term, Term) else ()

    # Nine per digit below the first that differs, from either end, and at most eight between.
    assert len(beginnings) <= 80
    for code in (*others, first, last, last - 1, first - 1):
        assert f"{code:05}".startswith(beginnings) is (first <= code < last)


@pytest.mark.parametrize(
    "logic",
    [
        _between("27006", "28909"),
        _between("27006", "28909", Term("Lead.Country", Operation.EQUALS, ("US", "Canada"))),
        _between("27006", "28909", Term("Lead.Country", Operation.EQUALS, ("US", ""))),
        _between("2700", "2890", _STATES),
        with_beginnings(And((Term("Lead.PostalCode", Operation.LESS_THAN, ("28909",)), _STATES))),
    ],
)
def test_other_bounds_of_postal_codes_stay_as_they_are(logic: Logic) -> None:
    """Where a code might be of another country, or a blank lie in the range, nothing is rewritten."""
    assert any(term.operation is Operation.LESS_THAN for term in terms_of(logic))

"""Parameters of statements: what is sent as an array arrives as it was."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.db.engine import open_engine
from shared.db.transaction import transaction

_NUMBERS = st.lists(st.integers(-(2**63), 2**63 - 1))
#: PostgreSQL stores no NUL, and half a surrogate pair is no text.
_TEXTS = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
_AWKWARD = ["", "NULL", "a,b", '"', "\\", '\\"', "{}", " ", "\t\n", "é", "%s", "'"]


def test_an_array_of_texts_arrives_as_it_was(empty_database_url: str) -> None:
    """Quotes, backslashes, braces, blanks and the word NULL are texts like any other."""
    engine = open_engine(empty_database_url)
    with transaction(engine) as tx:

        @given(_TEXTS)
        def arrives(texts: list[str]) -> None:
            assert tx.value("SELECT %(values)s::text[]", values=texts) == texts

        arrives()
        found = tx.value("SELECT %(values)s::text[]", values=_AWKWARD)
    engine.dispose()

    assert found == _AWKWARD


def test_an_array_of_numbers_arrives_as_it_was(empty_database_url: str) -> None:
    """Every number of 64 bits, and none at all."""
    engine = open_engine(empty_database_url)
    with transaction(engine) as tx:

        @given(_NUMBERS)
        def arrives(numbers: list[int]) -> None:
            assert tx.value("SELECT %(values)s::bigint[]", values=numbers) == numbers

        arrives()
        found = tx.value("SELECT %(values)s::bigint[]", values=[])
    engine.dispose()

    assert found == []


def test_other_arrays_are_left_to_the_driver(empty_database_url: str) -> None:
    """Blanks among the values, truth values and fractions arrive as well."""
    lists: dict[str, list[Any]] = {"text": ["a", None], "boolean": [True, False], "float8": [0.5, 2.0]}
    engine = open_engine(empty_database_url)

    with transaction(engine) as tx:
        found = {kind: tx.value(f"SELECT %(values)s::{kind}[]", values=values) for kind, values in lists.items()}
    engine.dispose()

    assert found == lists

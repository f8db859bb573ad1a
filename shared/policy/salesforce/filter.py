"""Filter logic: `1 AND (2 OR NOT 3)` over the numbered criteria of an entry."""

import csv
import re
from collections.abc import Sequence
from typing import Final

from shared.policy.salesforce.logic import And, Logic, Negation, Operation, Or, Term, UntranslatedError, each
from shared.policy.salesforce.rules import Entry, Item
from shared.policy.salesforce.zips import with_beginnings

# Salesforce allows ten or so criteria in an entry; nobody nests them deeper than this.
_DEEPEST: Final = 50

_TOKEN = re.compile(r"\s*(?:(\d{1,4})|(\(|\))|(AND|OR|NOT)\b)", re.IGNORECASE)


def logic_of(entry: Entry) -> Logic:
    """What the criteria of an entry ask together; without filter logic all of them."""
    terms = tuple(each(entry.items, _term))
    return with_beginnings(parse_filter(entry.boolean_filter, terms) if entry.boolean_filter else And(terms))


#: No criterion of Salesforce is a tenth of this; the limit of the reader itself belongs to the whole process.
_LONGEST_VALUES: Final = 100_000


def split_values(text: str) -> tuple[str, ...]:
    """The values of a criterion: commas part them, quotes keep a comma inside one; a blank one means an empty field."""
    if len(text) > _LONGEST_VALUES:
        raise UntranslatedError(f"the values `{text[:40]}…` cannot be read: {len(text)} characters are too many")
    try:
        row = next(csv.reader([" ".join(text.split())], skipinitialspace=True), None) or [""]
    except csv.Error as error:
        raise UntranslatedError(f"the values `{text[:40]}…` cannot be read: {error}") from error
    return tuple(dict.fromkeys(value.strip() for value in row))


def _term(item: Item) -> Term:
    """One criterion as a term."""
    if item.operation not in set(Operation):
        raise UntranslatedError(f"{item}: there is no operator {item.operation or '(blank)'} in Salesforce's filters")
    if item.value_field:
        raise UntranslatedError(f"{item}: a field is compared with another field, which rules here cannot do")
    return Term(item.field, Operation(item.operation), split_values(item.value))


def parse_filter(text: str, terms: Sequence[Logic]) -> Logic:
    """Read filter logic over the terms; UntranslatedError when it cannot be read or names a criterion too many."""
    reader = _Reader(text, terms)
    logic = reader.either()
    reader.expect_end()
    return logic


class _Reader:
    """Reads by recursive descent; AND binds tighter than OR, NOT tightest."""

    def __init__(self, text: str, terms: Sequence[Logic]) -> None:
        self._text = text
        self._terms = terms
        self._tokens = self._cut()
        self._next = 0
        self._depth = 0

    def either(self) -> Logic:
        """Parts with OR between them."""
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def expect_end(self) -> None:
        """Nothing may be left over."""
        if self._next < len(self._tokens):
            raise self._wrong(f"`{self._tokens[self._next]}` is not expected")

    def _both(self) -> Logic:
        parts = [self._single()]
        while self._take("and"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _single(self) -> Logic:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong("it nests too deep")
        logic = self._unnested()
        self._depth -= 1
        return logic

    def _unnested(self) -> Logic:
        if self._take("not"):
            return Negation(self._single())
        if self._take("("):
            logic = self.either()
            if not self._take(")"):
                raise self._wrong("a bracket is not closed")
            return logic
        if self._next >= len(self._tokens) or not self._tokens[self._next].isdecimal():
            raise self._wrong("a number is expected")
        number = int(self._tokens[self._next])
        self._next += 1
        if not 1 <= number <= len(self._terms):
            raise self._wrong(f"there is no criterion {number}")
        return self._terms[number - 1]

    def _take(self, token: str) -> bool:
        found = self._next < len(self._tokens) and self._tokens[self._next] == token
        self._next += found
        return found

    def _cut(self) -> list[str]:
        tokens: list[str] = []
        place = 0
        while place < len(self._text.rstrip()):
            found = _TOKEN.match(self._text, place)
            if found is None:
                raise self._wrong("it has signs that do not belong there")
            tokens.append(found[0].strip().casefold())
            place = found.end()
        return tokens

    def _wrong(self, what: str) -> UntranslatedError:
        return UntranslatedError(f"the filter logic `{self._text}` cannot be read: {what}")

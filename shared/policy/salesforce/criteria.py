"""From terms to our conditions.

Salesforce has two values, and an empty field is a blank text: `notEqual` takes it. Here a test of an unknown fact is
unknown. So every term is written twice, as it stands and as its opposite, each with what it says of an unknown fact
(`known: false`); a negation picks the opposite and never becomes a `not` around an unknown.
"""

import re
from collections.abc import Callable
from typing import Final

from shared.normal.text import clean
from shared.policy.condition import Condition, FieldTest, Not, Op
from shared.policy.salesforce.declared import Declared
from shared.policy.salesforce.fields import Column, Home
from shared.policy.salesforce.joined import ALWAYS, NEVER, every, known, some, unknown
from shared.policy.salesforce.logic import And, Logic, Negation, Operation, Term, UntranslatedError, each
from shared.policy.salesforce.numbers import number_test

_ORDER: Final = (Operation.LESS_THAN, Operation.GREATER_THAN, Operation.LESS_OR_EQUAL, Operation.GREATER_OR_EQUAL)
#: Operators that are the opposite of another.
_OPPOSITES: Final = {
    Operation.NOT_EQUAL: Operation.EQUALS,
    Operation.NOT_CONTAIN: Operation.CONTAINS,
    Operation.EXCLUDES: Operation.INCLUDES,
}
#: The longest word that a policy takes.
LONGEST_WORD: Final = 500

_RELATIVE_DATE = re.compile(r"(TODAY|YESTERDAY|TOMORROW|(LAST|THIS|NEXT)[_ ]\w+([_ ]\w+)*(:\d+)?)", re.IGNORECASE)


class Translator:
    """Turns what entries ask into conditions, and notes what the policy must declare for them."""

    def __init__(self, declared: Declared) -> None:
        self._declared = declared

    def condition(self, logic: Logic, *, holds: bool = True) -> Condition:
        """The condition that is true exactly when the logic holds (or does not); UntranslatedError where none is."""
        if isinstance(logic, Term):
            return self._term(logic, holds=holds)
        if isinstance(logic, Negation):
            return self.condition(logic.part, holds=not holds)
        parts = each(logic.parts, lambda part: self.condition(part, holds=holds))
        return every(*parts) if isinstance(logic, And) is holds else some(*parts)

    def _term(self, term: Term, *, holds: bool) -> Condition:
        column = self._declared.fields.column(term.field)
        try:
            return self._translated(term, column, holds=holds)
        except UntranslatedError as error:
            values = ",".join(term.values)
            raise UntranslatedError(f'{term.field} {term.operation} "{values}": {error}') from error

    def _translated(self, term: Term, column: Column, *, holds: bool) -> Condition:
        operation, values = term.operation, _clean(term.values)
        if operation is Operation.EXCLUDES and len(values) > 1:
            raise UntranslatedError(
                "Salesforce's own pages disagree whether one or all of several values must be absent; "
                "use one criterion for each"
            )
        if operation in _OPPOSITES:
            operation, holds = _OPPOSITES[operation], not holds
        if operation is Operation.WITHIN:
            raise UntranslatedError("distances are not known here")
        if operation in (Operation.EQUALS, *_ORDER) and any(_RELATIVE_DATE.fullmatch(one) for one in values):
            raise UntranslatedError("dates that move with the day are not known here")
        if column.home is Home.NUMBER:
            return number_test(column.name, operation, values, holds=holds)
        write: dict[Operation, Callable[[Column, tuple[str, ...], bool], Condition]] = {
            Operation.EQUALS: self._equals,
            Operation.CONTAINS: self._contains,
            Operation.STARTS_WITH: self._starts_with,
            Operation.INCLUDES: self._includes,
        }
        if operation not in write:
            raise _no_number(column)
        return write[operation](column, values, holds)

    def _equals(self, column: Column, values: tuple[str, ...], holds: bool) -> Condition:
        blank = "" in values
        if self._declared.is_checkbox(column):
            return self._checkbox(column, values, holds=holds)
        if self._declared.has_many(column) and values != ("",):
            raise UntranslatedError("an exact choice of a multi-select picklist is not known here; use includes")
        words = self._declared.words(column, tuple(value for value in values if value))
        self._declared.use(column)
        name = column.name
        if holds:
            parts: list[Condition] = [FieldTest(name, Op.IN, words)] if words else []
            return some(*parts, *((unknown(name),) if blank else ()))
        if not words:
            return known(name) if blank else ALWAYS
        apart = FieldTest(name, Op.NOT_IN, words)
        return apart if blank else some(unknown(name), apart)

    def _checkbox(self, column: Column, values: tuple[str, ...], *, holds: bool) -> Condition:
        """A checkbox is never blank: what is not ticked is false."""
        self._declared.use(column, checkbox=True)
        wanted = {one.casefold() != "false" for one in values if one}
        wanted = wanted if holds else {True, False} - wanted
        if len(wanted) != 1:
            return ALWAYS if wanted else NEVER
        if True in wanted:
            return FieldTest(column.name, Op.IN, ("true",))
        return some(unknown(column.name), FieldTest(column.name, Op.NOT_IN, ("true",)))

    def _contains(self, column: Column, values: tuple[str, ...], holds: bool) -> Condition:
        if column.home is Home.NORMAL:
            raise _no_parts(column)
        _insist_on_values(values)
        name = self._declared.use_words(column, values)
        if holds:
            return FieldTest(name, Op.IN, values)
        return some(unknown(name), FieldTest(name, Op.NOT_IN, values))

    def _starts_with(self, column: Column, values: tuple[str, ...], holds: bool) -> Condition:
        if column.home is Home.NORMAL:
            raise _no_parts(column)
        _insist_on_values(values)
        if self._declared.has_many(column):
            raise UntranslatedError("a multi-select picklist does not begin with anything here; use includes")
        self._declared.use(column)
        begins = FieldTest(column.name, Op.STARTS_WITH, values)
        return begins if holds else some(unknown(column.name), Not(begins))

    def _includes(self, column: Column, values: tuple[str, ...], holds: bool) -> Condition:
        """Commas part alternatives; inside one, semicolons ask for all of several choices."""
        if column.home is not Home.ATTRIBUTE or column.source:
            raise UntranslatedError(f"{column.name} is no multi-select picklist")
        _insist_on_values(values)
        self._declared.use(column)
        choices = [tuple(one.strip() for one in value.split(";") if one.strip()) for value in values]
        op = Op.IN if holds else Op.NOT_IN
        tests = [[FieldTest(column.name, op, (one,)) for one in choice] for choice in choices]
        if holds:
            single = tuple(choice[0] for choice in choices if len(choice) == 1)
            several = [every(*one) for one in tests if len(one) > 1]
            return some(*((FieldTest(column.name, op, single),) if single else ()), *several)
        return some(unknown(column.name), every(*(some(*one) for one in tests)))


def _clean(values: tuple[str, ...]) -> tuple[str, ...]:
    """Values as facts are cleaned: without what cannot be seen."""
    if not values:
        raise UntranslatedError("it is compared to nothing at all")
    if any(len(value) > LONGEST_WORD for value in values):
        raise UntranslatedError(f"a value is longer than {LONGEST_WORD} characters")
    cleaned = tuple(clean(value, LONGEST_WORD) or "" for value in values)
    if cleaned.count("") > values.count(""):
        raise UntranslatedError("a value has only signs that cannot be seen")
    return cleaned


def _insist_on_values(values: tuple[str, ...]) -> None:
    """Parts and beginnings of nothing are asked for by mistake."""
    if "" in values:
        raise UntranslatedError("it asks for nothing, which every text has or none")


def _no_parts(column: Column) -> UntranslatedError:
    """Say why a part of a text cannot be asked for."""
    return UntranslatedError(
        f"{column.name} is brought to a normal form here, which parts of it do not survive; use equals"
    )


def _no_number(column: Column) -> UntranslatedError:
    """Say why a field cannot be held against a bound."""
    if column.name == "postal_code":
        return UntranslatedError(
            "bounds of five digits, a lower one among them, are translated beside a country that is the United States; "
            "write beginnings with startsWith"
        )
    return UntranslatedError("only the number of employees is a number here; bring it as a word, such as a size")

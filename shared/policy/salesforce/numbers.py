"""Criteria on the number of employees: whole numbers, an unknown one meets no comparison and is unequal to all."""

import math
import re
from decimal import Decimal
from typing import Final

from shared.policy.condition import Condition, FieldTest, Op
from shared.policy.ranges import TOP
from shared.policy.salesforce.joined import ALWAYS, NEVER, known, some, unknown
from shared.policy.salesforce.logic import Operation, UntranslatedError

_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,6})?")

_ORDER: Final = {
    Operation.LESS_THAN: (Op.LT, math.ceil),
    Operation.LESS_OR_EQUAL: (Op.LTE, math.floor),
    Operation.GREATER_THAN: (Op.GT, math.floor),
    Operation.GREATER_OR_EQUAL: (Op.GTE, math.ceil),
}
_OPPOSITES: Final = {Op.LT: Op.GTE, Op.GTE: Op.LT, Op.LTE: Op.GT, Op.GT: Op.LTE}


def number_test(field: str, operation: Operation, values: tuple[str, ...], *, holds: bool) -> Condition:
    """The condition for a term on a number, or for its opposite."""
    if operation is Operation.EQUALS:
        return _equal(field, values, holds=holds)
    if operation not in _ORDER:
        raise UntranslatedError(f"{field} is a number here, of which no part can be asked for")
    if len(values) != 1:
        raise UntranslatedError("a number is compared with several; write it without commas")
    op, whole = _ORDER[operation]
    bound = whole(_number(values[0]))
    test = _bounded(field, op if holds else _OPPOSITES[op], bound)
    return test if holds else some(unknown(field), test)


def _equal(field: str, values: tuple[str, ...], *, holds: bool) -> Condition:
    blank = "" in values
    numbers = [_number(value) for value in values if value]
    # Nobody has half an employee, and no fact is negative.
    listed = tuple(int(one) for one in numbers if one == int(one) and 0 <= one <= TOP)
    if holds:
        return some(*((FieldTest(field, Op.IN, listed),) if listed else ()), *((unknown(field),) if blank else ()))
    if not listed:
        return known(field) if blank else ALWAYS
    apart = FieldTest(field, Op.NOT_IN, listed)
    return apart if blank else some(unknown(field), apart)


def _bounded(field: str, op: Op, bound: int) -> Condition:
    """A comparison; a bound beyond all numbers makes it always or never true of a known one."""
    if 0 <= bound <= TOP:
        return FieldTest(field, op, (bound,))
    is_true = (bound < 0) is (op in (Op.GT, Op.GTE))
    return known(field) if is_true else NEVER


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise UntranslatedError(f"`{text}` is no plain number")
    return Decimal(text)

"""A batch that one of its items spoils: halved until the culprit stands alone, so that its neighbours go on."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import psycopg
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")

#: What the database says of data, and not of itself: the same rows would be refused for ever.
_REFUSED = (
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.StatementTooComplex,
)
#: What a reader raises on a text that nobody thought of. A culprit in quarantine is better than a process that dies
#: of it again and again; should every item be one, quarantine keeps them all for a replay after the mend.
_BROKEN = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def apply_in_halves(
    items: Sequence[T], apply: Callable[[Sequence[T]], None], refuse: Callable[[T, Exception], None]
) -> None:
    """Apply all items at once where that works; else each half, and `refuse` the single ones that do not work."""
    try:
        apply(items)
    except (DBAPIError, *_BROKEN) as error:
        culprit = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(culprit, (*_REFUSED, *_BROKEN)):
            raise
        if len(items) == 1:
            refuse(items[0], culprit)
            return
    else:
        return
    middle = len(items) // 2
    apply_in_halves(items[:middle], apply, refuse)
    apply_in_halves(items[middle:], apply, refuse)

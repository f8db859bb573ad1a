"""Counts the custodies that began and the first touches, in the transaction that they began in."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from shared.db.transaction import Transaction
from shared.domain.lead import OwnerKind, Status
from shared.metrics import ESCALATIONS, LEADS_ASSIGNED, ROUTING, TIME_TO_ASSIGNMENT, TIME_TO_FIRST_TOUCH


def count_owners(tx: Transaction, moved: Sequence[Row[Any]]) -> None:
    """Count who got a rep, how long the first one took, and how long routing took; test leads do not count.

    Routing is the way from the buffer to the first custody: what waited in a queue of exceptions waited for people.
    """
    counted = [one for one in moved if not one.test]
    given = [one for one in counted if one.owner_kind == OwnerKind.REP]
    for one in given:
        tx.count(LEADS_ASSIGNED, one.reason, one.known_segment or "unknown")
    tx.observe(TIME_TO_ASSIGNMENT, [one.since_received for one in given if one.is_first_rep])
    first = [
        one for one in counted if one.epoch == 1 and one.status in {Status.OFFERED, Status.ACCEPTED, Status.POOLED}
    ]
    tx.observe(ROUTING, [one.since_release for one in first])


def count_answered(tx: Transaction, rows: Sequence[Row[Any]]) -> None:
    """Count the marks that an answer set because nothing had fired them, and first touches."""
    for one in rows:
        if one.action is not None:
            tx.count(ESCALATIONS, one.action, "answer", amount=one.steps)
    tx.observe(TIME_TO_FIRST_TOUCH, [one.seconds for one in rows if one.seconds is not None])

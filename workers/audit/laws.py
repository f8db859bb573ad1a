"""The laws of the house as values: their words, how each is checked, and what a check found."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

#: A person reads so many ids of a breach; the count says how many there are.
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Law:
    """Something that must always be true; `number` is that of the design, 0 for the books that only we keep."""

    number: int
    name: str
    meaning: str


BOOKS = Law(0, "Books", "What is counted beside the leads agrees with the leads.")
CONSERVATION = Law(1, "Conservation", "Every event that was read ends in exactly one place, and the tally says so.")
CUSTODY = Law(2, "One custody", "A lead is held by exactly one rep or queue where its status says so, else by nobody.")
CLOCK = Law(3, "Exactly-once escalation", "Each step fires once, when it is due, and never after its ladder ended.")
VOID = Law(4, "No lead in the void", "No lead waits with someone who is gone, in an unowned queue, or between stages.")
PINNED = Law(5, "Pinned policy", "A running clock keeps the policy version that it started with.")
ANSWER = Law(6, "Answered by two words", "A rep accepts, or recycles with a reason from the policy's closed list.")
EXPLAINED = Law(8, "Explained", "The decisions in order give the lead's status and owner, and can be replayed.")

LAWS = MappingProxyType(
    {law.number: law for law in (BOOKS, CONSERVATION, CUSTODY, CLOCK, VOID, PINNED, ANSWER, EXPLAINED)}
)


@dataclass(frozen=True, slots=True)
class Check:
    """One way in which a law can be broken, said as what must hold; `sql` returns the column `id` of each offender."""

    law: Law
    holds: str
    sql: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found: how many offenders, and the first of them."""

    law: Law
    holds: str
    breaches: int
    ids: tuple[object, ...] = ()


def result(law: Law, holds: str, offenders: Sequence[object]) -> Result:
    """Return the result of a check that was made in memory."""
    return Result(law, holds, len(offenders), tuple(offenders[:SHOWN]))

"""A lead's life in one word: the closed list of statuses and the moves between them."""

from enum import StrEnum
from types import MappingProxyType


class Status(StrEnum):
    """Where a lead stands; `docs/lead-lifecycle.md` draws it."""

    RECEIVED = "received"
    BUFFERING = "buffering"
    MATCHED = "matched"
    OFFERED = "offered"
    POOLED = "pooled"
    ACCEPTED = "accepted"
    HELD = "held"
    NURTURING = "nurturing"
    DIVERTED = "diverted"
    SUPPRESSED = "suppressed"
    MERGED = "merged"
    CONVERTED = "converted"


_CUSTODY_EXITS = frozenset(
    {
        Status.ACCEPTED,
        Status.OFFERED,
        Status.POOLED,
        Status.HELD,
        Status.NURTURING,
        Status.DIVERTED,
        Status.SUPPRESSED,
        Status.MERGED,
        Status.CONVERTED,
    }
)

#: Every legal move, from -> to. The database refuses all others (trigger `lead_status_moves`).
MOVES = MappingProxyType(
    {
        Status.RECEIVED: frozenset({Status.BUFFERING, Status.HELD}),
        Status.BUFFERING: frozenset({Status.MATCHED, Status.MERGED, Status.SUPPRESSED, Status.HELD}),
        Status.MATCHED: frozenset(
            {
                Status.OFFERED,
                Status.POOLED,
                Status.HELD,
                Status.NURTURING,
                Status.DIVERTED,
                Status.SUPPRESSED,
            }
        ),
        Status.OFFERED: _CUSTODY_EXITS,
        Status.POOLED: _CUSTODY_EXITS - {Status.POOLED},
        Status.ACCEPTED: _CUSTODY_EXITS,
        Status.HELD: (_CUSTODY_EXITS | {Status.MATCHED}) - {Status.ACCEPTED, Status.HELD},
        Status.NURTURING: frozenset({Status.BUFFERING, Status.SUPPRESSED, Status.MERGED, Status.CONVERTED}),
        Status.DIVERTED: frozenset(),
        Status.SUPPRESSED: frozenset(),
        Status.MERGED: frozenset(),
        Status.CONVERTED: frozenset(),
    }
)

#: The pipeline owns the lead; no person sees it yet and no lead may stay here for long.
MOVING = frozenset({Status.RECEIVED, Status.BUFFERING, Status.MATCHED})

#: Held by exactly one custody: a rep (offered, accepted) or a queue (pooled, held).
IN_CUSTODY = frozenset({Status.OFFERED, Status.ACCEPTED, Status.POOLED, Status.HELD})

#: A later event of the same person joins a lead that stands here.
LIVING = MOVING | IN_CUSTODY | {Status.NURTURING}


class OwnerKind(StrEnum):
    """Who can hold a lead."""

    REP = "rep"
    QUEUE = "queue"


class Stage(StrEnum):
    """Which room decided."""

    INTAKE = "intake"
    ENRICHMENT = "enrichment"
    DEDUPLICATION = "deduplication"
    ASSIGNMENT = "assignment"
    ESCALATION = "escalation"
    REASSIGNMENT = "reassignment"
    ANSWER = "answer"
    OPS = "ops"

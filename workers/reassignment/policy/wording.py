"""Why a lead did not move, in words that say what to do about it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "no_one_available": "nobody in the pool can take it now",
        "no_one_else": "nobody but its present owner can take it",
        "already_in_a_queue": "it waits in a claim queue already",
        "at_capacity": "the rep holds as many leads as the rep may",
        "capped": "the rep gets no more by this plan",
        "no_weight": "the rep has the weight 0",
        "not_a_member": "the rep is no longer in the pool",
        "away": "the rep is away",
        "departed": "the rep has departed",
        "unknown_rep": "the rep is not known",
        "unknown_queue": "the policy has no such queue",
        "no_owner": "its account has no owner",
        "touched": "its new owner has seen, touched or answered it",
        "changed": "it is gone",
    }
)
_BEFORE_COLON: Final[Mapping[str, str]] = MappingProxyType(
    {"now_with": "it moved on and is with {} now", "policy": "the policy would not give it to anybody: {}"}
)


def reason_words(reason: str) -> str:
    """Return a reason in words; one that nobody has words for stands for itself."""
    if reason in _WORDS:
        return _WORDS[reason]
    head, colon, rest = reason.partition(":")
    if colon and head in _BEFORE_COLON:
        return _BEFORE_COLON[head].format(rest)
    if reason.startswith("now_"):
        return f"it is {reason.removeprefix('now_')} now"
    return reason.replace("_", " ")

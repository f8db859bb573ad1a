"""Where a lead can be sent: the one notation that policy, commands and decisions share."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from shared.errors import UsageError


class TargetError(UsageError):
    """A text that should name a target does not."""


class TargetKind(StrEnum):
    """The kinds of places a lead can go to."""

    REP = "rep"
    POOL = "pool"
    QUEUE = "queue"
    OWNER = "owner"
    TEAM = "team"
    DIVERT = "divert"
    NURTURE = "nurture"
    SUPPRESS = "suppress"
    KEEP_OWNER = "keep_owner"
    MERGE = "merge"


# Kinds that stand alone; all others are written kind:name.
_BARE = frozenset({TargetKind.SUPPRESS, TargetKind.KEEP_OWNER, TargetKind.MERGE})

# Kinds whose names are fixed words and not names of the policy.
_FIXED = {
    TargetKind.OWNER: frozenset({"opportunity", "account"}),
    TargetKind.TEAM: frozenset({"account_owner"}),
}

TARGET_FORMS = (
    "rep:ID",
    "pool:NAME",
    "queue:NAME",
    "owner:opportunity",
    "owner:account",
    "team:account_owner",
    "divert:QUEUE",
    "nurture:TRACK",
    "suppress",
    "keep_owner",
    "merge",
)


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """A place for a lead; `name` is blank for suppress, keep_owner and merge."""

    kind: TargetKind
    name: str = ""

    def __str__(self) -> str:
        """Write the target as the policy does."""
        return f"{self.kind}:{self.name}" if self.name else str(self.kind)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read one target; a TargetError names the forms there are."""
        word, colon, name = text.strip().partition(":")
        word, name = word.strip(), name.strip()
        if word not in _KINDS:
            raise TargetError(f"{text!r} is not a target; the forms are {', '.join(TARGET_FORMS)}")
        kind = TargetKind(word)
        if (kind in _BARE) == bool(colon) or (colon and not name):
            form = word if kind in _BARE else f"{word}:NAME"
            raise TargetError(f"{text!r} is not a target; write {form}")
        fixed = _FIXED.get(kind)
        if fixed is not None and name not in fixed:
            forms = " or ".join(f"{word}:{one}" for one in sorted(fixed))
            raise TargetError(f"{text!r} is not a target; write {forms}")
        return cls(kind, name)


_KINDS = frozenset(str(kind) for kind in TargetKind)

"""Which version of the policy is in force when: a function of the recorded activations and of nothing else.

The latest activation that has taken effect counts; of two for the same instant, the one that was asked for last.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Activation:
    """A version and the instant from which it is in force; the numbers grow in the order of asking."""

    activation_id: int
    version: int
    effective_at: datetime


@dataclass(frozen=True, slots=True)
class Reign:
    """A stretch of time in which one version is in force; `until` None: for all that is known."""

    version: int
    since: datetime
    until: datetime | None


def in_force(activations: Iterable[Activation], at: datetime) -> int | None:
    """Return the version in force at an instant, None before the first."""
    begun = [one for one in activations if one.effective_at <= at]
    return max(begun, key=_order).version if begun else None


def reigns(activations: Iterable[Activation]) -> list[Reign]:
    """Return who was, is and will be in force, in the order of time; a version that follows itself reigns on."""
    found: list[Reign] = []
    for one in sorted({one.effective_at: one for one in sorted(activations, key=_order)}.values(), key=_order):
        if found and found[-1].version == one.version:
            continue
        if found:
            found[-1] = Reign(found[-1].version, found[-1].since, one.effective_at)
        found.append(Reign(one.version, one.effective_at, None))
    return found


def _order(activation: Activation) -> tuple[datetime, int]:
    return activation.effective_at, activation.activation_id

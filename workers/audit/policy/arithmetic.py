"""The arithmetic behind the measures: shares with their intervals, the leak, the reconciliation; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb, sqrt

#: The normal quantile of a two-sided interval of 95 %.
_Z = 1.959963984540054
#: A rep with fewer leads of a type is not judged: one meeting more or less would turn the verdict.
MATERIAL_LEADS = 20
#: The usual level at which a difference is not put down to chance.
MATERIAL_P = 0.05


@dataclass(frozen=True, slots=True)
class Leak:
    """What becomes of leads when a share of them leaks away before anybody works them, and what that costs."""

    worked: float
    meetings: float
    opportunities: float
    lost_meetings: float
    lost_opportunities: float


def leak(leads: float, leaking: float, booking: float, opening: float) -> Leak:
    """Work out the leak from leads and three shares: 400, 20 %, 30 % and 25 % lose 24 meetings, 6 opportunities."""
    lost = leads * leaking
    worked = leads - lost
    return Leak(worked, worked * booking, worked * booking * opening, lost * booking, lost * booking * opening)


def ratio(part: float, whole: float) -> float | None:
    """Return part of whole; None when there is no whole."""
    return part / whole if whole else None


def wilson(part: int, whole: int) -> tuple[float, float] | None:
    """Return the 95 % interval of a share after Wilson; None when there is no whole."""
    if not whole:
        return None
    share, square = part / whole, _Z * _Z
    middle = share + square / (2 * whole)
    reach = _Z * sqrt(share * (1 - share) / whole + square / (4 * whole * whole))
    return (max(0.0, (middle - reach) / (1 + square / whole)), min(1.0, (middle + reach) / (1 + square / whole)))


def fisher(part: int, whole: int, others_part: int, others_whole: int) -> float:
    """Return the two-sided p value of Fisher's exact test of two shares."""
    parts, leads = part + others_part, whole + others_whole
    ways = {
        one: comb(whole, one) * comb(others_whole, parts - one)
        for one in range(max(0, parts - others_whole), min(whole, parts) + 1)
    }
    return sum(way for way in ways.values() if way <= ways[part]) / comb(leads, parts)


def is_mismatch(part: int, whole: int, others_part: int, others_whole: int) -> bool:
    """Say whether a share is materially lower than that of the others, both with enough leads to say so."""
    if whole < MATERIAL_LEADS or others_whole < MATERIAL_LEADS or part / whole >= others_part / others_whole:
        return False
    return fisher(part, whole, others_part, others_whole) < MATERIAL_P


def unexplained(delivered: int, worked: int, not_worked: Mapping[str, int]) -> int:
    """Return how many delivered leads are neither worked nor in the itemised difference; it has to be zero."""
    return delivered - worked - sum(not_worked.values())

"""Weights from results: what each member's share of a pool could be, by how often leads became something. Pure.

A rate from few leads says little, so each is drawn towards the pool's own rate as if the rep had had so many leads of
the average more (additive smoothing). It is advice: a person writes the weight into the reps' file.
"""

from collections.abc import Sequence
from dataclasses import dataclass

#: Average leads that stand beside a rep's own: with as many of the rep's own, both count alike.
PRIOR_LEADS = 20
#: No advice goes beyond half and double of an equal share: results follow leads, and would run away with them.
LEAST, MOST = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class Result:
    """What became of the leads that a pool gave a rep: how many were given, accepted, and converted."""

    pool: str
    rep_id: str
    weight: float
    given: int
    accepted: int
    converted: int


@dataclass(frozen=True, slots=True)
class Advice:
    """A rep's rates (of given leads) and the weight that they would justify; 1 is an equal share."""

    result: Result
    accepted_rate: float
    converted_rate: float
    weight: float


def advise(results: Sequence[Result]) -> list[Advice]:
    """Return advice for every member, pool by pool; conversions count where the pool has any, else acceptances."""
    return [advice for pool in sorted({one.pool for one in results}) for advice in _pool(results, pool)]


def _pool(results: Sequence[Result], pool: str) -> list[Advice]:
    members = [one for one in results if one.pool == pool]
    given = sum(one.given for one in members)
    by_conversion = any(one.converted for one in members)
    good = {one.rep_id: one.converted if by_conversion else one.accepted for one in members}
    average = sum(good.values()) / given if given else 0.0
    return [_advice(one, good[one.rep_id], average) for one in sorted(members, key=lambda one: one.rep_id)]


def _advice(one: Result, good: int, average: float) -> Advice:
    smoothed = (good + PRIOR_LEADS * average) / (one.given + PRIOR_LEADS)
    weight = min(MOST, max(LEAST, smoothed / average)) if average else 1.0
    return Advice(one, _share(one.accepted, one.given), _share(one.converted, one.given), round(weight, 2))


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0

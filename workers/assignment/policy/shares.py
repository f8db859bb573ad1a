"""How far the shares of a pool's members are from their weights, before and after; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

#: The weights of the members by pool, for the pools that go by weight.
Weights = Mapping[str, Mapping[str, Fraction]]


@dataclass(frozen=True, slots=True)
class Seatholder:
    """A rep who has leads of a pool: how many, and how many the weights would give, of all that the pool gave."""

    rep_id: str
    before: int
    after: int
    fair_before: float
    fair_after: float


@dataclass(frozen=True, slots=True)
class PoolLoad:
    """What a pool gave; `off_before` and `off_after` say how far the worst-off member's share is from its weight.

    They are shares of the pool's leads from 0 to 1, None where the pool does not go by weight or gave nothing.
    """

    name: str
    before: int
    after: int
    off_before: float | None
    off_after: float | None
    members: tuple[Seatholder, ...]


def pool_load(
    name: str,
    given: Mapping[str, list[int]],
    weights_before: Mapping[str, Fraction],
    weights_after: Mapping[str, Fraction],
) -> PoolLoad:
    """Return what a pool gave; `given` has the leads of each rep before and after."""
    before = {rep_id: pair[0] for rep_id, pair in given.items()}
    after = {rep_id: pair[1] for rep_id, pair in given.items()}
    fair_before, fair_after = _fair(weights_before, before), _fair(weights_after, after)
    members = tuple(
        Seatholder(
            rep_id=rep_id,
            before=before.get(rep_id, 0),
            after=after.get(rep_id, 0),
            fair_before=round(fair_before.get(rep_id, 0.0), 1),
            fair_after=round(fair_after.get(rep_id, 0.0), 1),
        )
        for rep_id in sorted({*given, *fair_before, *fair_after})
    )
    return PoolLoad(
        name=name,
        before=sum(before.values()),
        after=sum(after.values()),
        off_before=_off(before, fair_before),
        off_after=_off(after, fair_after),
        members=members,
    )


def _fair(weights: Mapping[str, Fraction], given: Mapping[str, int]) -> dict[str, float]:
    whole, total = sum(weights.values()), sum(given.values())
    return {rep_id: float(total * weight / whole) for rep_id, weight in weights.items()} if whole else {}


def _off(given: Mapping[str, int], fair: Mapping[str, float]) -> float | None:
    total = sum(given.values())
    if not fair or not total:
        return None
    return round(max(abs(given.get(one, 0) - fair.get(one, 0.0)) for one in {*given, *fair}) / total, 4)

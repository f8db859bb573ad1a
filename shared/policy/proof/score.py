"""Intent: which scores a lead can have, since points come in fixed amounts and signals any number of times."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from shared.policy.condition import FieldTest
from shared.policy.proof.choices import Choice, Variable, met_by
from shared.policy.ranges import TOP, meet

#: Signals worth more than this are counted one kind at a time; nobody gives so many points.
_MOST_POINTS: Final = 10_000


class Signals:
    """The sums that signals can come to, each any number of times."""

    def __init__(self, worth: Mapping[str, int]) -> None:
        self._worth = {name: points for name, points in worth.items() if points > 0}
        self._step = min(self._worth.values(), default=0)
        # The smallest sum for each remainder by the smallest signal, with how often each came; the rest are steps up.
        self._sums: dict[int, tuple[int, dict[str, int]]] = {0: (0, {})}
        if 0 < self._step <= _MOST_POINTS:
            self._fill()

    def _fill(self) -> None:
        """Find the smallest sums, nearest first."""
        waiting: list[tuple[int, tuple[tuple[str, int], ...]]] = [(0, ())]
        settled: set[int] = set()
        while waiting:
            total, counts = heapq.heappop(waiting)
            if total % self._step in settled:
                continue
            settled.add(total % self._step)
            self._sums[total % self._step] = (total, dict(counts))
            for name, points in self._worth.items():
                more = dict(counts) | {name: dict(counts).get(name, 0) + 1}
                heapq.heappush(waiting, (total + points, tuple(sorted(more.items()))))

    def between(self, low: int, high: int) -> dict[str, int] | None:
        """How often each signal comes for a sum from low to high; None where no sum lies there."""
        if high < 0:
            return None
        best = min((self._at_least(total, low), remainder) for remainder, (total, _) in self._sums.items())
        if not low <= best[0] <= high:
            return None
        total, counts = self._sums[best[1]]
        steps = (best[0] - total) // self._step if self._step else 0
        name = next((name for name, points in self._worth.items() if points == self._step), "")
        return {**counts, **({name: counts.get(name, 0) + steps} if steps else {})}

    def _at_least(self, total: int, low: int) -> int:
        """The smallest sum with this remainder that is not below a bound; the sum itself where there are no steps."""
        if low <= total or not self._step:
            return total
        return total + -(-(low - total) // self._step) * self._step


def score_variable(tests: Mapping[FieldTest, int], bounds: Iterable[int]) -> tuple[Variable, Sequence[tuple[int, int]]]:
    """The stretches of scores that no test and no bound cuts, and their ends."""
    taken = {number: met_by(test) for test, number in tests.items()}
    edges = {edge for one in taken.values() for low, high in one for edge in (low, high + 1)}
    cuts = sorted({0, *(cut for cut in (*edges, *bounds) if 0 <= cut <= TOP)})
    spans = [(low, high - 1) for low, high in zip(cuts, (*cuts[1:], TOP + 1), strict=True)]
    choices = tuple(
        Choice(low, frozenset(number for number, one in taken.items() if meet(one, ((low, low),))), f"{low} and above")
        for low, _ in spans
    )
    return Variable("intent", choices, tests, unknown=False), spans

"""Metrics that no process counts for itself: what lies in the database or the broker, declared once and served whole.

A `Tallied` metric is written in the transaction of what it counts (`Transaction.count`): it agrees with the rows to the
last lead, whoever is killed or started anew. An `Observed` one is what somebody saw when they last looked. A process
shows what lies on its `BOARD`.
"""

import bisect
import itertools
import math
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """A gauge by its name, what it says, and its labels."""

    name: str
    documentation: str
    labels: Labels = ()
    type: str = "gauge"


@dataclass(frozen=True, slots=True)
class Tallied(Observed):
    """A counter, or with `buckets` a histogram; `words` are the values of each label that are known beforehand.

    A series that begins at 0 shows its first step; one that begins at 5 hides it from every rate.
    """

    buckets: tuple[float, ...] = ()
    words: tuple[tuple[str, ...], ...] = ()
    type: str = "counter"

    def bucket(self, value: float) -> float:
        """Return the upper edge of the bucket that a value falls into."""
        place = bisect.bisect_left(self.buckets, value)
        return self.buckets[place] if place < len(self.buckets) else math.inf


def counter(name: str, documentation: str, **words: Sequence[str]) -> Tallied:
    """Declare a counter; each label comes with its words, none where they are not known beforehand."""
    return Tallied(name, documentation, tuple(words), words=tuple(tuple(one) for one in words.values()))


def histogram(name: str, documentation: str, buckets: Sequence[float]) -> Tallied:
    """Declare a histogram without labels."""
    return Tallied(name, documentation, type="histogram", buckets=tuple(buckets))


class Entry(NamedTuple):
    """A line of the tally: `edge` is the bucket of a histogram, None for a counter and for a histogram's sum."""

    metric: str
    labels: Labels
    edge: float | None


class Board(Collector):
    """What one process has to show beside its own counters; written by one thread, read by the scraper's."""

    def __init__(self) -> None:
        self._gauges: dict[Observed, dict[Labels, float]] = {}
        self._tallies: dict[Tallied, Mapping[Entry, float]] = {}
        self._lock = threading.Lock()

    def put(self, metric: Observed, values: Mapping[Labels, float]) -> None:
        """Show a gauge with these values and no others, by their labels."""
        with self._lock:
            self._gauges[metric] = dict(values)

    def drop(self, metrics: Iterable[Observed]) -> None:
        """Show these gauges no more: nobody knows their values, and the last ones would lie."""
        with self._lock:
            for metric in metrics:
                self._gauges.pop(metric, None)

    def put_tallies(self, metrics: Iterable[Tallied], amounts: Mapping[Entry, float]) -> None:
        """Show these counters and histograms as the tally has them."""
        with self._lock:
            self._tallies = {
                metric: {entry: amount for entry, amount in amounts.items() if entry.metric == metric.name}
                for metric in metrics
            }

    def collect(self) -> Iterator[Metric]:
        """Yield everything that is on the board."""
        with self._lock:
            gauges = {metric: dict(values) for metric, values in self._gauges.items()}
            tallies = dict(self._tallies)
        for metric, values in gauges.items():
            family = GaugeMetricFamily(metric.name, metric.documentation, labels=metric.labels)
            for labels, value in values.items():
                family.add_metric(labels, value)
            yield family
        for tallied, amounts in tallies.items():
            yield _histogram(tallied, amounts) if tallied.buckets else _counter(tallied, amounts)


def _counter(metric: Tallied, amounts: Mapping[Entry, float]) -> Metric:
    family = CounterMetricFamily(metric.name, metric.documentation, labels=metric.labels)
    values = dict.fromkeys(itertools.product(*metric.words), 0.0)
    values |= {entry.labels: amount for entry, amount in amounts.items()}
    for labels, value in sorted(values.items()):
        family.add_metric(labels, value)
    return family


def _histogram(metric: Tallied, amounts: Mapping[Entry, float]) -> Metric:
    family = HistogramMetricFamily(metric.name, metric.documentation)
    edges = [*metric.buckets, math.inf]
    counts = itertools.accumulate(amounts.get(Entry(metric.name, (), edge), 0.0) for edge in edges)
    buckets = [(floatToGoString(edge), count) for edge, count in zip(edges, counts, strict=True)]
    # The tally keeps whole microseconds: their sum is exact and never steps back.
    family.add_metric([], buckets, amounts.get(Entry(metric.name, (), None), 0.0) / 1_000_000)
    return family


#: The board of this process; `shared.health` serves it.
BOARD = Board()

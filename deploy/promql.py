"""The words of our queries: metric names taken from the code, and spans that a test may shorten."""

import re
from dataclasses import dataclass

from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.utils import floatToGoString

from shared.tallied import Observed, Tallied

#: Prometheus scrapes each process so often, and evaluates the rules as often.
SCRAPE_SECONDS = 15
#: While Redis hangs, looks and ticks take a dozen seconds: no age may be shortened below twice that.
_LEAST_AGE_SECONDS = 30

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the rules' time runs: 1 in production, more where a test has minutes and not days."""

    times: float = 1.0

    def span(self, text: str) -> str:
        """Return a window or a patience such as 5m, shortened."""
        if self.times == 1:
            return text
        seconds = int(text[:-1]) * _UNITS[text[-1]] / self.times
        return f"{max(1, round(seconds))}s"

    def age(self, seconds: float) -> float:
        """Return the age in seconds from which something is too old, shortened as far as a look allows."""
        return seconds if self.times == 1 else max(seconds / self.times, _LEAST_AGE_SECONDS)


#: Production's own pace.
REAL = Pace()


def name(metric: MetricWrapperBase | Observed, part: str = "") -> str:
    """Return a metric's name as PromQL has it; `part` is bucket, count or sum of a histogram."""
    family = metric if isinstance(metric, Observed) else next(iter(metric.describe()))
    suffix = "total" if family.type == "counter" else part
    return f"{family.name}_{suffix}" if suffix else family.name


def edge(metric: Tallied, seconds: float) -> str:
    """Return an edge of a histogram as its label has it; raises ValueError for one that it does not have."""
    if seconds not in metric.buckets:
        message = f"{metric.name} has no edge at {seconds} s: its ratio would be a guess"
        raise ValueError(message)
    return str(floatToGoString(seconds))


def one_line(query: str) -> str:
    """Write a query without the line breaks and indents of the code."""
    return re.sub(r"\s+", " ", query).strip()

"""A cache of findings in this process's memory, bounded in age and number."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from workers.enrichment.policy.finding import Finding


class MemoryCache:
    """Remembers the latest findings of each provider by domain."""

    def __init__(self, clock: Callable[[], float], *, keep_seconds: float = 86_400.0, most: int = 50_000) -> None:
        # A day: firmographics change by the quarter. 50,000 findings are some tens of megabytes.
        self._clock = clock
        self._keep_seconds = keep_seconds
        self._most = most
        self._entries: OrderedDict[tuple[str, str], tuple[float, Finding]] = OrderedDict()
        self._lock = threading.Lock()

    def get_many(self, provider: str, domains: Sequence[str]) -> Mapping[str, Finding]:
        """Return the findings that are young enough."""
        oldest = self._clock() - self._keep_seconds
        with self._lock:
            entries = {domain: self._entries.get((provider, domain)) for domain in domains}
        return {domain: entry[1] for domain, entry in entries.items() if entry and entry[0] > oldest}

    def put_many(self, provider: str, findings: Mapping[str, Finding]) -> None:
        """Remember findings, and forget the oldest beyond the bound."""
        now = self._clock()
        with self._lock:
            for domain, finding in findings.items():
                self._entries[provider, domain] = (now, finding)
                self._entries.move_to_end((provider, domain))
            while len(self._entries) > self._most:
                self._entries.popitem(last=False)

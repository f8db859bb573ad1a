"""A vendor over HTTP: one batch, many domains at once, within a deadline, and never a failure that reaches the lead."""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import httpx

from workers.enrichment.policy.finding import CompanyQuery, Finding, Outcome
from workers.enrichment.providers.circuit import Circuit, CircuitLimits
from workers.enrichment.providers.exchange import Reply, exchange
from workers.enrichment.providers.protocol import Count, FindingCache, count_nothing
from workers.enrichment.providers.shapes import Shape

# Full jitter between retries: from nothing up to 0.2, 0.4, 0.8 … seconds, so that a batch does not come back at once.
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 2.0
# What is worth remembering: an answer, and that there is none.
_SETTLED = frozenset({Outcome.FOUND, Outcome.MISSING})


@dataclass(frozen=True, slots=True)
class VendorLimits:
    """How much of a vendor's time, and of ours, a batch may take."""

    request_seconds: float = 3.0
    """For connecting and for each pause in an answer, and about as long for all of it; vendors take under a second."""
    batch_seconds: float = 10.0
    """For a whole batch; what is not answered by then is owed."""
    attempts: int = 3
    concurrency: int = 8
    """Requests at once per worker process; vendors allow some hundreds a minute."""
    body_bytes: int = 1_000_000
    """A company document has some tens of kilobytes."""
    circuit: CircuitLimits = field(default_factory=CircuitLimits)


def new_client(base_url: str) -> httpx.Client:
    """Return a client for a vendor's address; redirects are not followed, for they would carry the key elsewhere."""
    return httpx.Client(base_url=base_url, follow_redirects=False)


class HttpVendor:
    """Asks one vendor about domains; used by one task at a time in each worker process."""

    def __init__(  # noqa: PLR0913 - what it talks to, remembers and counts with, and the three kinds of chance
        self,
        shape: Shape,
        cache: FindingCache,
        new_client: Callable[[], httpx.Client],
        limits: VendorLimits | None = None,
        *,
        count: Count = count_nothing,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._shape = shape
        self._cache = cache
        self._new_client = new_client
        self._limits = limits or VendorLimits()
        self._count = count
        self._clock = clock
        self._pause = pause
        self._chance = chance
        self._lock = threading.Lock()
        self._circuit = Circuit()
        self._login_lock = threading.Lock()
        self._login: Reply | None = None
        # Opened by the first look-up and not here, because worker processes are forked after this object is built.
        self._lines: _Lines | None = None

    @property
    def name(self) -> str:
        """The vendor's name."""
        return self._shape.name

    @property
    def circuit(self) -> Circuit:
        """How the vendor has been doing."""
        return self._circuit

    def look_up(self, queries: Sequence[CompanyQuery]) -> Mapping[int, Finding]:
        """Return a finding per query: from the cache, else from the vendor, within the batch's deadline."""
        keys: defaultdict[str | None, list[int]] = defaultdict(list)
        for query in queries:
            keys[query.domain].append(query.key)
        domains = [domain for domain in keys if domain is not None]
        known = self._cache.get_many(self.name, domains)
        asked = self._ask_all([domain for domain in domains if domain not in known])
        settled = {domain: found for domain, found in asked.items() if found.outcome in _SETTLED}
        if settled:
            self._cache.put_many(self.name, settled)
        for outcome, number in Counter(finding.outcome for finding in asked.values()).items():
            self._count(self.name, outcome, number)
        # Vendors are asked by domain only: by name they answer with somebody else of that name.
        nameless = Finding(self.name, Outcome.MISSING)
        answers = {**known, **asked}
        return {key: answers[domain] if domain else nameless for domain, owners in keys.items() for key in owners}

    def close(self) -> None:
        """Give back connections and threads; the next look-up opens new ones."""
        lines, self._lines = self._lines, None
        if lines:
            lines.close()

    def _ask_all(self, domains: Sequence[str]) -> dict[str, Finding]:
        if not domains:
            return {}
        lines = self._lines = self._lines or _Lines(self._new_client(), self._limits.concurrency)
        deadline = self._clock() + self._limits.batch_seconds
        asked = {domain: lines.pool.submit(self._ask, lines.client, domain, deadline) for domain in domains}
        late = wait(asked.values(), timeout=self._limits.batch_seconds).not_done
        if late:
            # Somebody still hangs in a call that no time-out ends, such as one byte of header a second: cut the lines.
            self.close()
        return {domain: self._result(future) for domain, future in asked.items()}

    def _result(self, future: "Future[Finding]") -> Finding:
        return future.result() if future.done() and not future.cancelled() else Finding(self.name, Outcome.TIMEOUT)

    def _ask(self, client: httpx.Client, domain: str, deadline: float) -> Finding:
        """Ask for one domain, again where it makes sense and time allows."""
        last = Outcome.TIMEOUT
        for attempt in range(self._limits.attempts):
            if self._clock() >= deadline:
                break
            if not self._may_ask():
                return Finding(self.name, Outcome.OPEN_CIRCUIT if attempt == 0 else last)
            reply = self._exchange(client, domain, min(deadline, self._clock() + self._limits.request_seconds))
            self._remember(reply)
            if not reply.again:
                return self._finding(reply)
            last = reply.outcome
            seconds = self._pause_after(attempt, reply)
            if attempt + 1 == self._limits.attempts or self._clock() + seconds >= deadline:
                break
            self._pause(seconds)
        return Finding(self.name, last)

    def _finding(self, reply: Reply) -> Finding:
        facts = reply.read if isinstance(reply.read, dict) else {}
        return Finding(self.name, reply.outcome, facts, "domain" if reply.outcome is Outcome.FOUND else None)

    def _exchange(self, client: httpx.Client, domain: str, until: float) -> Reply:
        """Make one request, with a login before it where the vendor wants one, and a second time with a fresh login."""
        stale = None
        while True:
            login = self._log_in(client, until, stale)
            if login is not None and not isinstance(login.read, str):
                # A login that is not found says nothing about the company.
                return Reply(Outcome.ERROR) if login.outcome is Outcome.MISSING else login
            token = login.read if login else None
            call = self._shape.call(domain, token if isinstance(token, str) else None)
            reply = exchange(client, call, self._shape.facts, until, self._limits.body_bytes, self._clock)
            if not reply.unauthorized or login is None or stale is not None:
                return reply
            stale = login.read

    def _log_in(self, client: httpx.Client, until: float, stale: object) -> Reply | None:
        """Return the login that holds, made once for all threads; None where the vendor wants none."""
        call = self._shape.login()
        if call is None:
            return None
        with self._login_lock:
            if self._login is None or self._login.read == stale:
                reply = exchange(client, call, self._shape.token, until, self._limits.body_bytes, self._clock)
                self._login = reply if reply.read is not None else None
                return reply
            return self._login

    def _pause_after(self, attempt: int, reply: Reply) -> float:
        if reply.wait_seconds is not None:
            return reply.wait_seconds
        longest: float = min(_FIRST_PAUSE_SECONDS * 2**attempt, _LONGEST_PAUSE_SECONDS)
        return self._chance() * longest

    def _may_ask(self) -> bool:
        with self._lock:
            now = self._clock()
            allowed = self._circuit.allows(now)
            if allowed:
                self._circuit = self._circuit.asked(now, self._limits.circuit)
            return allowed

    def _remember(self, reply: Reply) -> None:
        with self._lock:
            now = self._clock()
            if reply.outcome is Outcome.RATE_LIMITED:
                self._circuit = self._circuit.told_to_wait(now, reply.wait_seconds or 0.0)
            elif reply.well:
                self._circuit = self._circuit.succeeded(now)
            else:
                self._circuit = self._circuit.failed(now, self._limits.circuit)


class _Lines:
    """The connections and threads of one process."""

    def __init__(self, client: httpx.Client, concurrency: int) -> None:
        self.client = client
        self.pool = ThreadPoolExecutor(concurrency, thread_name_prefix="vendor")

    def close(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.client.close()

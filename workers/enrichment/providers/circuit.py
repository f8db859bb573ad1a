"""A circuit breaker as a value: it stops asking a vendor that keeps failing, and tries it again with one request.

closed ──failures──▶ open ──rest is over──▶ half open (one request) ──success──▶ closed
                      ▲                                   │
                      └──────────────failure──────────────┘
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class CircuitLimits:
    """When a circuit opens and for how long."""

    failures: int = 5
    """Failures in a row: more than one request's retries, fewer than a batch."""
    rest_seconds: float = 30.0
    """Shorter than the smallest usual buffer, so that a lead still gets its facts after a hiccup."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """How a vendor has been doing; every change returns a new value, and time is a parameter (monotonic seconds)."""

    failures: int = 0
    open_until: float | None = None
    trial_until: float | None = None
    """While a trial request is out, nobody else asks; a trial that never reports lapses then."""

    def allows(self, now: float) -> bool:
        """Say whether a request may be made now."""
        if self.open_until is None:
            return True
        return now >= self.open_until and (self.trial_until is None or now >= self.trial_until)

    def asked(self, now: float, limits: CircuitLimits) -> "Circuit":
        """Return the circuit after an allowed request went out; in an open one it is the trial."""
        return self if self.open_until is None else replace(self, trial_until=now + limits.rest_seconds)

    def succeeded(self, now: float) -> "Circuit":
        """Return the circuit after the vendor answered as it should; an answer from before the rest does not end it."""
        resting = self.open_until is not None and now < self.open_until
        return Circuit(open_until=self.open_until) if resting else Circuit()

    def failed(self, now: float, limits: CircuitLimits) -> "Circuit":
        """Return the circuit after a request failed."""
        failures = self.failures + 1
        opens = self.open_until is not None or failures >= limits.failures
        return Circuit(failures, now + limits.rest_seconds if opens else None)

    def told_to_wait(self, now: float, seconds: float) -> "Circuit":
        """Return the circuit after the vendor asked not to be asked for a while."""
        return Circuit(self.failures, max(self.open_until or now, now + seconds))

"""Moves running clocks to another policy version: what each step would be there, and how it differs. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.custody.clock import Clocks, ladder_steps
from shared.custody.move import Step
from shared.policy.compile import Policy


@dataclass(frozen=True, slots=True)
class Running:
    """A clock that runs: whose it is, since when, and the due instants of its open steps by number."""

    lead_id: int
    epoch: int
    ladder: str
    owner: str
    pool: str | None
    since: datetime
    policy_version: int
    open_steps: Mapping[int, datetime]
    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Migrated:
    """A clock with its steps under the other version; those that fired stay as they are."""

    running: Running
    steps: tuple[Step, ...]


def migrate(policy: Policy, clocks: Clocks, running: Sequence[Running]) -> list[Migrated]:
    """Return the clocks as the policy would have started them, from the same instants on."""
    return [Migrated(one, _steps(policy, clocks, one)) for one in running]


def _steps(policy: Policy, clocks: Clocks, one: Running) -> tuple[Step, ...]:
    derived = policy.derive(one.inputs.get("facts", {}), one.inputs.get("bad", {}))
    ladders = policy.sla_for(derived)
    pool = policy.pools.get(one.pool) if one.pool else None
    hours = clocks.hours(ladders.clock, one.owner, pool.calendar if pool else None)
    steps = ladders.accept if one.ladder == "accept" else ladders.first_touch
    return ladder_steps(one.ladder, steps, one.since, hours)


def differences(migrated: Sequence[Migrated], now: datetime) -> Counter[str]:
    """Count what a migration does to open steps: sooner, later, same, added, cancelled, and due at once."""
    counts: Counter[str] = Counter(clocks=len(migrated))
    for one in migrated:
        before, fresh = one.running.open_steps, {step.step: step.due_at for step in one.steps}
        # A step below the first open one has fired already and stays so.
        first_open = min(before, default=1)
        for number in before.keys() | {number for number in fresh if number >= first_open}:
            counts[_difference(before.get(number), fresh.get(number))] += 1
            counts["due_at_once"] += number in fresh and fresh[number] <= now
    return counts


def _difference(before: datetime | None, after: datetime | None) -> str:
    if before is None:
        return "added"
    if after is None:
        return "cancelled"
    if before == after:
        return "same"
    return "sooner" if after < before else "later"

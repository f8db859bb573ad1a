"""Replays decisions by the policy of their case, and reads from policies what they promise; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.policy.compile import Policy
from shared.policy.document import Queue


@dataclass(frozen=True, slots=True)
class Recorded:
    """An assignment's decision as it stands on record: its inputs, and what came of them."""

    lead_id: int
    sequence: int
    policy_version: int
    rule: str | None
    facts: Mapping[str, Any]
    bad: Mapping[str, str]
    qualified: bool


@dataclass(frozen=True, slots=True)
class Replayed:
    """The same inputs decided again; `steps` is how many the policy promises to a rep who gets the lead."""

    rule: str | None
    qualified: bool
    steps: int


def replay(policy: Policy, recorded: Recorded) -> Replayed:
    """Decide again from the recorded inputs."""
    derived = policy.derive(recorded.facts, recorded.bad)
    qualification = policy.qualify(derived)
    qualified = None if qualification.needs else qualification.passed
    match = policy.match(derived, qualified=qualified, bad=recorded.bad)
    rule = match.rule.name if match.rule else None
    return Replayed(rule, qualification.passed, len(policy.sla_for(derived).accept))


def has_clock(queue: Queue) -> bool:
    """Say whether the policy promises that somebody is told when a lead stays in the queue."""
    return queue.escalate_after is not None

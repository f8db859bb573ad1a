"""A small world that went through the whole pipeline, for the audit to look at and for tests to break."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from shared.bus.context import Context
from shared.bus.queues import TaskName
from tests.fixtures.pipeline import Pipeline, lead_event, rep

POLICY = """
baton_policy: 1
name: small
owner: ops@seller.example
vocabulary:
  lead_type: [demo_request, content_download, support_request]
  segment: {small: {employees: {lt: 500}}, large: {employees: {gte: 500}}}
qualification:
  intent: {minimum: 50, lead_type: {demo_request: 80, content_download: 10, support_request: 0}}
  otherwise: nurture:long_term
buffer: {default: {minimum: 0s, maximum: 0s}}
rules:
  - name: support
    gate: none
    when: {lead_type: support_request}
    to: divert:support
    because: support is no sale
  - {name: large, when: {segment: large}, to: pool:all}
  - {name: small, when: {segment: small, country: US}, to: queue:tank}
  - {name: rest, when: {}, to: queue:exceptions}
pools: {all: {members: {team: Sales}, strategy: weighted, overflow: [queue:exceptions]}}
queues:
  exceptions: {kind: exception, escalate_after: 30m}
  tank: {kind: claim, members: {team: Sales}, escalate_after: 1h}
  support: {kind: feedback}
sla:
  - {when: {}, accept: [{after: 2h, do: flag_overdue, notify: manager}, {after: 4h, do: move_to, to: queue:tank}]}
"""


def _submission(number: int, **data: Any) -> Mapping[str, Any]:
    """Return what the person of that number sends; somebody from a large company who wants to see the product."""
    usual = {"email": f"person{number}@firm{number}.example", "lead_type": "demo_request", "employees": "900"}
    return lead_event(f"e-{number}", source="/form", **usual | data)


@pytest.fixture
def world(pipeline: Pipeline) -> Context:
    """Leads at rest in every kind of place, a duplicate, an event that nobody can read, and the books of it all."""
    pipeline.sync("reps", [rep(name, team="Sales") for name in ("ann", "bob", "cem")])
    pipeline.activate(POLICY)
    pipeline.route(
        *[_submission(number) for number in range(1, 7)],
        _submission(1),
        _submission(7, email="person1@firm1.example"),
        _submission(8, employees="20", country="US"),
        _submission(9, employees="20", country="FR"),
        _submission(10, lead_type="content_download"),
        _submission(11, lead_type="support_request"),
        b"no event at all",
    )
    return pipeline.context


@pytest.fixture
def decide(pipeline: Pipeline) -> Callable[[list[int]], None]:
    """Let the assignment decide about leads."""
    return lambda lead_ids: pipeline.deliver(TaskName.ASSIGN, lead_ids)

"""The policy that is going to be written: what each section will hold, before it is text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from shared.domain.calendar import Span
from shared.domain.target import Target
from shared.policy.condition import Condition
from shared.policy.salesforce.declared import AttributeUse


@dataclass(frozen=True, slots=True)
class PlannedRule:
    """A rule, with the comments above it."""

    name: str
    when: Condition
    to: tuple[Target, ...]
    remarks: tuple[str, ...] = ()
    because: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """The place of an entry that is left out; only its comments are written."""

    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlannedPool:
    """A pool whose members are a team; every rep where no team is named."""

    name: str
    team: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class PlannedQueue:
    """A queue that reps claim from, or one whose owner resolves."""

    name: str
    is_claimed: bool
    remark: str = ""


@dataclass(frozen=True, slots=True)
class PlannedCalendar:
    """Hours by weekday (0 is Monday), and dates with hours of their own (none: closed) under the holiday's name."""

    name: str
    title: str
    timezone: str
    hours: Mapping[int, tuple[Span, ...]]
    added: Mapping[date, tuple[tuple[Span, ...], str]]
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole policy."""

    name: str
    owner: str
    remarks: tuple[str, ...]
    attributes: tuple[AttributeUse, ...]
    rules: tuple[PlannedRule | Gap, ...]
    pools: tuple[PlannedPool, ...] = ()
    queues: tuple[PlannedQueue, ...] = ()
    calendars: tuple[PlannedCalendar, ...] = field(default=())

"""The routing policy as values: frozen, typed, each part with the line it came from (0 where it is a default)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from shared.domain.calendar import Span
from shared.domain.rep import EVERYONE, Members
from shared.domain.target import Target
from shared.policy.condition import ALWAYS, Condition
from shared.policy.fields import Tier
from shared.policy.scalars import Rate


class Gate(StrEnum):
    """Which leads a rule looks at: all, or only qualified ones."""

    NONE = "none"
    QUALIFIED = "qualified"


class Strategy(StrEnum):
    """How a pool chooses among its eligible members."""

    WEIGHTED = "weighted"
    LEAST_LOADED = "least_loaded"


class WhenClosed(StrEnum):
    """What a pool does outside its hours."""

    OFFER = "offer"
    WAIT = "wait"
    OVERFLOW = "overflow"


class QueueKind(StrEnum):
    """What a queue is for: members claim, its owner resolves, or it takes leads out of sales."""

    CLAIM = "claim"
    EXCEPTION = "exception"
    FEEDBACK = "feedback"


class StepAction(StrEnum):
    """What a step of a ladder does when it falls due."""

    REMIND = "remind"
    FLAG_OVERDUE = "flag_overdue"
    MOVE_TO = "move_to"


class OnAbsence(StrEnum):
    """What becomes of a rep's lead when the rep is away or gone."""

    KEEP = "keep"
    REROUTE = "reroute"
    COVER = "cover"


class OutsideWord(StrEnum):
    """What a word that an attribute does not know counts as: an unknown fact, or a reason to hold."""

    BLANK = "blank"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class MarketingCommitment:
    """What marketing promises sales."""

    qualified_per_week: int | None = None
    context_complete: float | None = None


@dataclass(frozen=True, slots=True)
class SalesCommitment:
    """What sales promises marketing."""

    accepted_within: timedelta | None = None
    first_touch_within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Commitments:
    """Both sides of the agreement, measured in the hand-off report."""

    marketing: MarketingCommitment = MarketingCommitment()
    sales: SalesCommitment = SalesCommitment()


@dataclass(frozen=True, slots=True)
class Definition:
    """A word of the vocabulary that a condition defines: a segment or a region."""

    name: str
    when: Condition
    line: int = 0


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The closed words that rules may use; an empty list leaves that field open."""

    product: tuple[str, ...] = ()
    product_aliases: Mapping[str, str] = field(default_factory=dict)
    lead_type: tuple[str, ...] = ()
    original_source: tuple[str, ...] = ()
    segment: tuple[Definition, ...] = ()
    region: tuple[Definition, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class WordTest:
    """How the words of a field are recognised; any of the texts is enough, case does not count."""

    contains: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    ends_with: tuple[str, ...] = ()
    equals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attribute:
    """A team's own field: from `data.attributes`, or derived by words from the field `source`."""

    name: str
    values: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    unknown: OutsideWord = OutsideWord.BLANK
    source: str = ""
    many: bool = False
    words: Mapping[str, WordTest] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True)
class Intent:
    """How interest is counted: points per lead type, for a raised hand, and for each signal, every time it comes."""

    minimum: int = 0
    lead_type: Mapping[str, int] = field(default_factory=dict)
    hand_raise: int = 0
    signal: Mapping[str, int] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True)
class Qualifying:
    """What makes a lead automation qualified, and where the others go; `icp` parts must all hold."""

    icp: tuple[Condition, ...] = ()
    intent: Intent = Intent()
    otherwise: Target | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Buffer:
    """How long a lead waits for its facts."""

    minimum: timedelta
    maximum: timedelta


@dataclass(frozen=True, slots=True)
class PersonMatch:
    """Sets of fields that must all agree for two leads to be one person; any set is enough."""

    any: tuple[tuple[str, ...], ...] = (("email",), ("phone", "last_name"))


@dataclass(frozen=True, slots=True)
class Matching:
    """How persons and accounts are recognised."""

    person: PersonMatch = PersonMatch()
    account: tuple[str, ...] = ("domain", "name")
    name_similarity: float = 0.92
    ties: tuple[str, ...] = ("open_opportunity", "customer", "owner_active", "oldest")


@dataclass(frozen=True, slots=True)
class FirstAction:
    """What the owner is expected to do first, and how soon."""

    task: str
    within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `tier` and `gate` are what counts, `tier_given` and `gate_given` what the document says, if any."""

    name: str
    to: Target
    when: Condition = ALWAYS
    otherwise: tuple[Target, ...] = ()
    tier: Tier = Tier.SOURCE_INTENT
    tier_given: Tier | None = None
    gate: Gate = Gate.QUALIFIED
    gate_given: Gate | None = None
    first_action: FirstAction | None = None
    because: str = ""
    line: int = 0

    @property
    def targets(self) -> tuple[Target, ...]:
        """Where the lead goes, in the order of trying."""
        return (self.to, *self.otherwise)

    @property
    def is_catch_all(self) -> bool:
        """Say whether the rule takes every lead it looks at."""
        return self.when == ALWAYS


@dataclass(frozen=True, slots=True)
class Pool:
    """Reps who share leads of one kind."""

    name: str
    members: Members = EVERYONE
    strategy: Strategy = Strategy.WEIGHTED
    calendar: str | None = None
    when_closed: WhenClosed = WhenClosed.OFFER
    overflow: tuple[Target, ...] = ()
    cap: Rate | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Queue:
    """A holder of leads that is not a person; its owner answers for what lies in it."""

    name: str
    kind: QueueKind = QueueKind.EXCEPTION
    owner: str = ""
    alert: str | None = None
    members: Members | None = None
    claim_limit: Rate | None = None
    escalate_after: timedelta | None = None
    escalate_to: str | None = None
    share_alarm: float | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class StormCap:
    """After an outage: at most so many moves, of those that are later than `when_late_by`."""

    moves: Rate
    when_late_by: timedelta


@dataclass(frozen=True, slots=True)
class CalendarSpec:
    """Open hours as the document says them; weekday 0 is Monday, spans are seconds since local midnight.

    `add` are dates with hours of their own (none: closed); `remove` are holidays by name that are worked.
    """

    name: str
    timezone: str
    hours: Mapping[int, tuple[Span, ...]] = field(default_factory=dict)
    country: str | None = None
    subdivision: str | None = None
    add: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a ladder; `notify` is `owner`, `manager`, an address or a channel."""

    after: timedelta
    do: StepAction
    notify: str | None = None
    to: Target | None = None
    log: str | None = None


@dataclass(frozen=True, slots=True)
class Ladders:
    """What is promised for one kind of lead; `none` is the reason why nothing is."""

    accept: tuple[Step, ...] = ()
    first_touch: tuple[Step, ...] = ()
    clock: str = "always"
    none: str | None = None


@dataclass(frozen=True, slots=True)
class SlaEntry:
    """The ladders for the leads that meet a condition; the first entry that does counts."""

    ladders: Ladders
    when: Condition = ALWAYS
    line: int = 0


@dataclass(frozen=True, slots=True)
class PriorityEntry:
    """Who is alerted when a lead of this kind is assigned."""

    notify: str
    when: Condition = ALWAYS
    line: int = 0


@dataclass(frozen=True, slots=True)
class Departure:
    """What becomes of the leads of a rep who is away or gone, by the status they stand in."""

    offered: OnAbsence = OnAbsence.REROUTE
    accepted: OnAbsence = OnAbsence.KEEP


@dataclass(frozen=True, slots=True)
class Track:
    """Where a lead lives while sales is not working it; words are event types or `signal:NAME`."""

    name: str
    send: str | None = None
    wakes_on: tuple[str, ...] = ()
    alert_on: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class RecycleReason:
    """A reason to give a lead back: where it goes, what brings it back, and what marketing learns."""

    name: str
    to: Target
    after: timedelta | None = None
    wakes_on: tuple[str, ...] = ()
    insight: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A whole routing policy, complete with its defaults; mappings keep the order of the document."""

    name: str = "routing"
    owner: str = ""
    version: int = 1
    review: str = ""
    stage_owners: Mapping[str, str] = field(default_factory=dict)
    commitments: Commitments = Commitments()
    vocabulary: Vocabulary = Vocabulary()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    qualification: Qualifying | None = None
    buffer: Mapping[str, Buffer] = field(default_factory=dict)
    matching: Matching = Matching()
    precedence: tuple[Tier, ...] = tuple(Tier)
    rules: tuple[Rule, ...] = ()
    pools: Mapping[str, Pool] = field(default_factory=dict)
    queues: Mapping[str, Queue] = field(default_factory=dict)
    calendars: Mapping[str, CalendarSpec] = field(default_factory=dict)
    sla: tuple[SlaEntry, ...] = ()
    priority: tuple[PriorityEntry, ...] = ()
    on_away: Departure = Departure()
    on_departed: Departure = Departure(accepted=OnAbsence.REROUTE)
    tracks: Mapping[str, Track] = field(default_factory=dict)
    recycle: Mapping[str, RecycleReason] = field(default_factory=dict)
    storm_cap: StormCap | None = None

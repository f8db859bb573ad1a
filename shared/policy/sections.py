"""The sections of a policy document as shapes: every key there is, and what may stand behind it."""

from enum import StrEnum
from typing import Any, Final, TypeVar

from shared.domain.rep import Members, Seniority
from shared.policy import document as doc
from shared.policy.condition import CONDITION, Condition, ConditionShape
from shared.policy.fields import REGION_FIELDS, SEGMENT_FIELDS, Tier
from shared.policy.hours import DATE_HOURS, WEEK_HOURS
from shared.policy.scalars import DURATION, RATE, TARGET, Flag, Label, OneOf, Parsed, Share, Whole, Word
from shared.policy.shape import Checked, JsonSchema, Key, Keyed, ListOf, MapOf, Notes, Record, Shape
from shared.policy.source import Line, Node

E = TypeVar("E", bound=StrEnum)

#: A key of `queues` that is no queue: the cap on moves after an outage.
STORM_CAP_KEY: Final = "storm_cap"


def one_of(words: type[E], what: str) -> OneOf[E]:
    """A shape for the members of an enumeration."""
    return OneOf([str(word) for word in words], words, what)


def _words(what: str) -> ListOf[str]:
    """A list of words, or one word."""
    return ListOf(Word(what), what, lenient=True)


def required(shape: Shape[Any]) -> Key:
    """A key that must be there."""
    return Key(shape, required=True)


TEXT: Final = Word("a text")
WORDS: Final = _words("words")
_TARGETS: Final = ListOf(TARGET, "targets", lenient=True)

# --- vocabulary and attributes -------------------------------------------------------------------------------------


class _Defined(Keyed[doc.Definition]):
    """A condition that defines the word it stands behind."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        self._condition = ConditionShape(fields)

    def read_as(self, name: str, node: Node, notes: Notes) -> doc.Definition:
        """Read the condition and keep the word."""
        return doc.Definition(name, self._condition.read(node, notes), Line(node.line, node.column))

    def schema(self) -> JsonSchema:
        """A condition on a few fields."""
        return self._condition.schema()


class _Definitions(Shape[tuple[doc.Definition, ...]]):
    """Words with their definitions, in order."""

    def __init__(self, fields: tuple[str, ...], what: str) -> None:
        self._map: MapOf[str, doc.Definition] = MapOf(Label(what), _Defined(fields), what)

    def read(self, node: Node, notes: Notes) -> tuple[doc.Definition, ...]:
        """Read all definitions."""
        return tuple(self._map.read(node, notes).values())

    def schema(self) -> JsonSchema:
        """A mapping of conditions."""
        return self._map.schema()


VOCABULARY: Final[Record[doc.Vocabulary]] = Record(
    doc.Vocabulary,
    "the vocabulary",
    {
        "product": Key(WORDS),
        "product_aliases": Key(MapOf(Parsed(str, "an alias", {"type": "string"}), Word("a product"), "aliases")),
        "lead_type": Key(WORDS),
        "original_source": Key(WORDS),
        "segment": Key(_Definitions(SEGMENT_FIELDS, "a segment")),
        "region": Key(_Definitions(REGION_FIELDS, "a region")),
    },
    placed=True,
)

_WORD_TEST: Final[Record[doc.WordTest]] = Record(
    doc.WordTest,
    "the test of a word",
    {"contains": Key(WORDS), "starts_with": Key(WORDS), "ends_with": Key(WORDS), "equals": Key(WORDS)},
)

ATTRIBUTE: Final[Record[doc.Attribute]] = Record(
    doc.Attribute,
    "the attribute",
    {
        "values": Key(WORDS),
        "aliases": Key(MapOf(Parsed(str, "an alias", {"type": "string"}), Word("a value"), "aliases")),
        "unknown": Key(one_of(doc.OutsideWord, "what an unknown word counts as")),
        "from": Key(Word("a field"), "source"),
        "many": Key(Flag()),
        "words": Key(MapOf(Word("a value"), _WORD_TEST, "words")),
    },
    named=True,
    placed=True,
)

# --- qualification, buffer, matching -------------------------------------------------------------------------------

_POINTS: Final = Whole("a number of points")

INTENT: Final[Record[doc.Intent]] = Record(
    doc.Intent,
    "intent",
    {
        "minimum": Key(_POINTS),
        "lead_type": Key(MapOf(Word("a lead type"), _POINTS, "points by lead type")),
        "hand_raise": Key(_POINTS),
        "signal": Key(MapOf(Word("a signal"), _POINTS, "points by signal")),
    },
    placed=True,
)

_ICP: Final[ListOf[Condition]] = ListOf(CONDITION, "icp")

QUALIFICATION: Final[Record[doc.Qualifying]] = Record(
    doc.Qualifying,
    "qualification",
    {"icp": Key(_ICP), "intent": Key(INTENT), "otherwise": Key(TARGET)},
    placed=True,
)


class BufferEntry(Shape[dict[str, Any]]):
    """`{minimum, maximum}`, either of which may be left to the default entry."""

    _record: Final[Record[dict[str, Any]]] = Record(
        dict, "the buffer", {"minimum": Key(DURATION), "maximum": Key(DURATION)}
    )

    def read(self, node: Node, notes: Notes) -> dict[str, Any]:
        """Read what is given, with the node to point at later."""
        return {**self._record.read(node, notes), "node": node}

    def schema(self) -> JsonSchema:
        """Two durations."""
        return self._record.schema()


MATCHING: Final[Record[doc.Matching]] = Record(
    doc.Matching,
    "matching",
    {
        "person": Key(
            Record(doc.PersonMatch, "matching of persons", {"any": required(ListOf(ListOf(TEXT, "fields"), "any"))})
        ),
        "account": Key(WORDS),
        "name_similarity": Key(Share("a similarity")),
        "ties": Key(WORDS),
    },
)

# --- rules ---------------------------------------------------------------------------------------------------------

_FIRST_ACTION: Final[Record[doc.FirstAction]] = Record(
    doc.FirstAction, "the first action", {"task": required(TEXT), "within": Key(DURATION)}
)

RULE: Final[Record[doc.Rule]] = Record(
    doc.Rule,
    "the rule",
    {
        "name": required(Word("a name")),
        "tier": Key(one_of(Tier, "a tier"), "tier_given"),
        "when": Key(CONDITION),
        "to": required(TARGET),
        "else": Key(_TARGETS, "otherwise"),
        "gate": Key(one_of(doc.Gate, "a gate"), "gate_given"),
        "first_action": Key(_FIRST_ACTION),
        "because": Key(TEXT),
    },
    placed=True,
)


def _permutation(tiers: tuple[Tier, ...]) -> tuple[str, str] | None:
    """All tiers must stand in the precedence, each once."""
    if sorted(tiers) == sorted(Tier):
        return None
    return "the precedence must name every tier once", f"order these: {', '.join(Tier)}"


PRECEDENCE: Final = Checked(ListOf(one_of(Tier, "a tier"), "precedence"), _permutation, "precedence.incomplete")

# --- pools, queues, calendars --------------------------------------------------------------------------------------

MEMBERS: Final[Record[Members]] = Record(
    Members,
    "members",
    {
        "reps": Key(WORDS),
        "team": Key(WORDS, "teams"),
        "segment": Key(WORDS, "segments"),
        "skill": Key(WORDS, "skills"),
        "language": Key(WORDS, "languages"),
        "at_least": Key(one_of(Seniority, "a seniority")),
    },
)

POOL: Final[Record[doc.Pool]] = Record(
    doc.Pool,
    "the pool",
    {
        "members": Key(MEMBERS),
        "strategy": Key(one_of(doc.Strategy, "a strategy")),
        "calendar": Key(Label("a calendar")),
        "when_closed": Key(one_of(doc.WhenClosed, "what happens outside the hours")),
        "overflow": Key(_TARGETS),
        "cap": Key(RATE),
    },
    named=True,
    placed=True,
)

STORM_CAP: Final[Record[doc.StormCap]] = Record(
    doc.StormCap, "the storm cap", {"moves": required(RATE), "when_late_by": required(DURATION)}
)

_QUEUE: Final[Record[doc.Queue]] = Record(
    doc.Queue,
    "the queue",
    {
        "kind": Key(one_of(doc.QueueKind, "a kind of queue")),
        "owner": Key(Word("an owner")),
        "alert": Key(Word("an alert channel")),
        "members": Key(MEMBERS),
        "claim_limit": Key(RATE),
        "escalate_after": Key(DURATION),
        "escalate_to": Key(Word("a recipient")),
        "share_alarm": Key(Share("a share")),
    },
    named=True,
    placed=True,
)


class QueueEntry(Keyed[doc.Queue | doc.StormCap]):
    """A queue, or the storm cap that may stand among them."""

    def read_as(self, name: str, node: Node, notes: Notes) -> doc.Queue | doc.StormCap:
        """Read by the name."""
        return STORM_CAP.read(node, notes) if name == STORM_CAP_KEY else _QUEUE.read_as(name, node, notes)

    def schema(self) -> JsonSchema:
        """Either form."""
        return {"anyOf": [_QUEUE.schema(), STORM_CAP.schema()]}


QUEUES: Final[MapOf[str, doc.Queue | doc.StormCap]] = MapOf(Label("a queue's name"), QueueEntry(), "queues")


def _calendar(**given: Any) -> doc.CalendarSpec:
    """Flatten the holidays into the calendar."""
    return doc.CalendarSpec(**given.pop("holidays", {}), **given)


_HOLIDAYS: Final[Record[dict[str, Any]]] = Record(
    dict,
    "holidays",
    {
        "country": Key(Word("a country code")),
        "subdivision": Key(Word("a subdivision")),
        "add": Key(DATE_HOURS),
        "remove": Key(ListOf(Parsed(str, "a holiday", {"type": "string"}), "removed holidays", lenient=True)),
    },
)

CALENDAR: Final[Record[doc.CalendarSpec]] = Record(
    _calendar,
    "the calendar",
    {"timezone": required(Word("a time zone")), "hours": required(WEEK_HOURS), "holidays": Key(_HOLIDAYS)},
    named=True,
    placed=True,
)

# --- the agreement ---------------------------------------------------------------------------------------------------

COMMITMENTS: Final[Record[doc.Commitments]] = Record(
    doc.Commitments,
    "commitments",
    {
        "marketing": Key(
            Record(
                doc.MarketingCommitment,
                "the commitment of marketing",
                {"qualified_per_week": Key(Whole("a number of leads")), "context_complete": Key(Share("a share"))},
            )
        ),
        "sales": Key(
            Record(
                doc.SalesCommitment,
                "the commitment of sales",
                {"accepted_within": Key(DURATION), "first_touch_within": Key(DURATION)},
            )
        ),
    },
)

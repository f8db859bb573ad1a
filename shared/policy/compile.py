"""From a policy document to the policy that decides: made once per version, cheap to ask, without memory or clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.domain.target import Target
from shared.policy.cascade import cascade, last_queue
from shared.policy.condition import Condition, describe, fields_of
from shared.policy.derive import Derived, Deriver, Facts
from shared.policy.document import (
    Buffer,
    CalendarSpec,
    Departure,
    FirstAction,
    Gate,
    Intent,
    Ladders,
    Matching,
    PolicyDocument,
    Pool,
    PriorityEntry,
    Queue,
    RecycleReason,
    Rule,
    StormCap,
    Track,
)
from shared.policy.evaluate import Blame, Evaluate, compile_blame, compile_condition
from shared.policy.fields import REGION_FIELDS, SEGMENT_FIELDS
from shared.policy.words import fold

_NOTHING_BAD: Final[Mapping[str, str]] = {}


class Outcome(StrEnum):
    """How the walk over the rules ended."""

    RULE = "rule"
    UNQUALIFIED = "unqualified"
    HELD = "held"


class HeldKind(StrEnum):
    """Why a lead is held: a fact not understood, a word outside the vocabulary, an absent fact, or no rule."""

    NOT_UNDERSTOOD = "not_understood"
    VOCABULARY = "vocabulary"
    UNKNOWN = "unknown"
    NO_RULE = "no_rule"


@dataclass(frozen=True, slots=True)
class Qualification:
    """Whether a lead is automation qualified.

    `failed` says which conditions it failed, `unknown` which facts they lacked (an unknown one fails nothing), `needs`
    which fact must be known before it can be said at all; then `passed` is False and means nothing.
    """

    icp_passed: bool
    intent: int
    passed: bool
    failed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """What the rules say of a lead.

    `targets` are to be tried in order; `cascade` goes on with the overflow of their pools and ends at the last queue
    (for a held lead it is that queue alone).
    `held_on` is the fact that holds the lead and `held_word` what was given for it. `unknown_fields` are absent facts
    for whose sake a rule could not be decided.
    """

    outcome: Outcome
    rule: Rule | None = None
    targets: tuple[Target, ...] = ()
    cascade: tuple[Target, ...] = ()
    held_on: str | None = None
    held_kind: HeldKind | None = None
    held_word: str | None = None
    unknown_fields: tuple[str, ...] = ()
    first_action: FirstAction | None = None


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule, ready to be asked."""

    rule: Rule
    test: Evaluate
    blame: Blame
    cascade: tuple[Target, ...]


class Policy:
    """A routing policy that decides; it never changes, and the same facts always give the same answer.

    `last_queue` takes what no rule placed and what cannot be decided; `otherwise` is where unqualified leads go, None
    when every lead counts as qualified; `used_facts` are the facts that any condition rests on.
    """

    __slots__ = (
        "_all_rules",
        "_buffers",
        "_deriver",
        "_icp",
        "_ladders",
        "_minimum",
        "_most_points",
        "_open_rules",
        "_priority",
        "buffer",
        "calendars",
        "document",
        "last_queue",
        "matching",
        "name",
        "on_away",
        "on_departed",
        "otherwise",
        "owner",
        "pools",
        "priority",
        "queues",
        "recycle",
        "rules",
        "storm_cap",
        "tracks",
        "used_facts",
    )

    def __init__(self, document: PolicyDocument) -> None:
        self.document = document
        self.name: str = document.name
        self.owner: str = document.owner
        self.rules: tuple[Rule, ...] = document.rules
        self.pools: Mapping[str, Pool] = document.pools
        self.queues: Mapping[str, Queue] = document.queues
        self.calendars: Mapping[str, CalendarSpec] = document.calendars
        self.tracks: Mapping[str, Track] = document.tracks
        self.recycle: Mapping[str, RecycleReason] = document.recycle
        self.matching: Matching = document.matching
        self.buffer: Mapping[str, Buffer] = document.buffer
        self._buffers = {fold(lead_type): buffer for lead_type, buffer in document.buffer.items()}
        self.priority: tuple[PriorityEntry, ...] = document.priority
        self.on_away: Departure = document.on_away
        self.on_departed: Departure = document.on_departed
        self.storm_cap: StormCap | None = document.storm_cap
        self.used_facts: frozenset[str] = used_facts(document)
        self.last_queue: Target | None = last_queue(document)
        qualification = document.qualification
        self.otherwise: Target | None = qualification.otherwise if qualification else None
        self._deriver = Deriver(document, self.used_facts)
        self._icp = tuple(_asked(one) for one in qualification.icp) if qualification else ()
        intent = qualification.intent if qualification else Intent()
        self._minimum, self._most_points = intent.minimum, max(intent.lead_type.values(), default=0)
        self._all_rules = tuple(_compiled(rule, document) for rule in document.rules)
        self._open_rules = tuple(one for one in self._all_rules if one.rule.gate is Gate.NONE)
        self._ladders = tuple((compile_condition(entry.when), entry.ladders) for entry in document.sla)
        self._priority = tuple((compile_condition(entry.when), entry.notify) for entry in document.priority)

    def derive(self, facts: Facts, bad: Mapping[str, str] = _NOTHING_BAD) -> Derived:
        """Work out what conditions see; `bad` are facts that could not be understood, with the text that was given."""
        return self._deriver.derive(facts, bad)

    def qualify(self, derived: Derived) -> Qualification:
        """Hold a lead against the shared definition: all of ICP, and enough intent."""
        failed: list[str] = []
        unknown: list[str] = []
        for test, blame, text in self._icp:
            holds = test(derived.values, derived.blocked)
            if holds is False:
                failed.append(text)
            elif holds is None:
                fields = blame(derived.values, derived.blocked)
                unknown += [source for field in fields for source in derived.sources(field)]
        icp_passed = not failed
        intent = derived.intent
        needs: tuple[str, ...] = ()
        if intent < self._minimum:
            undecided = "lead_type" not in derived.values and intent + self._most_points >= self._minimum
            if undecided and icp_passed:
                needs = ("lead_type",)
            failed.append(f"intent {intent} is below {self._minimum}")
        passed = not failed
        return Qualification(icp_passed, intent, passed, tuple(failed), tuple(dict.fromkeys(unknown)), needs)

    def match(self, derived: Derived, *, qualified: bool | None, bad: Mapping[str, str] = _NOTHING_BAD) -> Match:
        """Walk the rules in order; `qualified` None says that it cannot be told, see `Qualification.needs`."""
        if bad and bad != derived.bad:
            derived = self.derive(derived.facts, bad)
        values, blocked = derived.values, derived.blocked
        unknown: list[str] = []
        for one in self._all_rules if qualified else self._open_rules:
            holds = one.test(values, blocked)
            if holds:
                return _taken(one, unknown)
            if holds is None:
                lacks = [source for field in one.blame(values, blocked) for source in derived.sources(field)]
                stop = next((field for field in lacks if field in blocked), None) if blocked else None
                if stop is not None:
                    return self._held(derived, stop, unknown)
                unknown += lacks
        if qualified is None:
            return self._held(derived, "lead_type", unknown)
        if not qualified and self.otherwise is not None:
            targets = (self.otherwise,)
            lacking = tuple(dict.fromkeys(unknown))
            return Match(Outcome.UNQUALIFIED, targets=targets, cascade=targets, unknown_fields=lacking)
        return self._held(derived, None, unknown)

    def _held(self, derived: Derived, field: str | None, unknown: list[str]) -> Match:
        """Hold a lead for the sake of a field, or because no rule took it."""
        kind, word = _why(derived, field) if field else (HeldKind.NO_RULE, None)
        if field and kind is HeldKind.UNKNOWN:
            unknown = [*unknown, field]
        last = (self.last_queue,) if self.last_queue else ()
        lacking = tuple(dict.fromkeys(unknown))
        return Match(Outcome.HELD, cascade=last, held_on=field, held_kind=kind, held_word=word, unknown_fields=lacking)

    def sla_for(self, derived: Derived) -> Ladders:
        """The ladders of the first entry that the lead meets; empty ones when it meets none."""
        return self.sla_at(self.sla_index(derived))

    def sla_index(self, derived: Derived) -> int | None:
        """The position of the first entry that the lead meets, from 0; None when it meets none."""
        holding = (n for n, (test, _) in enumerate(self._ladders) if test(derived.values, derived.blocked))
        return next(holding, None)

    def sla_at(self, index: int | None) -> Ladders:
        """The ladders of the entry at a position; empty ones for None."""
        return _NO_LADDERS if index is None else self._ladders[index][1]

    def buffer_for(self, lead_type: str | None) -> Buffer:
        """How long a lead of this type waits for its facts."""
        usual = self._buffers["default"]
        return self._buffers.get(fold(lead_type), usual) if lead_type else usual

    def wants_priority(self, derived: Derived) -> str | None:
        """Whom to alert when this lead is assigned, or None."""
        for test, notify in self._priority:
            if test(derived.values, derived.blocked):
                return notify
        return None

    def is_fallback(self, rule: Rule) -> bool:
        """Say whether a rule is the catch-all, so that its share of leads is the held share."""
        return rule.is_catch_all

    def compiled_rules(self) -> tuple[CompiledRule, ...]:
        """All rules with their closures, for explaining."""
        return self._all_rules


_NO_LADDERS: Final = Ladders()


def compile_policy(document: PolicyDocument) -> Policy:
    """Make the policy that decides by this document."""
    return Policy(document)


def used_facts(document: PolicyDocument) -> frozenset[str]:
    """The facts that any condition of the policy rests on, with segments and regions traced to their facts."""
    conditions: list[Condition] = [rule.when for rule in document.rules]
    conditions += [entry.when for entry in document.sla] + [entry.when for entry in document.priority]
    if document.qualification is not None:
        conditions += document.qualification.icp
    used: set[str] = set()
    for field in (field for condition in conditions for field in fields_of(condition)):
        used |= set(_facts_behind(field, document))
    if document.qualification is not None and document.qualification.intent.lead_type:
        used.add("lead_type")
    return frozenset(used)


def _facts_behind(field: str, document: PolicyDocument) -> tuple[str, ...]:
    """The facts that a field of a condition comes from."""
    if field == "segment":
        return SEGMENT_FIELDS
    if field == "region":
        return tuple(
            name for name in REGION_FIELDS if any(name in fields_of(one.when) for one in document.vocabulary.region)
        )
    if field == "intent":
        return ("lead_type",)
    attribute = document.attributes.get(field)
    return (attribute.source or field,) if attribute else (field,)


def _asked(condition: Condition) -> tuple[Evaluate, Blame, str]:
    """A condition of the ideal customer, ready to be asked and named."""
    return compile_condition(condition), compile_blame(condition), describe(condition)


def _compiled(rule: Rule, document: PolicyDocument) -> CompiledRule:
    """Make a rule ready to be asked."""
    return CompiledRule(rule, compile_condition(rule.when), compile_blame(rule.when), cascade(rule.targets, document))


def _taken(one: CompiledRule, unknown: list[str]) -> Match:
    """Send a lead where its rule says."""
    rule = one.rule
    return Match(
        Outcome.RULE,
        rule,
        rule.targets,
        one.cascade,
        unknown_fields=tuple(dict.fromkeys(unknown)),
        first_action=rule.first_action,
    )


def _why(derived: Derived, field: str) -> tuple[HeldKind, str | None]:
    """Say why a field has no value, with what was given for it."""
    if field in derived.bad:
        return HeldKind.NOT_UNDERSTOOD, derived.bad[field]
    if field in derived.outside:
        return HeldKind.VOCABULARY, derived.outside[field]
    return HeldKind.UNKNOWN, None

"""From the text of a policy to its document, complete with defaults; every mistake is found in one reading."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from shared.policy import promises, sections
from shared.policy.condition import Condition, fields_of
from shared.policy.defaults import DEFAULT_BUFFER, complete
from shared.policy.document import Buffer, Departure, Gate, OnAbsence, PolicyDocument, Rule, StormCap
from shared.policy.errors import PolicyError, error
from shared.policy.fields import Tier, tier_of
from shared.policy.scalars import Label, Whole, Word
from shared.policy.shape import Broken, Key, ListOf, MapOf, Notes, Record
from shared.policy.source import Node, compose

#: The version of the document's shape that this code reads.
SHAPE_VERSION: Final = 1

_AWAY: Final = promises.departure(Departure(), "on_away", tuple(OnAbsence))
_DEPARTED: Final = promises.departure(
    Departure(accepted=OnAbsence.REROUTE),
    "on_departed",
    # Who has left keeps nothing.
    (OnAbsence.REROUTE, OnAbsence.COVER),
)

DOCUMENT: Final[Record[dict[str, Any]]] = Record(
    dict,
    "the policy",
    {
        "baton_policy": Key(Whole("the version of the shape", 1), "version", help="the version of this shape: 1"),
        "name": Key(Word("a name"), help="what this policy is called"),
        "owner": Key(Word("an owner"), help="who answers for this document"),
        "review": Key(Word("how often it is reviewed"), help="how often it is looked through"),
        "stage_owners": Key(MapOf(Label("a stage"), Word("an owner"), "stage_owners")),
        "commitments": Key(sections.COMMITMENTS, help="both sides of the agreement between marketing and sales"),
        "vocabulary": Key(sections.VOCABULARY, help="the closed words that rules may use"),
        "attributes": Key(MapOf(Label("an attribute's name"), sections.ATTRIBUTE, "attributes")),
        "qualification": Key(sections.QUALIFICATION, help="what makes a lead automation qualified"),
        "buffer": Key(MapOf(Word("a lead type"), sections.BufferEntry(), "buffer")),
        "matching": Key(sections.MATCHING, help="how persons and accounts are recognised"),
        "precedence": Key(sections.PRECEDENCE, help="the tiers of rules, strongest first"),
        "rules": Key(ListOf(sections.RULE, "rules"), required=True, help="the first rule that matches wins"),
        "pools": Key(MapOf(Label("a pool's name"), sections.POOL, "pools")),
        "queues": Key(sections.QUEUES),
        "calendars": Key(MapOf(Label("a calendar's name"), sections.CALENDAR, "calendars")),
        "sla": Key(promises.SLA, help="what happens if no one picks a lead up; the first entry that matches counts"),
        "priority": Key(promises.PRIORITY),
        "on_away": Key(_AWAY),
        "on_departed": Key(_DEPARTED),
        "tracks": Key(MapOf(Label("a track's name"), promises.TRACK, "tracks")),
        "recycle": Key(MapOf(Label("a reason"), promises.RECYCLE_REASON, "recycle")),
        "storm_cap": Key(sections.STORM_CAP),
    },
)


def parse_policy(text: str) -> PolicyDocument:
    """Read a policy; PolicyError carries every mistake with its line and the mend."""
    node, duplicates = compose(text)
    notes = Notes(list(duplicates))
    try:
        given = DOCUMENT.read(node, notes)
    except Broken:
        raise PolicyError(notes.findings) from None
    document = _assemble(node, given, notes)
    if notes.findings:
        raise PolicyError(notes.findings)
    return complete(document)


def computed_tier(condition: Condition, precedence: tuple[Tier, ...]) -> Tier:
    """The strongest tier among the fields that a condition tests; the weakest where it tests none."""
    tiers = {tier_of(field) for field in fields_of(condition)}
    return next((tier for tier in precedence if tier in tiers), precedence[-1])


def _assemble(node: Node, given: dict[str, Any], notes: Notes) -> PolicyDocument:
    """Build the document from its sections, with what depends on more than one of them."""
    if given.get("version", SHAPE_VERSION) != SHAPE_VERSION:
        message = f"this is shape {given['version']} of a policy; shape {SHAPE_VERSION} is understood"
        notes.add(node, "document.shape", message, "write `baton_policy: 1`")
    given["buffer"] = _buffers(given.get("buffer", {}), notes)
    precedence = given.get("precedence", tuple(Tier))
    given["rules"] = tuple(_settled(rule, precedence) for rule in given["rules"])
    _distinct(node, given["rules"], notes)
    queues = given.get("queues", {})
    caps = [entry for entry in queues.values() if isinstance(entry, StormCap)]
    given["queues"] = {name: entry for name, entry in queues.items() if not isinstance(entry, StormCap)}
    if caps:
        given.setdefault("storm_cap", caps[0])
    return PolicyDocument(**given)


def _settled(rule: Rule, precedence: tuple[Tier, ...]) -> Rule:
    """Give a rule its tier, and its gate where the document does not say one."""
    tier = computed_tier(rule.when, precedence)
    return replace(rule, tier=tier, gate=_gate(rule, tier))


def _gate(rule: Rule, tier: Tier) -> Gate:
    """Account rules come before qualification, all others need it, unless they say otherwise."""
    if rule.gate_given is not None:
        return rule.gate_given
    return Gate.NONE if tier is Tier.ACCOUNT_STATUS else Gate.QUALIFIED


def _distinct(node: Node, rules: tuple[Rule, ...], notes: Notes) -> None:
    """Note rules that share a name, since decisions refer to rules by it."""
    if not rules:
        notes.add(node, "rules.none", "there is no rule", "write one: {name: everything, to: queue:NAME}")
    first: dict[str, int] = {}
    for rule in rules:
        if rule.name in first:
            message = f"two rules are called `{rule.name}`; the other stands in line {first[rule.name]}"
            notes.findings.append(error("rule.name", message, rule.line, "give one another name"))
        first.setdefault(rule.name, rule.line)


def _buffers(given: Mapping[str, dict[str, Any]], notes: Notes) -> dict[str, Buffer]:
    """Fill what an entry leaves out from the default entry, and insist that the minimum is not the larger."""
    usual = _buffer(given.get("default", {}), DEFAULT_BUFFER, notes)
    return {"default": usual} | {
        name: _buffer(entry, usual, notes) for name, entry in given.items() if name != "default"
    }


def _buffer(entry: dict[str, Any], usual: Buffer, notes: Notes) -> Buffer:
    """Build one buffer; a minimum alone may raise the maximum, and a maximum alone may lower the minimum."""
    minimum, maximum = entry.get("minimum"), entry.get("maximum")
    if minimum is not None and maximum is not None and minimum > maximum:
        notes.add(entry["node"], "buffer.order", "the minimum of this buffer is above its maximum", "swap them")
    if minimum is None:
        minimum = usual.minimum if maximum is None else min(usual.minimum, maximum)
    return Buffer(minimum, max(usual.maximum, minimum) if maximum is None else maximum)

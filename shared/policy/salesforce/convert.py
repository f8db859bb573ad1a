"""From a rule of Salesforce to the text of a policy and a report of what became of each entry.

An entry is translated exactly or left out. What is left out stands as a comment at its place, so that no rule becomes
broader than it was; its leads go on to the later rules, which is said as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

from shared.domain.target import Target, TargetKind
from shared.policy.condition import Condition, fields_of
from shared.policy.fields import DEFAULT_PRECEDENCE
from shared.policy.parse import computed_tier
from shared.policy.salesforce.criteria import Translator
from shared.policy.salesforce.declared import AttributeUse, Declared, survey
from shared.policy.salesforce.filter import logic_of
from shared.policy.salesforce.formula_logic import logic_of_formula
from shared.policy.salesforce.hours import NO_HOURS, Hours
from shared.policy.salesforce.joined import ALWAYS
from shared.policy.salesforce.logic import Logic, UntranslatedError
from shared.policy.salesforce.places import EXCEPTIONS, Places, QueueHome
from shared.policy.salesforce.plan import Gap, Plan, PlannedRule
from shared.policy.salesforce.render import render
from shared.policy.salesforce.report import EntryReport, Report
from shared.policy.salesforce.rules import AssignmentRule, Entry
from shared.policy.salesforce.spelling import slug
from shared.policy.source import MAXIMUM_CHARACTERS

_ORDER_KEPT: Final = "Salesforce has it at this place"
#: What every imported policy does beyond what it was made from.
_ADDED: Final = (
    "Salesforce only gives a lead its owner. Here it first waits 3 to 5 minutes for facts, its owner is overdue after "
    "2 hours, and after 4 it goes to the queue shark_tank: write `buffer` and `sla` if you want it otherwise."
)
_CLAIMED: Final = (
    "Every rep may claim from the queues, and the policy's owner hears of what nobody has claimed for an hour: give "
    "them `members`, or say with --queues which of them are pools."
)


@dataclass(frozen=True, slots=True)
class Given:
    """What the person adds to the file: the policy's owner, what users, queues and fields are here, and the hours."""

    owner: str
    users: Mapping[str, str] | None = None
    queues: Mapping[str, QueueHome] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    hours: Hours = NO_HOURS


@dataclass(frozen=True, slots=True)
class Imported:
    """The text of the policy, and what became of each entry."""

    policy: str
    report: Report


@dataclass(frozen=True, slots=True)
class _Read:
    """An entry with what it asks, or why that cannot be read."""

    entry: Entry
    logic: Logic | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Done:
    """An entry with its rule, or why there is none."""

    entry: Entry
    rule: PlannedRule | None
    to: str
    why: str = ""


def import_rule(rule: AssignmentRule, others: Sequence[AssignmentRule], given: Given) -> Imported:
    """Translate one rule; `others` are only named."""
    reads = [_read(entry) for entry in rule.entries]
    declared = survey((read.logic for read in reads if read.logic is not None), given.fields)
    places = Places(given.users, given.queues)
    done = [_translated(read, declared, places) for read in reads]
    conditions = [one.rule.when for one in done if one.rule]
    attributes = _attributes(declared, conditions)
    plan = Plan(
        name=slug(rule.name) or "salesforce",
        owner=given.owner,
        remarks=_headline(rule, done),
        attributes=attributes,
        rules=tuple(_in_place(done)),
        pools=tuple(places.pools.values()),
        queues=tuple(places.declared_queues()),
        calendars=given.hours.calendars,
    )
    return Imported(_text(plan), _report(rule, others, done, attributes, given, _notes(declared, places, given)))


def _text(plan: Plan) -> str:
    """The policy; one that would be too long to be read is written without what its rules were in Salesforce."""
    text = render(plan)
    if len(text) <= MAXIMUM_CHARACTERS:
        return text
    bare = tuple(replace(rule, remarks=()) if isinstance(rule, PlannedRule) else rule for rule in plan.rules)
    return render(replace(plan, rules=bare))


def _read(entry: Entry) -> _Read:
    """Read what an entry asks."""
    if entry.formula and entry.items:
        return _Read(entry, None, "it has both a formula and criteria, of which Salesforce allows one")
    try:
        return _Read(entry, logic_of_formula(entry.formula) if entry.formula else logic_of(entry))
    except UntranslatedError as error:
        return _Read(entry, None, str(error))


def _translated(read: _Read, declared: Declared, places: Places) -> _Done:
    """Make a rule of an entry, or say why there is none; notes of one that fails are dropped."""
    entry, notes = read.entry, dict(declared.notes)
    to = entry.assigned_to or "(owner not reassigned)"
    if read.logic is None:
        return _Done(entry, None, to, read.why)
    try:
        condition = Translator(declared).condition(read.logic)
        targets = places.targets(entry)
    except UntranslatedError as error:
        declared.notes = notes
        return _Done(entry, None, to, str(error))
    name = f"entry-{entry.position:02}-{slug(targets[0].name.partition('@')[0] or 'keep-owner')}".strip("-")
    return _Done(entry, PlannedRule(name, condition, targets), str(targets[0]))


def _in_place(done: Sequence[_Done]) -> list[PlannedRule | Gap]:
    """The rules with their comments, the gaps between them, and a last rule for what no entry takes."""
    ranks = {tier: rank for rank, tier in enumerate(DEFAULT_PRECEDENCE)}
    placed: list[PlannedRule | Gap] = []
    strongest = 0
    for one in done:
        heading = f"{one.entry.position} (line {one.entry.line}): {one.entry.asks}"
        if one.rule is None:
            gone = "Left out, so that it takes nobody whom it did not take; a later rule may take its leads."
            placed.append(Gap((f"NOT TRANSLATED {heading} -> {one.to}", f"Why: {one.why}. {gone}")))
            continue
        rank = ranks[computed_tier(one.rule.when, DEFAULT_PRECEDENCE)]
        backwards = rank < strongest
        strongest = strongest if backwards else rank
        because = _ORDER_KEPT if backwards else ""
        placed.append(PlannedRule(one.rule.name, one.rule.when, one.rule.to, (heading,), because))
    if not any(one.rule and one.rule.when == ALWAYS for one in done):
        remark = "What no entry takes goes to the default lead owner in Salesforce."
        last = Target(TargetKind.QUEUE, EXCEPTIONS)
        placed.append(PlannedRule("no-entry", ALWAYS, (last,), (remark,)))
    return placed


def _headline(rule: AssignmentRule, done: Sequence[_Done]) -> tuple[str, ...]:
    """What stands above the policy."""
    count = sum(one.rule is not None for one in done)
    state = "" if rule.is_active else ", which is not active"
    whence = (
        f"Made from the Salesforce assignment rule “{rule.name}”{state}: {count} of {len(done)} entries are translated."
    )
    gone = "Those that are not stand as comments at their place. Above each rule stands what it was."
    return (whence, gone)


def _attributes(declared: Declared, conditions: Sequence[Condition]) -> tuple[AttributeUse, ...]:
    """The attributes that the rules really test."""
    used = set(chain.from_iterable(map(fields_of, conditions)))
    return tuple(use for name, use in sorted(declared.attributes.items()) if name in used)


def _notes(declared: Declared, places: Places, given: Given) -> tuple[str, ...]:
    """Remarks on the rule as a whole."""
    notes = [_ADDED, *((_CLAIMED,) if places.queues else ()), *(f"{note}." for note in declared.notes)]
    notes += [
        f"The user {name} is not in the table of users; the username stands as the rep id." for name in places.strangers
    ]
    return (*notes, *given.hours.notes)


def _report(
    rule: AssignmentRule,
    others: Sequence[AssignmentRule],
    done: Sequence[_Done],
    attributes: Sequence[AttributeUse],
    given: Given,
    notes: tuple[str, ...],
) -> Report:
    """Say what became of the rule."""
    calendars = given.hours.calendars
    entries = tuple(
        EntryReport(
            one.entry.position,
            one.entry.line,
            one.entry.asks,
            one.to,
            one.rule.name if one.rule else "",
            one.why,
            tuple(_not_carried(one.entry)),
        )
        for one in done
    )
    named = tuple(f"{one.name} ({'active' if one.is_active else 'not active'})" for one in others)
    send = {one.source if one.words else one.name: one.salesforce for one in attributes if _is_sent(one)}
    targets = (target for one in done if one.rule for target in one.rule.to)
    reps = tuple(dict.fromkeys(target.name for target in targets if target.kind is TargetKind.REP))
    return Report(rule.name, rule.is_active, entries, named, notes, send, reps, tuple(one.name for one in calendars))


def _is_sent(one: AttributeUse) -> bool:
    """Say whether leads must bring the attribute themselves, since no fact is behind it."""
    return not one.source or one.source == one.salesforce


def _not_carried(entry: Entry) -> list[str]:
    """What Salesforce does beside giving the lead an owner."""
    carried: list[str] = []
    if entry.template:
        carried.append(f"the e-mail template {entry.template}: Baton tells the new owner by its own notices")
    if entry.teams:
        carried.append(f"the teams {', '.join(entry.teams)}")
    if entry.replaces_teams:
        carried.append("that the teams replace those that are there")
    if entry.notifies_copies:
        carried.append("that copied recipients are told")
    return carried

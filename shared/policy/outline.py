"""A policy as an outline: sections of entries, each entry with labelled words; what a diff compares and a script reads.

Everything that the document says stands in it once, and nothing that depends on the spelling of its text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.policy.cascade import last_queue
from shared.policy.condition import Condition, describe
from shared.policy.document import (
    Attribute,
    CalendarSpec,
    Definition,
    Departure,
    PolicyDocument,
    Pool,
    Queue,
    RecycleReason,
    Rule,
    SlaEntry,
    Track,
)
from shared.policy.wording import (
    action_words,
    hours_words,
    ladder_words,
    member_words,
    outside_words,
    rate_words,
    recognition_words,
    share_words,
    span_words,
    week_words,
)

#: Words, or a list of them; blank ones are left out.
Fact = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One part of a section: a rule, a pool, a queue; its facts by label."""

    name: str
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of part; where it is ordered, the place of an entry means something."""

    title: str
    entries: tuple[Entry, ...]
    ordered: bool = False


def outline(document: PolicyDocument) -> tuple[Section, ...]:
    """Return the outline of a policy, in the order in which people read it."""
    return (
        Section("policy", _head(document)),
        Section("rules", tuple(_entry(one.name, _rule(one)) for one in document.rules), ordered=True),
        Section("pools", tuple(_entry(one.name, _pool(one)) for one in document.pools.values())),
        Section("queues", tuple(_entry(one.name, _queue(one)) for one in document.queues.values())),
        Section("clocks", _numbered((one.when, _promise(one)) for one in document.sla), ordered=True),
        Section("alerts", _numbered((one.when, {"tell": one.notify}) for one in document.priority), ordered=True),
        Section("qualification", _qualification(document)),
        Section("calendars", tuple(_entry(one.name, _calendar(one)) for one in document.calendars.values())),
        Section("recycle reasons", tuple(_entry(one.name, _reason(one)) for one in document.recycle.values())),
        Section("tracks", tuple(_entry(one.name, _track(one)) for one in document.tracks.values())),
        Section("buffer", _buffers(document)),
        Section("words", _words(document)),
        Section("segments", _definitions(document.vocabulary.segment), ordered=True),
        Section("regions", _definitions(document.vocabulary.region), ordered=True),
        Section("attributes", tuple(_entry(one.name, _attribute(one)) for one in document.attributes.values())),
        Section("matching", _matching(document)),
    )


def _entry(name: str, facts: Mapping[str, Fact]) -> Entry:
    return Entry(name, {label: fact for label, fact in facts.items() if fact})


def _numbered(parts: Iterable[tuple[Condition, Mapping[str, Fact]]]) -> tuple[Entry, ...]:
    """Name entries that have no name by their condition; the second one with the same condition is told apart."""
    seen: dict[str, int] = {}
    entries = []
    for when, facts in parts:
        name = describe(when)
        seen[name] = seen.get(name, 0) + 1
        entries.append(_entry(name if seen[name] == 1 else f"{name} ({seen[name]})", facts))
    return tuple(entries)


def _head(document: PolicyDocument) -> tuple[Entry, ...]:
    marketing, sales = document.commitments.marketing, document.commitments.sales
    per_week = marketing.qualified_per_week
    cap = document.storm_cap
    facts: Mapping[str, Fact] = {
        "name": document.name,
        "shape": str(document.version),
        "owner": document.owner,
        "review": document.review,
        "order of tiers": tuple(map(str, document.precedence)),
        "takes what is left": str(last_queue(document) or ""),
        "marketing promises qualified leads per week": "" if per_week is None else str(per_week),
        "marketing promises complete context": share_words(marketing.context_complete),
        "sales promises to accept within": span_words(sales.accepted_within),
        "sales promises the first touch within": span_words(sales.first_touch_within),
        "moves after an outage": rate_words(cap.moves) if cap else "",
        "of those that are late by": span_words(cap.when_late_by) if cap else "",
    }
    owners = _entry("owners of the stages", document.stage_owners)
    absences = (
        _entry("a rep is away", _departure(document.on_away)),
        _entry("a rep departs", _departure(document.on_departed)),
    )
    return (_entry("the policy", facts), *([owners] if owners.facts else []), *absences)


def _departure(departure: Departure) -> Mapping[str, Fact]:
    return {"offered leads": str(departure.offered), "accepted leads": str(departure.accepted)}


def _rule(rule: Rule) -> Mapping[str, Fact]:
    return {
        "when": describe(rule.when),
        "to": str(rule.to),
        "else": tuple(map(str, rule.otherwise)),
        "tier": str(rule.tier),
        "looks at": "all leads" if rule.gate == "none" else "qualified leads",
        "first action": action_words(rule.first_action),
        "because": rule.because,
    }


def _pool(pool: Pool) -> Mapping[str, Fact]:
    return {
        **(_members(member_words(pool.members))),
        "strategy": str(pool.strategy),
        "calendar": pool.calendar or "",
        "when closed": str(pool.when_closed),
        "overflow": tuple(map(str, pool.overflow)),
        "cap": rate_words(pool.cap),
    }


def _members(selectors: Mapping[str, tuple[str, ...]]) -> Mapping[str, Fact]:
    if not selectors:
        return {"members": "every rep"}
    return {f"members: {name}": words for name, words in selectors.items()}


def _queue(queue: Queue) -> Mapping[str, Fact]:
    return {
        "kind": str(queue.kind),
        "owner": queue.owner,
        "alert": queue.alert or "",
        **(_members(member_words(queue.members)) if queue.members is not None else {}),
        "claim limit": rate_words(queue.claim_limit),
        "escalates after": span_words(queue.escalate_after),
        "escalates to": queue.escalate_to or "",
        "alarm above": share_words(queue.share_alarm),
    }


def _promise(entry: SlaEntry) -> Mapping[str, Fact]:
    return ladder_words(entry.ladders)


def _qualification(document: PolicyDocument) -> tuple[Entry, ...]:
    qualification = document.qualification
    if qualification is None:
        return ()
    intent = qualification.intent
    return (
        _entry(
            "ideal customer",
            {"all of": tuple(map(describe, qualification.icp)), "otherwise": str(qualification.otherwise or "")},
        ),
        _entry(
            "intent",
            {
                "minimum": str(intent.minimum),
                **{f"points for {name}": str(points) for name, points in intent.lead_type.items()},
                "points for a raised hand": str(intent.hand_raise),
                **{f"points for each {name}": str(points) for name, points in intent.signal.items()},
            },
        ),
    )


def _calendar(spec: CalendarSpec) -> Mapping[str, Fact]:
    return {
        "time zone": spec.timezone,
        "hours": week_words(spec.hours),
        "public holidays of": " ".join(part for part in (spec.country, spec.subdivision) if part),
        "holidays that are worked": spec.remove,
        "days of their own": tuple(f"{day} {hours_words(spans)}" for day, spans in sorted(spec.add.items())),
    }


def _reason(reason: RecycleReason) -> Mapping[str, Fact]:
    return {
        "to": str(reason.to),
        "comes back after": span_words(reason.after),
        "comes back on": reason.wakes_on,
        "marketing learns": reason.insight,
    }


def _track(track: Track) -> Mapping[str, Fact]:
    return {"sent to": track.send or "", "wakes on": track.wakes_on, "alerts on": track.alert_on}


def _buffers(document: PolicyDocument) -> tuple[Entry, ...]:
    return tuple(
        _entry(name, {"at least": span_words(one.minimum), "at most": span_words(one.maximum)})
        for name, one in document.buffer.items()
    )


def _words(document: PolicyDocument) -> tuple[Entry, ...]:
    vocabulary = document.vocabulary
    found = (
        _entry("products", {"words": vocabulary.product, **_aliases(vocabulary.product_aliases)}),
        _entry("lead types", {"words": vocabulary.lead_type}),
        _entry("original sources", {"words": vocabulary.original_source}),
    )
    return tuple(one for one in found if one.facts)


def _aliases(aliases: Mapping[str, str]) -> Mapping[str, Fact]:
    return {"also written": tuple(f"{alias} = {word}" for alias, word in aliases.items())}


def _definitions(definitions: Iterable[Definition]) -> tuple[Entry, ...]:
    return tuple(_entry(one.name, {"when": describe(one.when)}) for one in definitions)


def _attribute(attribute: Attribute) -> Mapping[str, Fact]:
    return {
        "values": attribute.values,
        **_aliases(attribute.aliases),
        "another word": outside_words(attribute.unknown),
        "found in": attribute.source,
        "may have several": "yes" if attribute.many else "",
        **{f"word {word}": recognition_words(test) for word, test in attribute.words.items()},
    }


def _matching(document: PolicyDocument) -> tuple[Entry, ...]:
    matching = document.matching
    return (
        _entry("persons", {"all of these agree": tuple(" and ".join(one) for one in matching.person.any)}),
        _entry(
            "accounts",
            {"by": matching.account, "names are alike from": str(matching.name_similarity), "ties": matching.ties},
        ),
    )

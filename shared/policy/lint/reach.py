"""Reach: rules that nothing comes to, rules that take leads from each other, and what only the catch-all takes.

This side of the check is plain: it compares rules pair by pair and box by box, and says nothing where it would have
to add several rules up. An exact proof has the same form and can stand in its place, see `Prover`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from shared.policy.compile import Outcome, Policy, compile_policy
from shared.policy.condition import Condition, FieldTest
from shared.policy.document import Gate, PolicyDocument, Rule
from shared.policy.errors import Finding, error, info, warning
from shared.policy.evaluate import NONE_OF_THEM
from shared.policy.fields import ENRICHED_FIELDS
from shared.policy.lint.examples import Facts, lead_in
from shared.policy.lint.names import closed_words
from shared.policy.ranges import TOP, Ranges, of_condition
from shared.policy.space import Box, Numbers, Space, TooManyBoxesError, Words, example_of, meet_boxes, within
from shared.policy.words import fold

#: Looks at the rules as a whole and returns what it finds.
Prover = Callable[[PolicyDocument], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Area:
    """A rule with the leads that it takes."""

    rule: Rule
    boxes: tuple[Box, ...]


def check_reach(document: PolicyDocument) -> Iterator[Finding]:
    """The plain findings about what the rules take."""
    areas: list[Area] = []
    space = space_of(document)
    yield from _regions(document, space)
    for rule in document.rules:
        try:
            boxes = space.boxes(rule.when)
        except TooManyBoxesError:
            message = f"the condition of the rule `{rule.name}` is too tangled to be compared with others"
            yield info("rule.tangled", message, rule.line, "split it into several rules")
            continue
        area = Area(rule, boxes)
        dead = list(_dead(area, areas, space, document))
        yield from dead
        yield from () if dead else _unfillable(area, document)
        yield from () if dead else _shared(area, areas, document)
        areas.append(area)
    yield from _left_over(document)


def space_of(document: PolicyDocument) -> Space:
    """What the fields of a policy can be."""
    closed = {field: {fold(word) for word in known} for field, known in closed_words(document).items()}
    # A source that is not in the vocabulary is a word like others; it only raises an alert.
    closed.pop("original_source", None)
    for one in document.attributes.values():
        if one.words and not one.many:
            closed[one.name].add(NONE_OF_THEM)
    space = Space(
        closed={field: frozenset(words) for field, words in closed.items()},
        segments={fold(one.name): one.when for one in document.vocabulary.segment},
        regions={fold(one.name): one.when for one in document.vocabulary.region},
        many=frozenset(one.name for one in document.attributes.values() if one.many),
    )
    return replace(space, regions_apart=not any(_region_pairs(space)))


def _region_pairs(space: Space) -> Iterator[tuple[str, str, Box]]:
    """Pairs of regions that share places, with one of them; the later first."""
    boxes = {name: space.boxes(when) for name, when in space.regions.items()}
    for first, second in combinations(boxes, 2):
        shared = next((met for one in boxes[first] for two in boxes[second] if (met := meet_boxes(one, two))), None)
        if shared is not None:
            yield second, first, shared


def _regions(document: PolicyDocument, space: Space) -> Iterator[Finding]:
    """Regions that share places, unless the earlier is a part of the later."""
    lines = {fold(one.name): one.line for one in document.vocabulary.region}
    for later, earlier, shared in _region_pairs(space):
        outer = space.boxes(space.regions[later])
        if not all(any(within(box, one) for one in outer) for box in space.boxes(space.regions[earlier])):
            message = f"the regions `{earlier}` and `{later}` both take some places; `{earlier}` wins"
            mend = "let one leave out what the other takes"
            yield warning("region.overlap", message, lines[later], mend, example_of(shared))


def _dead(area: Area, before: list[Area], space: Space, document: PolicyDocument) -> Iterator[Finding]:
    """A rule that can never fire: nothing meets it, or what meets it is taken before."""
    rule = area.rule
    if not area.boxes:
        message = f"the rule `{rule.name}` can never fire: no lead meets its condition"
        yield error("rule.unreachable", message, rule.line, "look for words or bounds that contradict each other")
        return
    if rule.gate is Gate.QUALIFIED and (failed := _never_qualified(area, space, document)):
        message = f"the rule `{rule.name}` can never fire: its leads are never qualified, since {failed} fails"
        yield error("rule.unreachable", message, rule.line, "change the ideal customer, or write `gate: none`")
        return
    takers = [_taker(box, rule, before) for box in area.boxes]
    if all(takers):
        names = " and ".join(dict.fromkeys(f"`{taker.name}`" for taker in takers if taker))
        message = f"the rule `{rule.name}` can never fire: {names} takes all of its leads before"
        mend = "move it up, or remove it"
        yield error("rule.unreachable", message, rule.line, mend, lead_in(area.boxes[0], document))


def _taker(box: Box, rule: Rule, before: list[Area]) -> Rule | None:
    """The first earlier rule that takes a whole box of a later one."""
    for area in before:
        covers = area.rule.gate is Gate.NONE or rule.gate is Gate.QUALIFIED
        if covers and any(within(box, mine) for mine in area.boxes):
            return area.rule
    return None


def _never_qualified(area: Area, space: Space, document: PolicyDocument) -> str:
    """The field of the ideal customer that every lead of the rule is sure to fail; blank where there is none."""
    for condition in document.qualification.icp if document.qualification else ():
        allowed = _not_failed(condition, space)
        if allowed and not any(meet_boxes(box, one) for box in area.boxes for one in allowed):
            return f"`{condition.field}`" if isinstance(condition, FieldTest) else "the ideal customer"
    return ""


def _not_failed(condition: Condition, space: Space) -> tuple[Box, ...]:
    """The leads that do not fail a single test of the ideal customer; an unknown fact fails nothing."""
    if not isinstance(condition, FieldTest) or condition.field in ("region", "segment"):
        return ()
    unknown: Box = {condition.field: Words(frozenset(), unknown=True)}
    if condition.field in ("employees", "intent"):
        unknown = {condition.field: Numbers((), unknown=True)}
    return (*space.boxes(condition), unknown)


def _unfillable(area: Area, document: PolicyDocument) -> Iterator[Finding]:
    """A rule whose every path needs a fact that no form asks for."""
    behind = {one.name: one.source for one in document.attributes.values() if one.source in ENRICHED_FIELDS}
    needed = [_needed(box, behind) for box in area.boxes]
    if all(needed):
        field = next(one for one in needed if one)
        message = f"no form can meet the rule `{area.rule.name}`: only enrichment supplies `{behind[field]}`"
        yield warning("rule.no_form", message, area.rule.line, "give its leads another way in, or accept that")


def _needed(box: Box, behind: dict[str, str]) -> str:
    """A field of a box that must be known and that no form supplies; blank where there is none."""
    for field, values in box.items():
        name = field.partition(":")[0]
        if name in behind and not values.unknown:
            return name
    return ""


def _shared(area: Area, before: list[Area], document: PolicyDocument) -> Iterator[Finding]:
    """Rules of one tier that send the same lead to different places, unless the earlier is a part of the later."""
    rule = area.rule
    for other in before:
        if other.rule.tier is not rule.tier or other.rule.to == rule.to:
            continue
        if all(any(within(box, mine) for mine in area.boxes) for box in other.boxes):
            continue
        shared = next((met for one in other.boxes for two in area.boxes if (met := meet_boxes(one, two))), None)
        if shared is not None:
            message = (
                f"the rules `{other.rule.name}` (line {other.rule.line}) and `{rule.name}` both take some leads; "
                f"`{other.rule.name}` wins"
            )
            mend = "let one leave out what the other takes, or make the earlier one a part of the later"
            yield warning("rule.overlap", message, rule.line, mend, lead_in(shared, document))


#: A lead that passes every gate; the gaps are looked for around it.
_TYPICAL: Final = {"has_open_opportunity": False, "named_account": False, "account_status": "prospect"}


def _left_over(document: PolicyDocument) -> Iterator[Finding]:
    """Kinds of leads that only the catch-all takes, each with an example.

    Of a place it is told when leads of some size fall through, of a size when they do so in every place.
    """
    catch_all = next((rule for rule in document.rules if rule.is_catch_all), None)
    if catch_all is None or len(document.rules) == 1:
        return
    policy = compile_policy(document)
    usual, places, sizes = _usual(document), _places(document), _sizes(document)
    falls = {
        (place, size): _falls_to(catch_all, policy, {**usual, **places[place], **sizes[size]})
        for place in places
        for size in sizes
    }
    kinds = [(place, next((size for size in sizes if falls[place, size]), None)) for place in places]
    found = [(place, place, size) for place, size in kinds if size is not None]
    found += [
        (size, place, size) for size in sizes for place in list(places)[:1] if all(falls[p, size] for p in places)
    ]
    for kind, place, size in found:
        if kind != _ANY:
            facts = {**usual, **places[place], **sizes[size]}
            yield info("rules.left_over", f"only `{catch_all.name}` takes leads {kind}", catch_all.line, example=facts)


#: Where a policy tells no places or sizes apart.
_ANY: Final = ""


def _falls_to(rule: Rule, policy: Policy, facts: Facts) -> bool:
    """Say whether a qualified lead with these facts is taken by this rule."""
    match = policy.match(policy.derive(facts), qualified=True)
    return match.outcome is Outcome.RULE and match.rule is rule


def _places(document: PolicyDocument) -> dict[str, Facts]:
    """Each region with an example, a country in none of them, and none at all."""
    space, regions = space_of(document), document.vocabulary.region
    if not regions:
        return {_ANY: {}}
    places: dict[str, Facts] = {
        f"of the region {one.name}": example_of(box) for one in regions for box in space.boxes(one.when)[:1]
    }
    places["from a country in no region"] = {"country": _outside(document)}
    return places | {"whose country is unknown": {}}


def _sizes(document: PolicyDocument) -> dict[str, Facts]:
    """Each segment with an example, and a company of unknown size."""
    segments = document.vocabulary.segment
    if not segments:
        return {_ANY: {}}
    sizes: dict[str, Facts] = {
        f"of the segment {one.name}": {"employees": _typical_size(of_condition(one.when))} for one in segments
    }
    return sizes | {"whose number of employees is unknown": {}}


def _typical_size(sizes: Ranges) -> int | None:
    """The size in a segment that is least likely to fail the ideal customer: its largest, where it has one."""
    low, high = sizes[-1] if sizes else (None, None)
    return low if high == TOP else high


def _usual(document: PolicyDocument) -> Facts:
    """A lead like most: with the first product and the lead type of most points."""
    facts: Facts = dict(_TYPICAL)
    points = document.qualification.intent.lead_type if document.qualification else {}
    if document.vocabulary.product:
        facts["product"] = document.vocabulary.product[0]
    if points:
        facts["lead_type"] = max(points, key=lambda word: points[word])
    return facts


def _outside(document: PolicyDocument) -> str:
    """A country code that no region names."""
    named = {
        str(value).upper()
        for one in document.vocabulary.region
        for box in space_of(document).boxes(one.when)
        for value in (getattr(box.get("country"), "listed", None) or ())
    }
    # Codes that no other purpose takes: Antarctica is nobody's market.
    return next((code for code in ("AQ", "BV", "TF", "HM") if code not in named), "ZZ")

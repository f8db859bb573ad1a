"""Where leads break on their way: the first broken layer, the kind of confusion, and patterns worth a word; pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Layer(StrEnum):
    """The layers of a lead's way, in order; a lead is judged by the first one that is broken."""

    CAPTURE = "capture"
    QUALIFICATION = "qualification"
    ROUTING = "routing"
    ACTION = "action"
    STATUS = "status"
    OUTCOME = "outcome"


#: What people argue about when a layer is broken.
CONFUSION: Mapping[Layer, str] = {
    Layer.CAPTURE: "quality",
    Layer.QUALIFICATION: "quality",
    Layer.ROUTING: "ownership",
    Layer.ACTION: "timing",
    Layer.STATUS: "outcome",
    Layer.OUTCOME: "outcome",
}
#: The layers that marketing answers for; the others are the process of sales.
_OF_THE_LEAD = frozenset({Layer.CAPTURE, Layer.QUALIFICATION})


@dataclass(frozen=True, slots=True)
class Traits:
    """What is true of a lead; each is read from the record and none is anybody's opinion."""

    #: A field that routing uses is not understood or contradicts another, or nobody knows where the lead came from.
    unclear: bool = False
    #: It is held because a rule needs a fact that is unknown, not understood or outside the vocabulary.
    undecided: bool = False
    #: It has no owner though it should, or got one later than five minutes after it came.
    unrouted: bool = False
    assigned: bool = False
    accepted: bool = False
    touched: bool = False
    #: Its promised time ran out: it was marked overdue or lost to silence.
    missed: bool = False
    #: The first touch came after its time had run out.
    late: bool = False
    #: Somebody acted and nobody answered whether sales takes it.
    unanswered: bool = False
    #: Accepted and touched, and since then nothing for longer than a stated time.
    abandoned: bool = False
    touched_once: bool = False
    #: Touched within an hour of its assignment.
    fast: bool = False
    #: Sales gave it back because it does not fit.
    unfit: bool = False
    disqualified: bool = False
    converted: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """So many leads that share all traits, some of them by id."""

    of: str
    traits: Traits
    leads: int
    examples: tuple[int, ...] = ()


@dataclass(slots=True)
class Finding:
    """How many leads something is true of, and some of them."""

    leads: int = 0
    examples: list[int] = field(default_factory=list)

    def add(self, group: Group) -> None:
        """Count a group of leads in."""
        self.leads += group.leads
        self.examples.extend(group.examples)


def first_broken(traits: Traits) -> Layer | None:
    """Return the first layer that is broken, None for a lead that is well or still on its way."""
    broken = {
        Layer.CAPTURE: traits.unclear,
        Layer.QUALIFICATION: traits.undecided,
        Layer.ROUTING: traits.unrouted,
        Layer.ACTION: traits.late or (traits.missed and not traits.touched),
        Layer.STATUS: traits.unanswered,
        Layer.OUTCOME: traits.abandoned,
    }
    return next((layer for layer in Layer if broken[layer]), None)


def patterns_of(traits: Traits) -> list[str]:
    """Return the patterns that a lead shows; it may show several."""
    shown = {
        "assigned, no activity": traits.assigned and traits.missed and not traits.touched,
        "late first activity": traits.late,
        "activity, but status unchanged": traits.unanswered,
        "contacted once, then abandoned": traits.abandoned and traits.touched_once,
        "fast follow-up, but low qualification": traits.fast and traits.unfit,
    }
    return [name for name, is_shown in shown.items() if is_shown]


def layers(groups: Iterable[Group]) -> dict[Layer, Finding]:
    """Return how many leads break first in which layer; layers in which none does are left out."""
    found: dict[Layer, Finding] = {}
    for group in groups:
        layer = first_broken(group.traits)
        if layer is not None:
            found.setdefault(layer, Finding()).add(group)
    return {layer: found[layer] for layer in Layer if layer in found}


def patterns(groups: Iterable[Group]) -> dict[str, Finding]:
    """Return how many leads show which pattern, the most frequent first."""
    found: dict[str, Finding] = {}
    for group in groups:
        for name in patterns_of(group.traits):
            found.setdefault(name, Finding()).add(group)
    return dict(sorted(found.items(), key=lambda item: (-item[1].leads, item[0])))


def split(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Return for each symptom how many of its leads were broken by themselves, how many by the process, and neither."""
    symptoms: dict[str, Callable[[Traits], bool]] = {
        "not accepted": lambda one: one.assigned and not one.accepted,
        "no first action": lambda one: one.assigned and not one.touched,
        "disqualified": lambda one: one.disqualified,
        "accepted, no opportunity": lambda one: one.accepted and not one.converted,
    }
    return [
        {"symptom": name, **_sides(group for group in groups if shows(group.traits))}
        for name, shows in symptoms.items()
    ]


def _sides(groups: Iterable[Group]) -> dict[str, int]:
    sides: Counter[str] = Counter()
    for group in groups:
        layer = first_broken(group.traits)
        by_lead = layer in _OF_THE_LEAD or group.traits.unfit
        sides["lead quality" if by_lead else "process" if layer else "neither"] += group.leads
    return {name: sides[name] for name in ("lead quality", "process", "neither")}


def by_group(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """Return one line per group of the dimension: its leads, and how many break in which layer; the largest first."""
    names = sorted({one.of for one in groups}, key=lambda name: (-_leads(groups, name), name))
    return [{"of": name, "leads": _leads(groups, name), **_broken(groups, name)} for name in names]


def _leads(groups: Sequence[Group], name: str) -> int:
    return sum(one.leads for one in groups if one.of == name)


def _broken(groups: Sequence[Group], name: str) -> dict[str, int]:
    found = layers(one for one in groups if one.of == name)
    return {str(layer): found[layer].leads if layer in found else 0 for layer in Layer}

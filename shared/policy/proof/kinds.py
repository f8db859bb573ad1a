"""Kinds: from one lead to the widest stretch of leads around it that share its lot, said in words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.policy.proof.choices import NAMES_APART, Choice, Variable
from shared.policy.proof.formulas import Formula
from shared.policy.proof.universe import Solution, Universe

#: The order in which fields are let go of: what a kind is best told by comes last.
_TOLD_BY: Final = ("country", "state", "postal_code", "employees", "product", "lead_type", "industry")
#: Of fields with more choices, such as postal codes in long lists, only those that nothing asks for are tried.
_MOST_CHOICES: Final = 64
_WITHIN_A_COUNTRY: Final = frozenset({"state", "postal_code"})
#: Words of a list that are written out.
_MOST_WORDS: Final = 12

_LABELS: Final = {"employees": "number of employees", "intent": "score of intent"}


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a kind: the choices of one variable that belong to it, and whether the unknown does.

    Of a variable with many values at once it is a single choice, which must be there or must not.
    """

    variable: Variable
    allowed: frozenset[int]
    unknown: bool
    formula: Formula
    present: bool = True


@dataclass(frozen=True, slots=True)
class Kind:
    """A stretch of leads; `known` asks for known facts where both are allowed, `about` are the fields that matter."""

    formula: Formula
    about: tuple[str, ...]
    known: tuple[Formula, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Common:
    """What all leads of a gap have in common, field by field; no kind of them need be told by it.

    `missing` are the choices of each variable that none of them has, the unknown being -1.
    """

    formula: Formula
    missing: Mapping[str, frozenset[int]]


def common_to(here: tuple[Formula, ...], universe: Universe) -> Common:
    """Find what all leads here have in common."""
    missing: dict[str, frozenset[int]] = {}
    common: list[Formula] = []
    for name, bits in universe.formulas.bits.items():
        variable, given = universe.space.variables[name], universe.formulas.given[name]
        if variable.many:
            ways = [one for bit in (*bits, given) for one in (bit, universe.no(bit))]
            common += [universe.no(ways[number]) for number in _missing(ways, here, universe)]
        elif name != "segment" and len(bits) <= _MOST_CHOICES:
            ways = [*bits, universe.no(given)]
            found = _missing(ways, here, universe)
            common += [universe.no(ways[number]) for number in found]
            missing[name] = frozenset(-1 if number == len(bits) else number for number in found)
    return Common(universe.formulas.both(*common), missing)


def _missing(ways: Sequence[Formula], here: tuple[Formula, ...], universe: Universe) -> list[int]:
    """The numbers of those ways to be that no lead here is in."""
    waiting = list(range(len(ways)))
    while waiting and universe.possible(*here, universe.formulas.either(*(ways[one] for one in waiting))):
        waiting = [one for one in waiting if not universe.is_so(ways[one])]
    return waiting


def widest(lead: Solution, here: tuple[Formula, ...], common: Common, universe: Universe) -> Kind:
    """The widest kind around a lead of which every lead is here, if it has what all leads here have in common."""
    outside = universe.formulas.both(common.formula, universe.no(universe.formulas.both(*here)))
    sides = _needed(list(_sides(lead, universe)), outside, universe)
    for place, side in enumerate(sides):
        if not _is_needed_by(side, sides):
            others = [one.formula for number, one in enumerate(sides) if number != place]
            sides[place] = _widened(side, others, outside, universe)
    formula = universe.formulas.both(*(side.formula for side in sides))
    telling = [side for side in sides if universe.possible(*here, universe.no(side.formula))]
    known = [universe.formulas.given[side.variable.name] for side in sides if side.allowed and side.unknown]
    words = _words(telling, common.missing) or _words(list(_shared(common, universe)), common.missing)
    about = tuple(side.variable.name for side in sides)
    return Kind(formula, about, tuple(known), words or "what is left, whatever it is")


def _shared(common: Common, universe: Universe) -> Iterator[Side]:
    """What all leads of a gap have in common, as far as it says something of it."""
    for name in _TOLD_BY:
        variable, missing = universe.space.variables.get(name), common.missing.get(name)
        if variable is not None and missing:
            allowed = frozenset(range(len(variable.choices))) - missing
            yield Side(variable, allowed, variable.unknown and -1 not in missing, common.formula)


def _sides(lead: Solution, universe: Universe) -> Iterator[Side]:
    """Everything that is chosen for a lead, in the order of being let go of."""
    ranks = {name: rank for rank, name in enumerate(reversed(_TOLD_BY), 1)}
    names = (name for name in universe.space.variables if name != "segment")
    for name in sorted(names, key=lambda one: ranks.get(one, 0)):
        pick, bits = lead.pick(name), universe.formulas.bits[name]
        given = universe.formulas.given[name]
        if pick.variable.many:
            yield Side(pick.variable, frozenset(), not pick.given, given if pick.given else universe.no(given))
            for number, bit in enumerate(bits):
                there = number in pick.chosen
                yield Side(pick.variable, frozenset({number}), False, bit if there else universe.no(bit), there)
        elif pick.chosen:
            yield Side(pick.variable, frozenset(pick.chosen), False, bits[pick.chosen[0]])
        else:
            yield Side(pick.variable, frozenset(), True, universe.no(given))


def _needed(sides: list[Side], outside: Formula, universe: Universe) -> list[Side]:
    """The sides without which the lead's lot would not be settled, the least telling let go of first."""
    telling = [side for side in sides if side.variable.name in _TOLD_BY]
    enough = not universe.possible(outside, *(side.formula for side in telling))
    needed = telling if enough else list(sides)
    for side in list(needed):
        rest = [one for one in needed if one is not side]
        if not _is_needed_by(side, rest) and not universe.possible(outside, *(one.formula for one in rest)):
            needed = rest
    return needed


def _is_needed_by(side: Side, others: Sequence[Side]) -> bool:
    """Say whether a side is a country that rules ask for, beside its state or postal code, which mean little alone."""
    if side.variable.name != "country" or not any(side.variable.choices[number].name for number in side.allowed):
        return False
    return any(one.variable.name in _WITHIN_A_COUNTRY and one.allowed for one in others)


def _widened(side: Side, others: Sequence[Formula], outside: Formula, universe: Universe) -> Side:
    """The side with every further choice of its variable that changes nothing."""
    variable = side.variable
    if variable.many:
        return side
    bits, given = universe.formulas.bits[variable.name], universe.formulas.given[variable.name]
    allowed, unknown = set(range(len(bits))), variable.unknown
    if len(bits) > _MOST_CHOICES:
        allowed = {number for number, one in enumerate(variable.choices) if not one.name} | side.allowed
    while True:
        parts = [bits[number] for number in sorted(allowed)] + ([universe.no(given)] if unknown else [])
        formula = universe.formulas.either(*parts)
        if not universe.possible(outside, *others, formula):
            return Side(variable, frozenset(allowed), unknown, formula)
        spoiler = universe.chosen(variable.name)
        allowed -= {spoiler}
        unknown = unknown and spoiler >= 0


def _words(sides: Sequence[Side], missing: Mapping[str, frozenset[int]]) -> str:
    """Say a kind for people."""
    ranks = {name: rank for rank, name in enumerate(_TOLD_BY)}
    sides = sorted(sides, key=lambda side: ranks.get(side.variable.name, len(ranks)))
    said = [_side(side, missing.get(side.variable.name, frozenset())) for side in sides]
    return f"leads {' and '.join(said)}" if sides else ""


def _side(side: Side, missing: frozenset[int]) -> str:
    """Say one side, without the choices that no lead of the gap has."""
    variable = side.variable
    whose = f"whose {_LABELS.get(variable.name, variable.name.replace('_', ' '))}"
    if variable.many:
        if not side.allowed:
            return f"{whose} is {'not ' if side.unknown else ''}given"
        (number,) = side.allowed
        return f"{whose} {'has' if side.present else 'has not'} {_list([variable.choices[number]])}"
    inside = [variable.choices[number] for number in sorted(side.allowed - missing)]
    if not inside:
        return f"{whose} is unknown"
    unknown = ", or unknown" if side.unknown and -1 not in missing else ""
    if all(one.name for one in inside):
        return f"{whose} is {_list(inside)}{unknown}"
    named = [one for number, one in enumerate(variable.choices) if one.name and number not in side.allowed - missing]
    return f"{whose} is {f'none of {_list(named)}' if named else 'known, but none that a rule asks for'}{unknown}"


def _list(choices: Iterable[Choice]) -> str:
    """Write names in a row."""
    names = [name for choice in choices for name in (choice.name or str(choice.value)).split(NAMES_APART)]
    shown = names if len(names) <= _MOST_WORDS else [*names[: _MOST_WORDS - 1], f"{len(names) - _MOST_WORDS + 1} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"

"""The leads that a condition takes, as boxes: for each field a set of values, `unknown` being one of them.

A condition becomes a union of boxes, once for when it is true and once for when it is false, since in three values the
one is not the rest of the other. Segments are written as numbers of employees and regions as their places, so that
boxes of different rules can be compared.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from shared.policy import ranges
from shared.policy.condition import All, Condition, FieldTest, Not, Op
from shared.policy.evaluate import NONE_OF_THEM, prefix_form
from shared.policy.fields import FieldKind, kind_of
from shared.policy.ranges import Ranges
from shared.policy.words import fold

#: Boxes of one condition; beyond this, comparing them by hand-written rules stops being worth its time.
MOST_BOXES: Final = 500


class TooManyBoxesError(Exception):
    """A condition unfolds to more boxes than are looked at."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """A set of whole numbers, and whether an unknown one belongs to it."""

    ranges: Ranges = ranges.EVERYTHING
    unknown: bool = False

    def meet(self, other: "Numbers") -> "Numbers":
        """What is in both."""
        return Numbers(ranges.meet(self.ranges, other.ranges), self.unknown and other.unknown)

    @property
    def is_empty(self) -> bool:
        """Say whether nothing is in it."""
        return not self.ranges and not self.unknown

    def within(self, other: "Numbers") -> bool:
        """Say whether all of it is in the other."""
        return self.meet(other) == self

    @property
    def example(self) -> object:
        """One value of it."""
        return self.ranges[0][0] if self.ranges else None


@dataclass(frozen=True, slots=True)
class Words:
    """A set of folded words: those listed (or all), without the left out, that begin so and not so; and the unknown."""

    listed: frozenset[str] | None = None
    left_out: frozenset[str] = frozenset()
    begins: tuple[str, ...] | None = None
    begins_not: tuple[str, ...] = ()
    unknown: bool = False

    def meet(self, other: "Words") -> "Words":
        """What is in both; a listed set is at once cut down to the words that are really in it."""
        listed = _both(self.listed, other.listed)
        met = Words(
            listed,
            self.left_out | other.left_out,
            _both_begin(self.begins, other.begins),
            (*self.begins_not, *other.begins_not),
            self.unknown and other.unknown,
        )
        if listed is None:
            return met
        return Words(frozenset(word for word in listed if met.takes(word)), unknown=met.unknown)

    def takes(self, word: str) -> bool:
        """Say whether a known, folded word is in it."""
        form = prefix_form(word)
        return (
            (self.listed is None or word in self.listed)
            and word not in self.left_out
            and (self.begins is None or form.startswith(self.begins))
            and not form.startswith(self.begins_not)
        )

    @property
    def is_empty(self) -> bool:
        """Say whether nothing is in it."""
        if self.unknown:
            return False
        if self.listed is not None:
            return not self.listed
        return self.begins is not None and not self._open_beginnings()

    def _open_beginnings(self) -> tuple[str, ...]:
        """The beginnings that are not ruled out as a whole."""
        return tuple(one for one in self.begins or () if not one.startswith(self.begins_not))

    def within(self, other: "Words") -> bool:
        """Say whether all of it is surely in the other."""
        if self.unknown and not other.unknown:
            return False
        if self.listed is not None:
            return all(other.takes(word) for word in self.listed)
        if other.listed is not None or any(self.takes(word) for word in other.left_out):
            return False
        begins = other.begins is None or (
            self.begins is not None and all(one.startswith(other.begins) for one in self._open_beginnings())
        )
        return begins and all(self._avoids(one) for one in other.begins_not)

    def _avoids(self, beginning: str) -> bool:
        """Say whether surely no word of it begins so."""
        if self.begins_not and beginning.startswith(self.begins_not):
            return True
        if self.begins is None:
            return False
        return not any(one.startswith(beginning) or beginning.startswith(one) for one in self._open_beginnings())

    @property
    def example(self) -> object:
        """One value of it."""
        if self.listed is not None:
            return min(self.listed) if self.listed else None
        for base in (*self._open_beginnings(), "other"):
            word = next((one for one in (base, f"{base}x", f"{base}1") if self.takes(one)), None)
            if word is not None:
                return word
        return None


ValueSet = Numbers | Words
Box = Mapping[str, ValueSet]


def _both(first: frozenset[str] | None, second: frozenset[str] | None) -> frozenset[str] | None:
    """What two lists share; None is everything."""
    if first is None or second is None:
        return second if first is None else first
    return first & second


def _both_begin(first: tuple[str, ...] | None, second: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The beginnings of what begins with one of both lists."""
    if first is None or second is None:
        return second if first is None else first
    longer = {max(one, other, key=len) for one in first for other in second if _agree(one, other)}
    return tuple(sorted(longer))


def _agree(first: str, second: str) -> bool:
    """Say whether one word can begin with both."""
    return first.startswith(second) or second.startswith(first)


def meet_boxes(first: Box, second: Box) -> Box | None:
    """The leads that are in both boxes, or None where there are none."""
    met = dict(first)
    for field, values in second.items():
        mine = met.get(field)
        met[field] = values if mine is None else _meet_sets(mine, values)
        if met[field].is_empty:
            return None
    return met


def _meet_sets(first: ValueSet, second: ValueSet) -> ValueSet:
    """What is in both sets of one field."""
    if isinstance(first, Numbers) and isinstance(second, Numbers):
        return first.meet(second)
    if isinstance(first, Words) and isinstance(second, Words):
        return first.meet(second)
    return Words(frozenset())


def within(inner: Box, outer: Box) -> bool:
    """Say whether every lead of the one box is surely in the other."""
    return all(field in inner and _set_within(inner[field], values) for field, values in outer.items())


def _set_within(inner: ValueSet, outer: ValueSet) -> bool:
    """Say whether one set of a field is surely in the other."""
    if isinstance(inner, Numbers) and isinstance(outer, Numbers):
        return inner.within(outer)
    return isinstance(inner, Words) and isinstance(outer, Words) and inner.within(outer)


@dataclass(frozen=True, slots=True)
class Space:
    """What the fields of one policy can be: closed words (folded), definitions of words, and fields with many words.

    Regions that share places keep their names in the boxes, since the first one wins and the places alone would not say
    which lead is in which.
    """

    closed: Mapping[str, frozenset[str]]
    segments: Mapping[str, Condition]
    regions: Mapping[str, Condition]
    many: frozenset[str]
    regions_apart: bool = True

    def boxes(self, condition: Condition, *, holds: bool = True) -> tuple[Box, ...]:
        """The leads for which a condition is true, or false; TooManyBoxesError when there are too many boxes."""
        if isinstance(condition, FieldTest):
            return self._test(condition, holds=holds)
        if isinstance(condition, Not):
            return self.boxes(condition.part, holds=not holds)
        parts = [self.boxes(part, holds=holds) for part in condition.parts]
        return _product(parts) if isinstance(condition, All) is holds else _limited(box for one in parts for box in one)

    def _test(self, test: FieldTest, *, holds: bool) -> tuple[Box, ...]:
        """The boxes of one test."""
        if test.field == "segment":
            return self._defined(test, self.segments, ("employees",), holds=holds)
        if test.field == "region":
            return self._defined(test, self.regions, (), holds=holds)
        if kind_of(test.field) is FieldKind.NUMBER:
            taken = Numbers(*_numbers(test, holds=holds))
            return () if taken.is_empty else ({test.field: taken},)
        if test.field in self.many:
            return self._many(test, holds=holds)
        words = self._words(test, holds=holds)
        return () if words.is_empty else ({test.field: words},)

    def _words(self, test: FieldTest, *, holds: bool) -> Words:
        """The words for which a test is true, or false."""
        domain = self._domain(test.field)
        if test.op is Op.KNOWN:
            blank = frozenset({NONE_OF_THEM})
            known = bool(test.values[0]) is holds
            return (
                Words(domain).meet(Words(left_out=blank)) if known else Words(blank & (domain or blank), unknown=True)
            )
        if test.op is Op.STARTS_WITH:
            begins = tuple(prefix_form(str(value)) for value in test.values)
            return Words(domain).meet(Words(begins=begins) if holds else Words(begins_not=begins))
        listed = frozenset(_word(value) for value in test.values)
        wanted = (test.op is Op.IN) is holds
        return Words(domain).meet(Words(listed) if wanted else Words(left_out=listed))

    def _domain(self, field: str) -> frozenset[str] | None:
        """All words that a field can be; None for an open field."""
        return _FLAGS if kind_of(field) is FieldKind.FLAG else self.closed.get(field)

    def _defined(
        self, test: FieldTest, definitions: Mapping[str, Condition], hidden: tuple[str, ...], *, holds: bool
    ) -> tuple[Box, ...]:
        """The boxes of a word that is defined by a condition on other fields; hidden ones make it unknown."""
        absent: Box = {field: Numbers((), unknown=True) for field in hidden} or {test.field: _NOWHERE_OR_UNKNOWN}
        if test.op is Op.KNOWN:
            if bool(test.values[0]) is not holds:
                return (absent,)
            return _limited(box for name in definitions for box in self._of_word(test.field, name, definitions))
        wanted = {_word(value) for value in test.values}
        if test.op is Op.STARTS_WITH:
            wanted = {name for name in definitions if prefix_form(name).startswith(tuple(sorted(wanted)))}
        inside = (test.op is not Op.NOT_IN) is holds
        taken = [name for name in definitions if (name in wanted) is inside]
        rest: tuple[Box, ...] = () if inside or hidden else ({test.field: Words(frozenset({NONE_OF_THEM}))},)
        return _limited((*(box for name in taken for box in self._of_word(test.field, name, definitions)), *rest))

    def _of_word(self, field: str, name: str, definitions: Mapping[str, Condition]) -> tuple[Box, ...]:
        """The boxes of one defined word, under its name where the definitions overlap."""
        boxes = self.boxes(definitions[name])
        if field != "region" or self.regions_apart:
            return boxes
        return tuple({**box, field: Words(frozenset({name}))} for box in boxes)

    def _many(self, test: FieldTest, *, holds: bool) -> tuple[Box, ...]:
        """A field with many words is a yes or no per word, since one word says nothing about the others."""
        if test.op is Op.KNOWN:
            return ({test.field: self._words(test, holds=holds)},)
        words = {_word(value) for value in test.values}
        if test.op is Op.STARTS_WITH:
            begins = tuple(prefix_form(word) for word in words)
            words = {word for word in self.closed.get(test.field, ()) if prefix_form(word).startswith(begins)}
        present = (test.op is not Op.NOT_IN) is holds
        if present:
            return tuple({f"{test.field}: {word}": Words(_TRUE)} for word in sorted(words))
        return ({f"{test.field}: {word}": Words(_FALSE) for word in words},)


_TRUE: Final = frozenset({"true"})
_FALSE: Final = frozenset({"false"})
_FLAGS: Final = _TRUE | _FALSE
_NOWHERE_OR_UNKNOWN: Final = Words(frozenset({NONE_OF_THEM}), unknown=True)


def _word(value: object) -> str:
    """A value of the document as a folded word."""
    return str(value).casefold() if isinstance(value, bool) else fold(str(value))


def _numbers(test: FieldTest, *, holds: bool) -> tuple[Ranges, bool]:
    """The numbers for which a test is true, or false, and whether the unknown one belongs to them."""
    if test.op is Op.KNOWN:
        return (ranges.EVERYTHING, False) if bool(test.values[0]) is holds else ((), True)
    taken = ranges.of_condition(test)
    return (taken if holds else ranges.complement(taken)), False


def _product(parts: Iterable[tuple[Box, ...]]) -> tuple[Box, ...]:
    """The boxes of leads that are in one box of every part."""
    product: tuple[Box, ...] = ({},)
    for part in parts:
        met = (meet_boxes(mine, other) for mine in product for other in part)
        product = _limited(box for box in met if box is not None)
    return product


def _limited(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """Collect boxes up to the limit."""
    collected: list[Box] = []
    for box in boxes:
        collected.append(box)
        if len(collected) > MOST_BOXES:
            raise TooManyBoxesError
    return tuple(collected)


def example_of(box: Box) -> dict[str, object]:
    """The facts of one lead in a box; fields that the box leaves open are left out."""
    return dict(_facts(box))


def _facts(box: Box) -> Iterator[tuple[str, object]]:
    """Write the values of a box as facts."""
    for field, values in sorted(box.items()):
        found = values.example
        if kind_of(field) is FieldKind.FLAG and found is not None:
            found = found == "true"
        if field in ("country", "state") and isinstance(found, str):
            found = found.upper()
        yield field, found

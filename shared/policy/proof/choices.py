"""Choices: the values of a field, sorted by what the tests of a policy can tell of them.

Every field can have endless values, but a policy asks few questions. Values that answer all of them alike are one
choice, and one of them stands for all. So every field becomes a list of choices, and nothing is lost.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.policy import ranges
from shared.policy.condition import FieldTest, Op
from shared.policy.evaluate import NONE_OF_THEM, prefix_form
from shared.policy.words import fold

#: What the submissions know as a number of employees.
FEWEST: Final = 1
MOST: Final = 10_000_000

#: What stands between the names of one choice.
NAMES_APART: Final = ", "

#: What is put behind a beginning to make a word that nobody listed.
_ENDINGS: Final = ("", "x", "-other", "1", "other", *"qzjkwvyabcdefghilmnoprstu0123456789")


@dataclass(frozen=True, slots=True)
class Choice:
    """Values that no test tells apart: one of them, the numbers of the tests that it meets, and a name for people.

    `forms` has one such value for each way in which countries write this field, for the fields where that matters.
    """

    value: object
    hits: frozenset[int] = frozenset()
    name: str = ""
    forms: Mapping[str, object] = field(default_factory=dict, compare=False)

    @property
    def is_none(self) -> bool:
        """Say whether it stands for a value that is known to be none of the words."""
        return self.value == NONE_OF_THEM


@dataclass(frozen=True, slots=True)
class Variable:
    """One field with its choices; `many` may have several at once, `unknown` may have none.

    `tests` numbers the tests of the field.
    """

    name: str
    choices: tuple[Choice, ...]
    tests: Mapping[FieldTest, int] = field(default_factory=dict)
    unknown: bool = True
    many: bool = False


def numbered(tests: Iterable[FieldTest]) -> dict[FieldTest, int]:
    """Each test once, with its number."""
    return {test: number for number, test in enumerate(dict.fromkeys(tests))}


class Asked:
    """What the tests of one field of words ask: listed words and beginnings."""

    def __init__(self, tests: Mapping[FieldTest, int]) -> None:
        self.words: dict[str, set[int]] = {}
        self.beginnings: dict[str, set[int]] = {}
        self.spelled: dict[str, str] = {}
        for test, number in tests.items():
            if test.op is Op.KNOWN:
                continue
            for value in map(str, test.values):
                if test.op is Op.STARTS_WITH:
                    self.beginnings.setdefault(prefix_form(value), set()).add(number)
                else:
                    self.words.setdefault(fold(value), set()).add(number)
                    self.spelled.setdefault(fold(value), value)
        self._lengths = sorted({len(beginning) for beginning in self.beginnings})

    def hits(self, word: str) -> frozenset[int]:
        """The tests whose words or beginnings a known word meets."""
        form = prefix_form(word)
        found = set(self.words.get(word.casefold(), ()))
        for length in self._lengths:
            found |= self.beginnings.get(form[:length], set()) if length <= len(form) else set()
        return frozenset(found)

    def hits_of_beginning(self, beginning: str) -> frozenset[int]:
        """The tests that a word meets which begins so and is not listed itself."""
        lengths = (length for length in self._lengths if length <= len(beginning))
        return frozenset(number for length in lengths for number in self.beginnings.get(beginning[:length], ()))

    def name(self, alike: Iterable[str]) -> str:
        """Name values by what is asked for: listed words, and beginnings; blank for those that nothing asks for."""
        names: dict[str, None] = {}
        for word in alike:
            form = prefix_form(word)
            fitting = (form[:length] for length in reversed(self._lengths) if length <= len(form))
            begins = next((one for one in fitting if one in self.beginnings), "")
            if word.casefold() in self.words or begins:
                names[word if word.casefold() in self.words else f"{begins}..."] = None
        return NAMES_APART.join(names)

    def is_plain(self, form: str, beginning: str) -> bool:
        """Say whether a word begins so, with no longer beginning that is asked for, and is not asked for itself."""
        if not form.startswith(beginning) or form in self.words:
            return False
        return not any(length > len(beginning) and form[:length] in self.beginnings for length in self._lengths)

    def plain_words(self) -> Iterator[str]:
        """For each beginning, and for none, a word that shows nothing else."""
        for beginning in ("", *self.beginnings):
            words = (f"{beginning or 'other'}{ending}" for ending in _ENDINGS)
            found = next((word for word in words if self.is_plain(prefix_form(word), beginning)), None)
            if found is not None:
                yield found


def word_choices(
    asked: Asked,
    words: Iterable[str],
    normal: Callable[[str], str | None] = str,
    *,
    apart: Callable[[str], object] = lambda _word: None,
) -> tuple[Choice, ...]:
    """The choices among words as submissions have them; words that differ by `apart` are never one choice."""
    found: dict[tuple[frozenset[int], object], list[str]] = {}
    for word in words:
        known = normal(word)
        if known is not None:
            found.setdefault((asked.hits(known), apart(known)), []).append(known)
    return tuple(Choice(alike[0], key[0], asked.name(alike)) for key, alike in found.items())


def number_choices(tests: Mapping[FieldTest, int], extra: Iterable[ranges.Ranges] = ()) -> tuple[Choice, ...]:
    """The stretches of numbers of employees that no test cuts."""
    taken = {number: met_by(test) for test, number in tests.items()}
    cut = sorted({edge for one in (*taken.values(), *extra) for low, high in one for edge in (low, high + 1)})
    lows = [FEWEST, *(edge for edge in cut if FEWEST < edge <= MOST)]
    highs = [*(low - 1 for low in lows[1:]), MOST]
    return tuple(
        Choice(
            low, frozenset(number for number, one in taken.items() if ranges.meet(one, ((low, low),))), _span(low, high)
        )
        for low, high in zip(lows, highs, strict=True)
    )


def met_by(test: FieldTest) -> ranges.Ranges:
    """The numbers that a test names: those that it asks for, or those that it asks not to have."""
    taken = ranges.of_test(test)
    return ranges.complement(taken) if test.op is Op.NOT_IN else taken


def _span(low: int, high: int) -> str:
    """Write a stretch of numbers for people."""
    return f"{low} and more" if high == MOST else f"{low}" if low == high else f"{low} to {high}"

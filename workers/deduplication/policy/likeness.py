"""How alike two company names are: 1 for one name, 0 for two, and between them the share of letters without a slip.

Names are compared by their match keys (folded, without legal form) and by letters only, so that spaces and hyphens do
not count, in the order given and in alphabetical order of the words. A slip is a letter added, left out, changed, or
swapped with its neighbour (optimal string alignment). Slips cost less after a common beginning, where people rarely
make them (Winkler's bonus).

With the default threshold of 0.92 a name needs eight letters for one slip, fifteen for two and twenty-three for three.
Among 1,883 names of listed companies this finds no false pair in 1.77 million, where Jaro-Winkler at 0.92 finds 35
("neste" and "nestle", "visa" and "vistra"): beside a hundred thousand accounts that would be two for every lead.
A wrong account gives a lead to the wrong owner; a missed one is routed by rule. So doubt is a no: numbers must be
equal, and no word may be changed beyond recognition ("north", "south") because the rest is long.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import Final

from rapidfuzz.distance import OSA

#: More slips than this are another name, however long it is.
MAX_SLIPS: Final = 3
#: Winkler's bonus: a tenth for each of the first four letters that agree.
_BONUS: Final = 0.1
_BONUS_LETTERS: Final = 4
#: A word of fewer letters is changed beyond recognition by one slip.
_SHORT_WORD: Final = 4
#: Letters per slip that a word of a longer name is allowed, as the default threshold allows a whole name.
_LETTERS_PER_SLIP: Final = 7.5

_NUMBER: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Spelling:
    """A match key prepared for comparing."""

    words: tuple[str, ...]
    ordered: tuple[str, ...]
    letters: str
    ordered_letters: str
    numbers: tuple[str, ...]


@lru_cache(maxsize=4096)
def spelling(key: str) -> Spelling:
    """The parts of a match key that are compared."""
    words = tuple(key.split())
    ordered = tuple(sorted(words))
    return Spelling(words, ordered, "".join(words), "".join(ordered), tuple(sorted(_NUMBER.findall(key))))


def likeness(first: str, second: str) -> float:
    """How alike two match keys are, from 0 to 1; the same in both directions."""
    a, b = spelling(first), spelling(second)
    if a.letters == b.letters or a.ordered_letters == b.ordered_letters:
        return 1.0 if a.letters else 0.0
    if a.numbers != b.numbers:
        return 0.0
    as_given = _alike(a.letters, b.letters, a.words, b.words)
    if a.words == a.ordered and b.words == b.ordered:
        return as_given
    return max(as_given, _alike(a.ordered_letters, b.ordered_letters, a.ordered, b.ordered))


def slips_allowed(letters: int, threshold: float) -> int:
    """The most slips with which a name of so many letters can still reach the threshold."""
    # The bonus takes at most four tenths of what the slips cost; the last term is the rounding of floats.
    return min(MAX_SLIPS, int(letters * (1 - threshold) / (1 - _BONUS * _BONUS_LETTERS) + 1e-9))


def _alike(a: str, b: str, a_words: tuple[str, ...], b_words: tuple[str, ...]) -> float:
    slips = OSA.distance(a, b, score_cutoff=MAX_SLIPS)
    if slips > MAX_SLIPS or not _same_words(a_words, b_words, slips):
        return 0.0
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a[:_BONUS_LETTERS], b, strict=False)))
    return 1 - slips / max(len(a), len(b)) * (1 - _BONUS * common)


def _same_words(a: tuple[str, ...], b: tuple[str, ...], slips: int) -> bool:
    """True when each of several words is recognisable; where words were joined or split, one slip is allowed."""
    if len(a) != len(b):
        return slips <= 1
    return len(a) == 1 or all(one == other or _recognisable(one, other) for one, other in zip(a, b, strict=True))


def _recognisable(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    if shorter < _SHORT_WORD:
        return False
    return OSA.distance(one, other) <= max(1, int(shorter / _LETTERS_PER_SLIP))

"""Finds the accounts whose names are like a lead's, without looking at all of them, and without missing one.

A name within d slips of another has at least one of its d + 1 pieces unchanged in it, when between two pieces a letter
is left out (a slip touches one piece at most, also when it swaps two letters). So every account is filed under each of
its pieces, and a look-up asks for those pieces of the lead's name that the unchanged one can be.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from rapidfuzz.distance import OSA

from workers.deduplication.policy.likeness import MAX_SLIPS, likeness, slips_allowed, spelling

#: Names of more letters allow no more slips: every threshold below 0.99 lets three pass from here on.
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Alike:
    """An account whose name is like the one asked for."""

    account_id: str
    likeness: float


class AccountIndex:
    """The names of all accounts, for one threshold of likeness; a process keeps it and brings it up to date."""

    def __init__(self, threshold: float, names: Mapping[str, str] = MappingProxyType({})) -> None:
        self._threshold = threshold
        self._keys: dict[str, str] = {}
        self._accounts: defaultdict[str, list[str]] = defaultdict(list)
        # By hash: integers take less memory than the pieces themselves, and a collision costs one comparison.
        self._texts: defaultdict[int, list[str]] = defaultdict(list)
        self._slips = tuple(_most_slips(letters, threshold) for letters in range(_LONGEST + 1))
        self._looks: dict[int, tuple[tuple[int, int, int, int], ...]] = {}
        self.update(names.items())

    def __len__(self) -> int:
        return len(self._keys)

    def update(self, names: Iterable[tuple[str, str | None]]) -> None:
        """Take in accounts (id, match key) that are new or were renamed; a blank key takes one out."""
        for account_id, key in names:
            former = self._keys.get(account_id)
            if former == key:
                continue
            if former is not None:
                self._remove(account_id)
            if key:
                self._add(account_id, key)

    def alike(self, key: str) -> list[Alike]:
        """Every account whose name reaches the threshold, the most alike first, then by id.

        When accounts have the very name, only those.
        """
        found = self._compare(key, {text for text in _orders(key) if text in self._accounts})
        if not any(match.likeness == 1 for match in found):
            found = self._compare(key, {text for wanted in _orders(key) for text in self._near(wanted)})
        return sorted(found, key=lambda match: (-match.likeness, match.account_id))

    def _compare(self, key: str, texts: Iterable[str]) -> list[Alike]:
        account_ids = {account_id for text in texts for account_id in self._accounts[text]}
        compared = [Alike(account_id, likeness(key, self._keys[account_id])) for account_id in account_ids]
        return [match for match in compared if match.likeness >= self._threshold and match.likeness > 0]

    def _near(self, wanted: str) -> list[str]:
        """The texts that differ from the wanted one by no more slips than the threshold lets pass."""
        most = slips_allowed(len(wanted) + MAX_SLIPS, self._threshold)
        return [text for text in set(self._sharing(wanted)) if OSA.distance(wanted, text, score_cutoff=most) <= most]

    def _sharing(self, wanted: str) -> Iterator[str]:
        """Yield the texts that share a piece with the wanted one, some of them several times."""
        letters = len(wanted)
        if letters not in self._looks:
            self._looks[letters] = tuple(self._looks_for(letters))
        for length, start, begin, end in self._looks[letters]:
            yield from self._texts.get(hash((length, start, wanted[begin:end])), ())

    def _looks_for(self, letters: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield where a piece of a text of some length may stand in a name of so many letters.

        Each is the text's length, where its piece starts, and where in the name the piece would begin and end.
        """
        most = self._slips[min(letters, _LONGEST)]
        for length in range(max(1, letters - most), letters + most + 1):
            slips, longer = slips_allowed(max(length, letters), self._threshold), letters - length
            # What is added before a piece and what is added after it are slips too.
            shifts = [shift for shift in range(-slips, slips + 1) if abs(shift) + abs(longer - shift) <= slips]
            for start, end in _cuts(length, self._slips[min(length, _LONGEST)]):
                for shift in shifts:
                    if start + shift >= 0:
                        yield length, start, start + shift, end + shift

    def _add(self, account_id: str, key: str) -> None:
        self._keys[account_id] = key
        for text in _orders(key):
            if text not in self._accounts:
                for piece in self._pieces(text):
                    self._texts[piece].append(text)
            self._accounts[text].append(account_id)

    def _remove(self, account_id: str) -> None:
        for text in _orders(self._keys.pop(account_id)):
            self._accounts[text].remove(account_id)
            if not self._accounts[text]:
                del self._accounts[text]
                for piece in self._pieces(text):
                    self._texts[piece].remove(text)

    def _pieces(self, text: str) -> Iterator[int]:
        cuts = _cuts(len(text), self._slips[min(len(text), _LONGEST)])
        return (hash((len(text), start, text[start:end])) for start, end in cuts)


def _most_slips(letters: int, threshold: float) -> int:
    """The most slips between a name of so many letters and any other, which may be longer by as many."""
    return max(slips for slips in range(MAX_SLIPS + 1) if slips <= slips_allowed(letters + slips, threshold))


def _orders(key: str) -> tuple[str, ...]:
    """The letters of a name, in the order given and with the words in alphabetical order, where that differs."""
    name = spelling(key)
    return (name.letters,) if name.letters == name.ordered_letters else (name.letters, name.ordered_letters)


@cache
def _cuts(length: int, slips: int) -> tuple[tuple[int, int], ...]:
    """Where the pieces of a name of so many letters begin and end; a letter is left out between two of them."""
    bounds = [(length + 1) * piece // (slips + 1) for piece in range(slips + 2)]
    return tuple((start, max(start, end - 1)) for start, end in pairwise(bounds))

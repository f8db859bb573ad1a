"""Texts: one in which these words are recognised and those are not, or the certainty that there is none.

A text is tried by putting the wanted pieces together, which nearly always works. Where it does not, all texts are
searched through by what the patterns can still tell of them: the piece of a pattern that the text ends with, and what
was seen.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, permutations, product
from typing import Final

from shared.policy.attributes import recognise
from shared.policy.document import WordTest
from shared.policy.words import fold

#: States of the search after which it gives up; a policy's words need a few hundred.
_MOST_STATES: Final = 20_000
#: Ways of putting pieces together that are tried before the search.
_MOST_TRIES: Final = 2_000

#: What stands between pieces, and at the ends: signs that patterns rarely have.
_JOINTS: Final = ("", " ", "-", "x", "0", " x ")
#: A sign that no pattern has, for all that stand for nothing.
_STRANGERS: Final = "xqzjkvwy0123456789~"


class TangledTextError(Exception):
    """The search for a text was given up."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Words that must be recognised in a text, and words that must not."""

    wanted: tuple[WordTest, ...]
    unwanted: tuple[WordTest, ...]


def text_for(wish: Wish) -> str | None:
    """A folded text that is as wished, None when there is none; TangledTextError when that cannot be found out."""
    wish = Wish(tuple(map(_folded, wish.wanted)), tuple(map(_folded, wish.unwanted)))
    granted = judge(wish)
    tried = next((text for text in islice(_puzzled(wish), _MOST_TRIES) if text and granted(text)), None)
    return tried if tried is not None else _searched(wish, granted)


def _folded(word: WordTest) -> WordTest:
    """A word with its patterns as they are compared."""
    kinds = (word.contains, word.starts_with, word.ends_with, word.equals)
    return WordTest(*(tuple(dict.fromkeys(map(fold, texts))) for texts in kinds))


def judge(wish: Wish) -> Callable[[str], bool]:
    """The wish as one function; a text has no blanks at its ends and no two in a row."""
    wanted, unwanted = [recognise(word) for word in wish.wanted], [recognise(word) for word in wish.unwanted]

    def granted(text: str) -> bool:
        return (
            text == " ".join(text.split())
            and all(test(text) for test in wanted)
            and not any(test(text) for test in unwanted)
        )

    return granted


def _pieces(word: WordTest) -> list[tuple[str, str]]:
    """The patterns of a word with their kinds."""
    kinds = (("equals", word.equals), ("starts", word.starts_with), ("inside", word.contains), ("ends", word.ends_with))
    return [(kind, text) for kind, texts in kinds for text in texts]


def _puzzled(wish: Wish) -> Iterator[str]:
    """Texts that are put together from one pattern of each wanted word."""
    for chosen in product(*(_pieces(word) for word in wish.wanted)):
        of_kind = {
            kind: [text for one, text in chosen if one == kind] for kind in ("equals", "starts", "inside", "ends")
        }
        yield from of_kind["equals"]
        start, end = max(of_kind["starts"], key=len, default=""), max(of_kind["ends"], key=len, default="")
        for order in islice(permutations(dict.fromkeys(of_kind["inside"])), 24):
            for joint in _JOINTS:
                parts = [part for part in (start, *order, end) if part]
                yield from (joint.join(parts), f"x{joint}{joint.join(parts)}", f"{joint.join(parts)}{joint}x")
    yield from ("other", "x", "0", "other-1")


@dataclass(frozen=True, slots=True)
class _State:
    """What patterns can tell of a text so far: its start while that may matter, its end, and the wanted words seen."""

    start: str | None
    end: str
    seen: frozenset[int]


def _searched(wish: Wish, granted: Callable[[str], bool]) -> str | None:
    """Search breadth first, one text for each state."""
    pieces = [piece for word in (*wish.wanted, *wish.unwanted) for piece in _pieces(word)]
    starts = {text for kind, text in pieces if kind in ("starts", "equals")}
    ends = {text for kind, text in pieces if kind in ("inside", "ends")}
    signs = _alphabet(text for _, text in pieces)
    texts: dict[_State, str] = {_State("", "", frozenset()): ""}
    waiting = list(texts)
    for state in waiting:
        for sign in signs:
            text = texts[state] + sign
            if text and granted(text):
                return text
            after = _after(state, text, wish, starts, ends)
            if after is not None and after not in texts:
                if len(texts) >= _MOST_STATES:
                    raise TangledTextError
                texts[after] = text
                waiting.append(after)
    return None


def _after(state: _State, text: str, wish: Wish, starts: set[str], ends: set[str]) -> _State | None:
    """The state of a text that is one sign longer; None where no text that goes on from here can be as wished."""
    if text == " " or text.endswith("  "):
        return None
    if any(_inside(word, text) for word in wish.unwanted):
        return None
    start = None
    if state.start is not None and any(one.startswith(text) for one in starts):
        start = text
    # Whether it begins as wished is settled by the time that its start no longer matters.
    begun = {number for number, word in enumerate(wish.wanted) if _inside(word, text)}
    pieces = (text[place:] for place in range(len(text)) if _begins(text[place:], ends))
    return _State(start, next(pieces, " " if text.endswith(" ") else ""), state.seen | begun)


def _inside(word: WordTest, text: str) -> bool:
    """Say whether a word is recognised in every text that goes on from this one."""
    return text.startswith(word.starts_with) or any(part in text for part in word.contains)


def _begins(piece: str, patterns: set[str]) -> bool:
    """Say whether some pattern begins with this piece."""
    return any(one.startswith(piece) for one in patterns)


def _alphabet(texts: Iterable[str]) -> tuple[str, ...]:
    """Every sign of the patterns and one that none of them has."""
    signs = sorted({sign for text in texts for sign in text})
    stranger = next((sign for sign in _STRANGERS if sign not in signs), "\u00fe")
    return (stranger, *(sign for sign in signs))

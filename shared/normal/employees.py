"""Numbers of employees as people write them: "200-500", "c.250", "1.2k", "10,000+", "3,167 (average, 2021)"."""

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# The largest employers have about three million people; what is larger is a revenue or a telephone number.
_MOST = 10_000_000
_LIMIT = 120

_DASH = "[-\u2010-\u2015\u2212~]"
_NUMBER = r"(\d[\d.,'\u2019 _]*)\s*(k|tsd|thousand|thsd|m|mn|mio|million)?\.?"
_RANGE = re.compile(rf"{_NUMBER}\s*(?:{_DASH}+|to|and|bis|a|until|\.\.+|/)\s*{_NUMBER}\Z")
_SINGLE = re.compile(rf"{_NUMBER}\s*(\+)?\Z")
_BRACKETS = re.compile(r"[(\[{][^)\]}]*[)\]}]?")
_WORDS = re.compile(
    r"\b(?:employ\w*|people|persons?|staff|workers?|head\s?count|ftes?|full[- ]?time|mitarbeiter(?:innen)?"
    r"|globally|worldwide|total|in\s+total"
    r"|approximately|approx|about|around|roughly|circa|ca|est|estimated|some|nearly|almost|size|company|between|from|we\s+are|we\s+have)\b\.?|\A\s*[~\u2248]|:",
)
_ABOUT = re.compile(r"\Ac\.?\s*(?=\d)")
_AS_OF = re.compile(r"\s*,?\s*\b(?:as\s+of|as\s+at|in|end\s+of|since)\b.*\Z")
_ABOVE = re.compile(r"\A(?:>=|=>|\u2265|at\s+least|min(?:imum)?\.?|from)\s*")
_OVER = re.compile(r"\A(?:>|more\s+than|over|above|greater\s+than)\s*")
_UP_TO = re.compile(r"\A(?:<=|=<|\u2264|up\s+to|max(?:imum)?\.?|at\s+most)\s*")
_UNDER = re.compile(r"\A(?:<|less\s+than|under|below|fewer\s+than)\s*")
_OR_MORE = re.compile(r"\s*(?:\+|or\s+more|and\s+more|and\s+up|and\s+above|plus)\Z")
_GROUPED = re.compile(r"\d{1,3}(?:[.,'\u2019 _]\d{3})+\Z")
_ALONE = frozenset(
    {"self-employed", "self employed", "selfemployed", "just me", "only me", "solo", "freelancer", "myself"}
)
_SCALE = {
    "k": 1_000,
    "tsd": 1_000,
    "thsd": 1_000,
    "thousand": 1_000,
    "m": 1_000_000,
    "mn": 1_000_000,
    "mio": 1_000_000,
    "million": 1_000_000,
}


@dataclass(frozen=True, slots=True)
class Employees:
    """A number of employees; a range counts by its lower bound."""

    lower: int
    upper: int | None
    """The upper bound, equal to `lower` for a single number; None when the range is open ("10,000+")."""


def normal_employees(value: object) -> Employees | None:
    """Return the number or range of employees that a number or a text means, or None when it is neither."""
    if isinstance(value, str):
        return _from_text(value) if len(value) <= _LIMIT else None
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    return _span(value, value) if isinstance(value, int) and not isinstance(value, bool) else None


@lru_cache(maxsize=16_384)
def _from_text(value: str) -> Employees | None:
    text = " ".join(unicodedata.normalize("NFKC", value).lower().split())
    if text in _ALONE:
        return Employees(1, 1)
    # Brackets hold years and remarks; where they hold everything, their content counts.
    text = _BRACKETS.sub(" ", text).strip() or text.strip("()[]{} ")
    text = _AS_OF.sub("", _WORDS.sub(" ", text)).strip(" ,;")
    return _open_range(_ABOUT.sub("", text))


def _open_range(text: str) -> Employees | None:
    for prefix, first, last in ((_ABOVE, 0, None), (_OVER, 1, None), (_UP_TO, 1, 0), (_UNDER, 1, -1)):
        rest, found = prefix.subn("", text)
        if not found:
            continue
        one = _single(_OR_MORE.sub("", rest))
        if one is None:
            return None
        return _span(one + first, None) if last is None else _span(first, one + last)
    rest, found = _OR_MORE.subn("", text)
    if found:
        one = _single(rest)
        return _span(one, None) if one is not None else None
    return _closed_range(text)


def _closed_range(text: str) -> Employees | None:
    one = _single(text)
    if one is not None:
        return _span(one, one)
    ends = _RANGE.match(text)
    if ends is None:
        return None
    # "1-5k" means one to five thousand: a scale behind the range holds for both ends.
    lower, upper = _count(ends[1], ends[2] or ends[4]), _count(ends[3], ends[4])
    if lower is not None and upper is not None and lower > upper and not ends[2]:
        lower = _count(ends[1], None)
    return _span(lower, upper) if lower is not None and upper is not None else None


def _single(text: str) -> int | None:
    match = _SINGLE.match(text.strip())
    return _count(match[1], match[2]) if match and not match[3] else None


def _count(digits: str, scale: str | None) -> int | None:
    text = digits.strip(" ,.'\u2019_")
    if _GROUPED.match(text) and len(set(re.sub(r"\d", "", text))) == 1:
        number = float(re.sub(r"\D", "", text))
    else:
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            return None
    count = number * _SCALE.get(scale or "", 1)
    return int(count) if count == int(count) else None


def _span(lower: int, upper: int | None) -> Employees | None:
    if not 1 <= lower <= _MOST or (upper is not None and not lower <= upper <= _MOST):
        return None
    return Employees(lower, upper)

"""Company names: how to show them, the key that two spellings share, and the blocks that find similar keys."""

from dataclasses import dataclass
from functools import lru_cache

from shared.normal.company_forms import BEHIND, GLUED, IN_FRONT
from shared.normal.text import clean, is_placeholder, words

# The longest registered names have about 160 characters.
_LIMIT = 200

# Letters at both ends of a key that similar keys share; three keep a block small among a million accounts.
_END = 3
# Shorter words ("of", "the", "und") are in too many names to narrow a search.
_WORD = 4


@dataclass(frozen=True, slots=True)
class Company:
    """A company's name."""

    name: str
    """As it was given, on one clean line: for showing."""
    key: str
    """Folded words without legal form, article and punctuation: equal keys are one name."""


def normal_company(text: str) -> Company | None:
    """Return a company's name and key, or None when the text names no company."""
    name = clean(text, _LIMIT)
    return _company(name) if name else None


@lru_cache(maxsize=16_384)
def _company(name: str) -> Company | None:
    if is_placeholder(name):
        return None
    key = company_key(name)
    return Company(name, key) if key else None


def company_key(name: str) -> str | None:
    """Return the match key of a name ("betasoloin" for "Betasoloin Inc."), or None without a letter or digit."""
    return " ".join(_bare(_parts(_unglued(name)))) or None


def blocks(key: str) -> frozenset[str]:
    """Return the blocks of a key: only keys that share one need to be compared for likeness."""
    compact = key.replace(" ", "")
    long_words = {word for word in key.split() if len(word) >= _WORD}
    return frozenset({f"<{compact[:_END]}", f"{compact[-_END:]}>"} | long_words) if compact else frozenset()


def _parts(name: str) -> tuple[str, ...]:
    """Return the folded words of a name; apostrophes join, "&" and "+" are a word."""
    spelt = name.replace("'", "").replace("\u2019", "").replace("&", " and ").replace("+", " and ")
    return _joined_initials(words(spelt))


def _joined_initials(parts: list[str]) -> tuple[str, ...]:
    """Join runs of single letters, so that "A. O. Smith", "A.O. Smith" and "S.p.A." are written in one way."""
    joined: list[str] = []
    in_run = False
    for part in parts:
        single = len(part) == 1 and part.isalpha() and part.isascii()
        if single and in_run:
            joined[-1] += part
        else:
            joined.append(part)
        in_run = single
    return tuple(joined)


def _unglued(name: str) -> str:
    """Take an East Asian legal form from the front or the end of a name that has something else."""
    if name.isascii():
        return name
    for form in GLUED:
        bare = name.removeprefix(form).removesuffix(form).strip()
        if bare and bare != name:
            return bare
    return name


def _bare(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Take articles and legal forms from the front and the end as long as something stays."""
    while len(parts) > 1:
        longest = min(_LONGEST_FORM, len(parts) - 1)
        if behind := next((size for size in range(longest, 0, -1) if parts[-size:] in _BEHIND), 0):
            # What is left of "Smith and Company" must not end with a hanging "and".
            parts = parts[:-behind]
            parts = parts[:-1] if len(parts) > 1 and parts[-1] == "and" else parts
        elif in_front := next((size for size in range(longest, 0, -1) if parts[:size] in _IN_FRONT), 0):
            parts = parts[in_front:]
        else:
            break
    return parts


def _forms(text: str) -> frozenset[tuple[str, ...]]:
    lines = (line.split("|") if "|" in line else line.split() for line in text.splitlines())
    return frozenset(form for line in lines for phrase in line if (form := _parts(phrase)))


_BEHIND = _forms(BEHIND)
_IN_FRONT = _forms(IN_FRONT) | {("the",)}
_LONGEST_FORM = max(map(len, _BEHIND | _IN_FRONT))

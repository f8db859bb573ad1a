"""Cleaning of free text: what strangers type becomes one line that a database, a log and a page can hold."""

import re
import unicodedata

# Long enough for a company's or a campaign's name, short enough that a hostile form cannot fill a table.
NAME_LIMIT = 200

# Control characters, direction overrides, invisible marks and halves of surrogate pairs. Joiners (U+200C, U+200D)
# stay: Persian and emoji need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffd"
    "\ufdd0-\ufdef\ud800-\udfff\U000e0000-\U000e0fff]",
)
_LATIN_MARKS = re.compile("[\u0300-\u036f]")
_NOT_WORD = re.compile(r"[\W_]+")

# Latin letters that Unicode does not decompose, and how people type them without their keyboard.
_PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i", "ħ": "h", "ŋ": "n"},
)

# What people type when a form insists on an answer. Country codes and family names ("na", "no") are not among them.
_PLACEHOLDERS = frozenset(
    {
        "n/a",
        "n.a.",
        "n.a",
        "none",
        "null",
        "nil",
        "unknown",
        "undefined",
        "not applicable",
        "not provided",
        "tbd",
        "xxx",
    },
)

_LONGEST_PLACEHOLDER = max(map(len, _PLACEHOLDERS))


def clean(value: object, limit: int = NAME_LIMIT) -> str | None:
    """Return text as one visible NFC line of at most `limit` characters, or None when nothing is left."""
    if not isinstance(value, str):
        return None
    if value.isascii() and value.isprintable():
        # The usual text, which has nothing but spaces to clean: this runs for every field of every lead.
        value = value.strip(" ")
        line = " ".join(value.split()) if "  " in value else value
    else:
        # The cut before the normal form bounds the work that a hostile text can cause.
        line = " ".join(unicodedata.normalize("NFC", _UNSEEN.sub("", value[: limit * 4])).split())
    return (line if len(line) <= limit else line[:limit].rstrip()) or None


def is_placeholder(text: str) -> bool:
    """Say whether a clean text only fills a field that insisted, such as "n/a" or "--"."""
    if len(text) <= _LONGEST_PLACEHOLDER and text.casefold() in _PLACEHOLDERS:
        return True
    return not (text[:1].isalnum() or any(map(str.isalnum, text)))


def fold(text: str) -> str:
    """Return the text without case, width and Latin accents, for comparing and never for showing."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", text.casefold()).casefold()
    plain = _LATIN_MARKS.sub("", folded).translate(_PLAIN_LETTERS)
    return unicodedata.normalize("NFC", plain)


def words(text: str) -> list[str]:
    """Return the folded words of a text, split at everything that is neither letter nor digit."""
    return _NOT_WORD.sub(" ", fold(text)).split()


def slug(text: str, limit: int = 64) -> str | None:
    """Return the folded words joined by underscores, such as "education_student", or None when there are none."""
    return "_".join(words(text))[:limit].rstrip("_") or None

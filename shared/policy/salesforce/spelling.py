"""Texts of strangers as YAML: words in quotes where they need them, comments on their own lines, names for targets."""

import json
import re
import textwrap
from collections.abc import Iterator
from typing import Final

from shared.domain.target import Target
from shared.normal.text import fold

# Lines of a policy end here, as those of the code do.
_WIDTH: Final = 118
# A comment that repeats an entry is for finding it again; whoever needs all of it looks into the file.
_LONGEST_COMMENT: Final = 700

_PLAIN = re.compile(r"[A-Za-z][\w./@+-]*(?: [\w./@+-]+)*", re.ASCII)
_PLAIN_TARGET = re.compile(r"[a-z_]+(?::[\w.@+-]+)?", re.ASCII)
# Words that some reader of YAML takes for a boolean or nothing.
_TRAPS: Final = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_NOT_NAME = re.compile(r"[^\w.@-]+")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def word(text: str) -> str:
    """A text as a YAML word, quoted where it could be taken for something else."""
    line = " ".join(text.split())
    if _PLAIN.fullmatch(line) and line.casefold() not in _TRAPS:
        return line
    return "".join(map(_escaped, json.dumps(line, ensure_ascii=False)))


def _escaped(sign: str) -> str:
    """A sign between double quotes; YAML writes what cannot be seen by its number."""
    return sign if sign.isprintable() else f"\\U{ord(sign):08X}"


def target(place: Target) -> str:
    """A target as a YAML word."""
    return str(place) if _PLAIN_TARGET.fullmatch(str(place)) else word(str(place))


def label(text: str) -> str:
    """A name that targets can carry: letters, digits and a few signs, the rest as underscores."""
    return _NOT_NAME.sub("_", printable(text)).strip("_.-@") or "unnamed"


def slug(text: str) -> str:
    """A short name of small letters and digits for a rule; blank where nothing is left."""
    return _NOT_SLUG.sub("-", fold(text))[:40].strip("-")


def comments(text: str, indent: str) -> Iterator[str]:
    """A text as comment lines; the further lines stand a little to the right."""
    clean = " ".join(printable(text).split())
    if len(clean) > _LONGEST_COMMENT:
        clean = f"{clean[:_LONGEST_COMMENT]} …"
    lines = textwrap.wrap(
        clean, _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}#   ", break_long_words=False
    )
    yield from lines


def fits(line: str) -> bool:
    """Say whether a line is not too long."""
    return len(line) <= _WIDTH


def printable(text: str) -> str:
    """The text with blanks for what cannot be seen: other line ends would break a comment or a word."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)

"""Formulas of entries: the whole grammar is read, so that what is not translated can be named exactly.

Translated are AND, OR, NOT, ISPICKVAL, ISBLANK, their signs, and a field held against a text or a checkbox.
"""

import re
from dataclasses import dataclass
from typing import Final

from shared.policy.salesforce.logic import UntranslatedError

#: Nobody nests a formula deeper than this, and each level costs ten frames of the thousand that there are.
_DEEPEST: Final = 40

#: Arithmetic is not translated, so that a longer chain of it need not be read.
_LONGEST_CHAIN: Final = 100

_TOKEN = re.compile(
    r"""\s*(?:/\*.*?\*/\s*)*(?:
      (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<number>\d+(?:\.\d+)?|\.\d+)
    | (?P<name>\$?[A-Za-z_][\w$]*(?:[.:]\w+)*)
    | (?P<sign>&&|\|\||<>|!=|==|<=|>=|[=<>!&+\-*/^(),])
    )""",
    re.VERBOSE | re.DOTALL,
)
_REST = re.compile(r"\s*(?:/\*.*?\*/\s*)*\Z", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}

#: How tight the signs between two parts bind, loosest first.
_LEVELS: Final = (
    ("||",),
    ("&&",),
    ("=", "==", "<>", "!="),
    ("<", ">", "<=", ">="),
    ("+", "-", "&"),
    ("*", "/"),
    ("^",),
)


@dataclass(frozen=True, slots=True)
class Name:
    """A field of the record, or TRUE and FALSE."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text in quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; its name in capitals."""

    name: str
    arguments: tuple["Part", ...]


@dataclass(frozen=True, slots=True)
class Sign:
    """A sign before one part or between two."""

    sign: str
    parts: tuple["Part", ...]


Part = Name | Text | Number | Call | Sign


def parse_formula(text: str) -> Part:
    """Read a formula; UntranslatedError says where it cannot be read."""
    reader = _Reader(_cut(text))
    part = reader.part(0)
    if reader.ahead:
        raise _wrong(f"`{reader.ahead}` is not expected")
    return part


class _Reader:
    """Reads by recursive descent."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    @property
    def ahead(self) -> str:
        """The token that comes next; blank at the end."""
        return self._tokens[self._next][1] if self._next < len(self._tokens) else ""

    def part(self, level: int) -> Part:
        """Parts with a sign of this or a tighter level between them."""
        if level == len(_LEVELS):
            return self._signed()
        left = self.part(level + 1)
        links = 0
        while self._is_sign() and self.ahead in _LEVELS[level]:
            sign, right = self._take(), self.part(level + 1)
            if sign in ("||", "&&"):
                # One flat sign, however many parts it joins.
                parts = left.parts if links and isinstance(left, Sign) else (left,)
                left = Sign(sign, (*parts, right))
            else:
                left = Sign(sign, (left, right))
            links += 1
            if links > _LONGEST_CHAIN and sign not in ("||", "&&"):
                raise _wrong(f"more than {_LONGEST_CHAIN} parts are joined by `{sign}`")
        return left

    def _signed(self) -> Part:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _wrong("it nests too deep")
        part: Part
        if self._is_sign() and self.ahead in ("!", "-", "+"):
            part = Sign(self._take(), (self._signed(),))
        else:
            part = self._single()
        self._depth -= 1
        return part

    def _single(self) -> Part:
        if self._next >= len(self._tokens):
            raise _wrong("something is missing at the end")
        kind = self._tokens[self._next][0]
        taken = self._take()
        if kind == "text":
            return Text(_ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), taken[1:-1]))
        if kind == "number":
            return Number(taken)
        if kind == "name":
            return Call(taken.upper(), self._arguments()) if self._is_sign() and self.ahead == "(" else Name(taken)
        if taken != "(":
            raise _wrong(f"`{taken}` is not expected")
        part = self.part(0)
        self._expect(")")
        return part

    def _arguments(self) -> tuple[Part, ...]:
        self._expect("(")
        arguments: list[Part] = []
        while not (self.ahead == ")" and self._is_sign()):
            if arguments:
                self._expect(",")
            arguments.append(self.part(0))
        self._expect(")")
        return tuple(arguments)

    def _is_sign(self) -> bool:
        return self._next < len(self._tokens) and self._tokens[self._next][0] == "sign"

    def _take(self) -> str:
        self._next += 1
        return self._tokens[self._next - 1][1]

    def _expect(self, sign: str) -> None:
        if not (self._is_sign() and self.ahead == sign):
            raise _wrong(f"`{sign}` is expected where `{self.ahead or 'the end'}` stands")
        self._next += 1


def _cut(text: str) -> list[tuple[str, str]]:
    """Cut a formula into tokens with their kinds."""
    tokens: list[tuple[str, str]] = []
    place = 0
    while not _REST.match(text, place):
        found = _TOKEN.match(text, place)
        if found is None or found.lastgroup is None:
            raise _wrong(f"`{text[place : place + 20].strip()}` cannot be read")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        place = found.end()
    return tokens


def _wrong(what: str) -> UntranslatedError:
    return UntranslatedError(f"the formula cannot be read: {what}")

"""Shapes of single values: words, numbers, durations, percentages, rates, dates, targets."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypeVar

from shared.domain.duration import parse_duration
from shared.domain.target import TARGET_FORMS, Target
from shared.errors import UsageError
from shared.policy.shape import JsonSchema, Notes, Shape, described
from shared.policy.source import Node, Scalar, ScalarKind
from shared.policy.words import suggestion

W = TypeVar("W", bound=str)
T = TypeVar("T")

# Words are names and phrases; a page of text in their place is a mistake in the document.
_LONGEST_WORD: Final = 500

# PostgreSQL keeps these numbers as integers.
_LARGEST: Final = 2_147_483_647

_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?)%")
_RATE = re.compile(r"([0-9]{1,9}) per ([0-9]{1,6}[smhd])")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in every stretch of time."""

    count: int
    per: timedelta


def _scalar(node: Node, notes: Notes, what: str) -> Scalar:
    """Insist on a single value."""
    if not isinstance(node, Scalar):
        raise notes.broken(node, "value.single", f"{what} is expected, not {described(node)}")
    return node


class Word(Shape[str]):
    """A word or phrase; a boolean, number or date in its place is an error, quotes make it a word."""

    def __init__(self, what: str = "a word") -> None:
        self._what = what

    def read(self, node: Node, notes: Notes) -> str:
        """Read a word that is neither blank nor endless."""
        scalar = _scalar(node, notes, self._what)
        if scalar.kind is ScalarKind.NULL:
            raise notes.broken(node, "value.blank", f"{self._what} is expected here, and nothing is given")
        if scalar.kind is not ScalarKind.WORD:
            message = f"{described(node)} is {scalar.kind} where {self._what} is expected"
            raise notes.broken(node, "value.word", message, f'write "{scalar.text}" in quotes if it is meant as a word')
        if not scalar.text.strip() or len(scalar.text) > _LONGEST_WORD:
            problem = "blank" if not scalar.text.strip() else f"longer than {_LONGEST_WORD} characters"
            raise notes.broken(node, "value.word", f"{self._what} is expected, and this is {problem}")
        return scalar.text.strip()

    def schema(self) -> JsonSchema:
        """A string that is not blank."""
        return {"type": "string", "minLength": 1}


class Label(Word):
    """A name that other parts refer to: letters, digits, `_` and `-`, so that it fits into a target."""

    _PATTERN: Final = re.compile(r"\w[\w.@-]*")

    def read(self, node: Node, notes: Notes) -> str:
        """Read a word without blanks and colons."""
        word = super().read(node, notes)
        if self._PATTERN.fullmatch(word) is None:
            message = f"`{word}` cannot be {self._what}"
            raise notes.broken(node, "value.name", message, "use letters, digits, `_`, `-`, `.` and no blanks")
        return word


class OneOf(Shape[W]):
    """One of a few words."""

    def __init__(self, words: Collection[str], make: Callable[[str], W], what: str) -> None:
        self._words = tuple(words)
        self._make = make
        self._what = what

    def read(self, node: Node, notes: Notes) -> W:
        """Read one of the words as written."""
        scalar = _scalar(node, notes, self._what)
        if scalar.text not in self._words or scalar.kind is not ScalarKind.WORD:
            message = f"{described(node)} is not {self._what}"
            raise notes.broken(node, "value.choice", message, suggestion(scalar.text, self._words))
        return self._make(scalar.text)

    def schema(self) -> JsonSchema:
        """An enumeration."""
        return {"enum": list(self._words)}


class Whole(Shape[int]):
    """A whole number from `least` on."""

    def __init__(self, what: str, least: int = 0) -> None:
        self._what = what
        self._least = least

    def read(self, node: Node, notes: Notes) -> int:
        """Read digits."""
        scalar = _scalar(node, notes, self._what)
        if scalar.kind is not ScalarKind.WHOLE or not scalar.text.lstrip("+-").isdecimal() or len(scalar.text) > 11:
            raise notes.broken(node, "value.number", f"{described(node)} is not {self._what}", "write a whole number")
        number = int(scalar.text)
        if not self._least <= number <= _LARGEST:
            message = f"{number} cannot be {self._what}"
            raise notes.broken(node, "value.number", message, f"write a number from {self._least} to {_LARGEST}")
        return number

    def schema(self) -> JsonSchema:
        """An integer."""
        return {"type": "integer", "minimum": self._least, "maximum": _LARGEST}


class Share(Shape[float]):
    """A number from 0 to 1, written as such or as a percentage."""

    def __init__(self, what: str) -> None:
        self._what = what

    def read(self, node: Node, notes: Notes) -> float:
        """Read `0.92`, `5%` or `1`."""
        scalar = _scalar(node, notes, self._what)
        percent = _PERCENT.fullmatch(scalar.text)
        plain = scalar.kind in (ScalarKind.DECIMAL, ScalarKind.WHOLE) and scalar.text[-1:].isdigit()
        if percent is None and not plain:
            mend = "write a percentage like 5%, or a number from 0 to 1"
            raise notes.broken(node, "value.share", f"{described(node)} is not {self._what}", mend)
        share = float(percent[1]) / 100 if percent else _decimal(scalar.text)
        if not 0 <= share <= 1:
            raise notes.broken(node, "value.share", f"{described(node)} is not between 0% and 100%")
        return share

    def schema(self) -> JsonSchema:
        """A number or a percentage."""
        return {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": r"^\d.*%$"}]}


def _decimal(text: str) -> float:
    """Read a decimal number; forms beyond plain digits (0x10, 0o7) count as out of range."""
    try:
        return float(text)
    except ValueError:
        return -1.0


class Flag(Shape[bool]):
    """true or false."""

    def read(self, node: Node, notes: Notes) -> bool:
        """Read a boolean that is not in quotes."""
        scalar = _scalar(node, notes, "true or false")
        if scalar.kind is not ScalarKind.FLAG:
            raise notes.broken(
                node, "value.flag", f"{described(node)} is neither true nor false", "write true or false"
            )
        return scalar.text.casefold() == "true"

    def schema(self) -> JsonSchema:
        """A boolean."""
        return {"type": "boolean"}


class Parsed(Shape[T]):
    """A word in a notation of its own, read by a function that raises UsageError."""

    def __init__(self, parse: Callable[[str], T], what: str, schema: JsonSchema) -> None:
        self._parse = parse
        self._what = what
        self._schema = schema

    def read(self, node: Node, notes: Notes) -> T:
        """Read the text of the value, whatever kind it looks like."""
        scalar = _scalar(node, notes, self._what)
        if scalar.kind is ScalarKind.NULL:
            raise notes.broken(node, "value.blank", f"{self._what} is expected here, and nothing is given")
        try:
            return self._parse(scalar.text)
        except UsageError as error:
            raise notes.broken(node, "value.form", str(error)) from error

    def schema(self) -> JsonSchema:
        """A string in that notation."""
        return self._schema


def _parse_rate(text: str) -> Rate:
    """Read `20 per 1d`."""
    found = _RATE.fullmatch(" ".join(text.split()))
    if found is None or int(found[1]) == 0 or int(found[2][:-1]) == 0:
        raise UsageError(f"{text!r} is not a rate; write a number per duration, like 20 per 1d")
    return Rate(int(found[1]), parse_duration(found[2]))


def parse_date(text: str) -> date:
    """Read `2026-12-24`."""
    found = _ISO_DATE.fullmatch(text)
    try:
        # A text of another form is turned into a day that does not exist, so that both mistakes end alike.
        return date.fromisoformat(text if found else "0000-00-00")
    except ValueError as error:
        raise UsageError(f"{text!r} is not a date; write it like 2026-12-24") from error


DURATION: Final = Parsed(parse_duration, "a duration", {"type": "string", "pattern": "^[0-9]{1,6}[smhd]$"})
RATE: Final = Parsed(_parse_rate, "a rate", {"type": "string", "pattern": "^[0-9]+ per [0-9]+[smhd]$"})
DATE: Final = Parsed(parse_date, "a date", {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"})
TARGET: Final = Parsed(
    Target.parse,
    "a target",
    {
        "type": "string",
        "pattern": "^((rep|pool|queue|divert|nurture):.+|owner:(opportunity|account)|team:account_owner"
        "|suppress|keep_owner|merge)$",
        "description": f"one of {', '.join(TARGET_FORMS)}",
    },
)

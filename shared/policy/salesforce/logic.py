"""What an entry asks, between the XML and our conditions: terms on single fields, joined by and, or, not."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


class UntranslatedError(Exception):
    """A part of an entry has no exact counterpart; the message says which part and why, without a full stop."""


class Operation(StrEnum):
    """The operators of Salesforce's filters."""

    EQUALS = "equals"
    NOT_EQUAL = "notEqual"
    LESS_THAN = "lessThan"
    GREATER_THAN = "greaterThan"
    LESS_OR_EQUAL = "lessOrEqual"
    GREATER_OR_EQUAL = "greaterOrEqual"
    CONTAINS = "contains"
    NOT_CONTAIN = "notContain"
    STARTS_WITH = "startsWith"
    INCLUDES = "includes"
    EXCLUDES = "excludes"
    WITHIN = "within"


@dataclass(frozen=True, slots=True)
class Term:
    """One field held against values; a blank value stands for an empty field."""

    field: str
    operation: Operation
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold."""

    parts: tuple["Logic", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: tuple["Logic", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """The part does not hold; Salesforce knows no third value."""

    part: "Logic"


Logic = Term | And | Or | Negation


def terms_of(logic: Logic) -> Iterator[Term]:
    """Yield the terms in order."""
    if isinstance(logic, Term):
        yield logic
    elif isinstance(logic, Negation):
        yield from terms_of(logic.part)
    else:
        for part in logic.parts:
            yield from terms_of(part)


def each(parts: Iterable[S], translate: Callable[[S], T]) -> list[T]:
    """Translate all parts; an UntranslatedError names every part that cannot be, and not only the first."""
    done: list[T] = []
    problems: dict[str, None] = {}
    for part in parts:
        try:
            done.append(translate(part))
        except UntranslatedError as error:
            problems[str(error)] = None
    if problems:
        raise UntranslatedError("; ".join(problems))
    return done

"""The text of a policy as a tree in which every key and value knows its line and column.

The tree is built from the parser's events and not by a constructor, so that each word keeps the form it was written in
(`NO` stays a word, YAML 1.1's yes and no included), duplicate keys are seen, and hostile documents meet a limit before
they cost anything: a bound on size, depth, and on what aliases unfold to.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NoReturn, Self

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from shared.policy.errors import Finding, PolicyError, Severity

# The example policy has 10 thousand characters; a document fifty times that is not written by people.
MAXIMUM_CHARACTERS: Final = 500_000

# The deepest path of the example has 8 levels; each level costs a Python frame, of which there are about a thousand.
MAXIMUM_DEPTH: Final = 40

# Nodes after aliases are unfolded; the example has about a thousand.
MAXIMUM_NODES: Final = 100_000

# What the pure parser lets through on malformed escapes and directives, beside its own errors.
_PARSER_FAILURES = (
    YAMLError,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    NotImplementedError,
    RecursionError,
)

_VALUES = (ScalarEvent, AliasEvent, SequenceStartEvent, SequenceEndEvent, MappingStartEvent, MappingEndEvent)
_STRING_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})
_NULL = re.compile(r"~|null|Null|NULL|")
_FLAG = re.compile(r"true|True|TRUE|false|False|FALSE")
_WHOLE = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_DECIMAL = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?", re.DOTALL)


class ScalarKind(StrEnum):
    """What a plain scalar means in YAML 1.2; a quoted one is always a word."""

    WORD = "a word"
    FLAG = "a boolean"
    WHOLE = "a number"
    DECIMAL = "a decimal number"
    DATE = "a date"
    NULL = "nothing"


class Line(int):
    """The number of a line that also knows the column in which something starts there; both count from 1."""

    column: int

    def __new__(cls, line: int, column: int = 0) -> Self:
        """Make the line."""
        made = super().__new__(cls, line)
        made.column = column
        return made


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value with its place; lines and columns count from 1."""

    line: int
    column: int
    text: str
    kind: ScalarKind
    size: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list with its place; `size` and `height` count its nodes and levels with aliases unfolded."""

    line: int
    column: int
    items: tuple["Node", ...]
    size: int
    height: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in order, with their place; no key stands twice."""

    line: int
    column: int
    entries: tuple[tuple[Scalar, "Node"], ...]
    size: int
    height: int


Node = Scalar | Sequence | Mapping


@dataclass(slots=True)
class _Composer:
    """Builds the tree from events, collecting duplicate keys as it goes."""

    events: Iterator[Event]
    findings: list[Finding]
    anchors: dict[str, Node] = field(default_factory=dict)

    def node(self, event: Event, depth: int) -> Node:
        """Build the node that starts with this event."""
        node: Node
        _within_depth(event, depth)
        if isinstance(event, AliasEvent):
            node = self._alias(event)
            _within_depth(event, depth + node.height - 1)
            return node
        if isinstance(event, ScalarEvent):
            node = _scalar(event)
        elif isinstance(event, SequenceStartEvent):
            node = self._sequence(event, depth)
        elif isinstance(event, MappingStartEvent):
            node = self._mapping(event, depth)
        else:
            _refuse(event, "document.yaml", "the document cannot be read here")
        if node.size > MAXIMUM_NODES:
            _refuse(event, "document.size", f"the document unfolds to more than {MAXIMUM_NODES} values")
        if event.anchor is not None:
            self.anchors[str(event.anchor)] = node
        return node

    def _alias(self, event: AliasEvent) -> Node:
        """Look up the node that an alias stands for; one inside its own anchor is not there yet."""
        found = self.anchors.get(str(event.anchor))
        if found is None:
            _refuse(event, "document.alias", f"the alias *{event.anchor} stands before or inside its anchor")
        return found

    def _sequence(self, start: SequenceStartEvent, depth: int) -> Sequence:
        """Build a list up to its end."""
        _known_tag(start, "tag:yaml.org,2002:seq")
        items: list[Node] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            items.append(self.node(event, depth + 1))
        line, column = _place(start)
        return Sequence(line, column, tuple(items), 1 + sum(item.size for item in items), _height(items))

    def _mapping(self, start: MappingStartEvent, depth: int) -> Mapping:
        """Build a mapping up to its end, with merge keys (`<<: *anchor`) put in place."""
        _known_tag(start, "tag:yaml.org,2002:map")
        entries: dict[str, tuple[Scalar, Node]] = {}
        merged: list[Mapping] = []
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self.node(event, depth + 1)
            value = self.node(next(self.events), depth + 1)
            if not isinstance(key, Scalar):
                _refuse(event, "document.key", "a key must be a single word here")
            if key.text == "<<" and key.kind is ScalarKind.WORD:
                merged += _mergeable(event, value)
            elif key.text in entries:
                first = entries[key.text][0].line
                self.findings.append(_finding(key, "document.duplicate", f"`{key.text}` stands twice", first))
            else:
                entries[key.text] = (key, value)
        for source in merged:
            for key, value in source.entries:
                entries.setdefault(key.text, (key, value))
        line, column = _place(start)
        size = 1 + sum(1 + value.size for _, value in entries.values())
        return Mapping(line, column, tuple(entries.values()), size, _height(value for _, value in entries.values()))


def compose(text: str) -> tuple[Node, tuple[Finding, ...]]:
    """Read YAML 1.2 into a tree, with the duplicate keys found; PolicyError when it is no usable document at all."""
    if len(text) > MAXIMUM_CHARACTERS:
        message = f"the document has {len(text)} characters; the limit is {MAXIMUM_CHARACTERS}"
        raise PolicyError([Finding(Severity.ERROR, "document.size", message)])
    findings: list[Finding] = []
    try:
        events = _events(text)
        node = _Composer(events, findings).node(next(events), depth=1)
        if (rest := next(events, None)) is not None:
            _refuse(rest, "document.several", "a second document starts here; a policy is one document")
    except _PARSER_FAILURES as error:
        raise PolicyError([_unreadable(error)]) from error
    except StopIteration as error:
        message = "the document is empty"
        raise PolicyError([Finding(Severity.ERROR, "document.empty", message)]) from error
    return node, tuple(findings)


def _events(text: str) -> Iterator[Event]:
    """Yield the parser's events of values, refusing directives that change what words mean."""
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, DocumentStartEvent):
            if event.version is not None and tuple(event.version) != (1, 2):
                _refuse(event, "document.version", "the document must be YAML 1.2; remove the %YAML directive")
        elif isinstance(event, _VALUES):
            yield event


def _scalar(event: ScalarEvent) -> Scalar:
    """Build a scalar; its kind follows YAML 1.2's core rules, with dates told apart from words."""
    line, column = _place(event)
    quoted = event.style in ("'", '"', "|", ">")
    if event.tag is not None and str(event.tag) not in _STRING_TAGS:
        _refuse(event, "document.tag", f"the tag {event.tag} is not used in a policy")
    kind = ScalarKind.WORD if quoted or event.tag is not None else _kind(event.value)
    return Scalar(line, column, event.value, kind)


def _kind(text: str) -> ScalarKind:
    """Tell what a plain scalar means."""
    for pattern, kind in (
        (_NULL, ScalarKind.NULL),
        (_FLAG, ScalarKind.FLAG),
        (_WHOLE, ScalarKind.WHOLE),
        (_DECIMAL, ScalarKind.DECIMAL),
        (_DATE, ScalarKind.DATE),
    ):
        if pattern.fullmatch(text):
            return kind
    return ScalarKind.WORD


def _mergeable(event: Event, value: Node) -> list[Mapping]:
    """List the mappings that a merge key brings in."""
    sources = value.items if isinstance(value, Sequence) else (value,)
    mappings = [one for one in sources if isinstance(one, Mapping)]
    if len(mappings) != len(sources):
        _refuse(event, "document.merge", "a merge key `<<` takes the alias of a mapping")
    return mappings


def _known_tag(event: SequenceStartEvent | MappingStartEvent, own: str) -> None:
    """Refuse a list or mapping that carries another tag than its own."""
    if event.tag is not None and str(event.tag) not in {own, "!"}:
        _refuse(event, "document.tag", f"the tag {event.tag} is not used in a policy")


def _within_depth(event: Event, depth: int) -> None:
    """Refuse what nests too deep, aliases unfolded."""
    if depth > MAXIMUM_DEPTH:
        _refuse(event, "document.depth", f"the document nests deeper than {MAXIMUM_DEPTH} levels")


def _height(nodes: Iterable[Node]) -> int:
    """Count the levels of a node that holds these."""
    return 1 + max((node.height for node in nodes), default=0)


def _place(event: Event) -> tuple[int, int]:
    """Give line and column of an event, from 1."""
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


def _refuse(event: Event, code: str, message: str) -> NoReturn:
    """Stop reading: nothing that follows could be trusted."""
    line, column = _place(event)
    raise PolicyError([Finding(Severity.ERROR, code, message, line, column)])


def _finding(key: Scalar, code: str, message: str, first: int) -> Finding:
    """Describe a key that stands twice."""
    mend = f"keep one of the two; the other is in line {first}"
    return Finding(Severity.ERROR, code, message, key.line, key.column, mend)


def _unreadable(error: Exception) -> Finding:
    """Turn whatever the parser raised into one sentence with its place."""
    mark = (error.problem_mark or error.context_mark) if isinstance(error, MarkedYAMLError) else None
    problem = getattr(error, "problem", None) or str(error).splitlines()[0] if str(error) else type(error).__name__
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
    return Finding(Severity.ERROR, "document.yaml", f"this is not YAML: {problem}", line, column)

"""Shapes: what a part of the document must look like, said once, used to read it and to write the JSON Schema.

A shape reads a node into a value. What is wrong goes into the notes; then the shape raises Broken, and the shape around
it goes on with its other parts, so that one reading finds all mistakes.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from shared.policy.errors import Finding, Severity
from shared.policy.source import Line, Node, Scalar, Sequence
from shared.policy.source import Mapping as MappingNode
from shared.policy.words import suggestion

T = TypeVar("T")
S = TypeVar("S")

JsonSchema = dict[str, Any]


class Broken(Exception):  # noqa: N818 - it never leaves this package; it only unwinds to the next shape
    """A part of the document has no value; the notes say why."""


@dataclass(slots=True)
class Notes:
    """Collects what is wrong while a document is read."""

    findings: list[Finding] = field(default_factory=list)

    def add(self, node: Node, code: str, message: str, mend: str = "") -> None:
        """Note an error at a node."""
        self.findings.append(Finding(Severity.ERROR, code, message, node.line, node.column, mend))

    def broken(self, node: Node, code: str, message: str, mend: str = "") -> Broken:
        """Note an error and give the exception to raise."""
        self.add(node, code, message, mend)
        return Broken()


class Shape(ABC, Generic[T]):
    """A form that a part of the document must have."""

    @abstractmethod
    def read(self, node: Node, notes: Notes) -> T:
        """Turn a node into a value; raise Broken after noting what is wrong."""

    @abstractmethod
    def schema(self) -> JsonSchema:
        """Describe the form as JSON Schema."""


def described(node: Node) -> str:
    """Name a node for a message."""
    if isinstance(node, Scalar):
        text = node.text if len(node.text) <= 40 else f"{node.text[:37]}..."
        return f"`{text}`"
    return "a list" if isinstance(node, Sequence) else "a mapping"


class ListOf(Shape[tuple[T, ...]]):
    """A list of values of one shape; a single value stands for a list of one where `lenient`."""

    def __init__(self, item: Shape[T], what: str, *, lenient: bool = False) -> None:
        self._item = item
        self._what = what
        self._lenient = lenient

    def read(self, node: Node, notes: Notes) -> tuple[T, ...]:
        """Read each item; all of them must be right."""
        if isinstance(node, Sequence):
            return collected(((item, self._item) for item in node.items), notes)
        if self._lenient and isinstance(node, Scalar):
            return (self._item.read(node, notes),)
        raise notes.broken(node, "shape.list", f"{self._what} must be a list, not {described(node)}", "write [a, b]")

    def schema(self) -> JsonSchema:
        """An array, or one item."""
        array = {"type": "array", "items": self._item.schema()}
        return {"anyOf": [self._item.schema(), array]} if self._lenient else array


def collected(parts: Iterable[tuple[Node, Shape[T]]], notes: Notes) -> tuple[T, ...]:
    """Read all parts, and only then fail if one was broken."""
    values: list[T] = []
    broken = False
    for node, shape in parts:
        try:
            values.append(shape.read(node, notes))
        except Broken:
            broken = True
    if broken:
        raise Broken
    return tuple(values)


class Keyed(Shape[T]):
    """The value of an entry that has to know its own key: a named pool, a named rule of a vocabulary."""

    @abstractmethod
    def read_as(self, name: str, node: Node, notes: Notes) -> T:
        """Turn a node into the value of that name."""

    def read(self, node: Node, notes: Notes) -> T:
        """Read without a name."""
        return self.read_as("", node, notes)


class MapOf(Shape[Mapping[S, T]]):
    """A mapping from keys of one shape to values of one shape, in the order of the document."""

    def __init__(self, key: Shape[S], value: Shape[T], what: str) -> None:
        self._key = key
        self._value = value
        self._what = what

    def read(self, node: Node, notes: Notes) -> Mapping[S, T]:
        """Read each entry; all of them must be right."""
        if not isinstance(node, MappingNode):
            raise notes.broken(node, "shape.mapping", f"{self._what} must be a mapping, not {described(node)}")
        values: dict[S, T] = {}
        broken = False
        for key_node, value_node in node.entries:
            try:
                key = self._key.read(key_node, notes)
                values[key] = self._entry(key_node.text, value_node, notes)
            except Broken:
                broken = True
        if broken:
            raise Broken
        return values

    def _entry(self, name: str, node: Node, notes: Notes) -> T:
        """Read one value, telling it its name where it wants to know."""
        if isinstance(self._value, Keyed):
            value: T = self._value.read_as(name, node, notes)
            return value
        return self._value.read(node, notes)

    def schema(self) -> JsonSchema:
        """An object whose values are alike."""
        return {"type": "object", "additionalProperties": self._value.schema()}


REQUIRED: Final = object()


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a record: the shape of its value, the attribute it fills, and what it is when it is absent.

    The default `UNSET` leaves the attribute to the record's own default.
    """

    shape: Shape[Any]
    attribute: str = ""
    required: bool = False
    help: str = ""


class Record(Keyed[T]):
    """A mapping with known keys that becomes one value; `named` and `placed` fill in the value's name and line."""

    def __init__(
        self, make: Callable[..., T], what: str, keys: Mapping[str, Key], *, named: bool = False, placed: bool = False
    ) -> None:
        self._make = make
        self._what = what
        self._keys = keys
        self._named = named
        self._placed = placed

    def read_as(self, name: str, node: Node, notes: Notes) -> T:
        """Read the known keys, note the unknown and the missing ones."""
        label = f"{self._what} `{name}`" if name else self._what
        if not isinstance(node, MappingNode):
            raise notes.broken(node, "shape.mapping", f"{label} must be a mapping, not {described(node)}")
        given: dict[str, Any] = {}
        broken = False
        for key_node, value_node in node.entries:
            try:
                attribute, value = self._entry(label, key_node, value_node, notes)
                given[attribute] = value
            except Broken:
                broken = True
        broken |= self._missing(label, node, notes)
        if broken:
            raise Broken
        given |= {"name": name} if self._named else {}
        given |= {"line": Line(node.line, node.column)} if self._placed else {}
        return self._make(**given)

    def _entry(self, label: str, key: Scalar, value: Node, notes: Notes) -> tuple[str, Any]:
        """Read one key's value."""
        known = self._keys.get(key.text)
        if known is None:
            message = f"{label} has no key `{key.text}`"
            raise notes.broken(key, "key.unknown", message, suggestion(key.text, self._keys))
        return known.attribute or key.text, known.shape.read(value, notes)

    def _missing(self, label: str, node: MappingNode, notes: Notes) -> bool:
        """Note the required keys that are absent, and say whether there were any."""
        present = {key.text for key, _ in node.entries}
        missing = [name for name, key in self._keys.items() if key.required and name not in present]
        for name in missing:
            notes.add(node, "key.missing", f"{label} needs the key `{name}`", f"add `{name}: …`")
        return bool(missing)

    def schema(self) -> JsonSchema:
        """An object with these keys and no others."""
        properties = {
            name: key.shape.schema() | ({"description": key.help} if key.help else {})
            for name, key in self._keys.items()
        }
        required = [name for name, key in self._keys.items() if key.required]
        shape: JsonSchema = {"type": "object", "additionalProperties": False, "properties": properties}
        return shape | ({"required": required} if required else {})


class Checked(Keyed[T]):
    """A shape whose value must hold a further law; the law returns what is wrong (message, mend) or None."""

    def __init__(self, shape: Shape[T], law: Callable[[T], tuple[str, str] | None], code: str) -> None:
        self._shape = shape
        self._law = law
        self._code = code

    def read_as(self, name: str, node: Node, notes: Notes) -> T:
        """Read, then hold the value against the law."""
        value = self._shape.read_as(name, node, notes) if isinstance(self._shape, Keyed) else self._read(node, notes)
        wrong = self._law(value)
        if wrong is not None:
            raise notes.broken(node, self._code, *wrong)
        return value

    def _read(self, node: Node, notes: Notes) -> T:
        """Read a shape that takes no name."""
        return self._shape.read(node, notes)

    def schema(self) -> JsonSchema:
        """The same as without the law, which JSON Schema cannot say."""
        return self._shape.schema()


class Reference(Shape[T]):
    """A shape that is described once under a name and referred to, so that it may contain itself."""

    def __init__(self, name: str, shape: Callable[[], Shape[T]]) -> None:
        self._name = name
        self._shape = shape

    def read(self, node: Node, notes: Notes) -> T:
        """Read as the shape itself does."""
        return self._shape().read(node, notes)

    def schema(self) -> JsonSchema:
        """Point at the definition."""
        return {"$ref": f"#/$defs/{self._name}"}

"""Conditions of rules: the tree, its words for people, and the shape that reads it from the document."""

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as attribute
from enum import StrEnum
from typing import Final

from shared.policy.fields import FieldKind, kind_of
from shared.policy.scalars import Flag, Whole, Word
from shared.policy.shape import Broken, JsonSchema, ListOf, Notes, Reference, Shape, collected, described
from shared.policy.source import Line, Node, Scalar, ScalarKind, Sequence
from shared.policy.source import Mapping as MappingNode
from shared.policy.words import suggestion

Value = str | int | bool


class Op(StrEnum):
    """How a fact is tested."""

    IN = "in"
    NOT_IN = "not_in"
    GTE = "gte"
    GT = "gt"
    LTE = "lte"
    LT = "lt"
    STARTS_WITH = "starts_with"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class FieldTest:
    """One fact held against values; a plain value or list of the document is `in`."""

    field: str
    op: Op
    values: tuple[Value, ...]
    line: int = attribute(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class All:
    """All parts must hold; with no parts it always does."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part must hold; with no parts it never does."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part must be false; where it is unknown, so is this."""

    part: "Condition"


Condition = FieldTest | All | AnyOf | Not

ALWAYS: Final = All(())

_NUMBER_OPS = frozenset({Op.GTE, Op.GT, Op.LTE, Op.LT})
_OPS = {
    FieldKind.WORD: frozenset({Op.IN, Op.NOT_IN, Op.STARTS_WITH, Op.KNOWN}),
    FieldKind.NUMBER: frozenset({Op.IN, Op.NOT_IN, Op.KNOWN}) | _NUMBER_OPS,
    FieldKind.FLAG: frozenset({Op.IN, Op.NOT_IN, Op.KNOWN}),
}
_JOINERS = ("all", "any", "not")
_SIGNS = {Op.GTE: ">=", Op.GT: ">", Op.LTE: "<=", Op.LT: "<"}


def tests_of(condition: Condition) -> Iterator[FieldTest]:
    """Yield the tests of a condition, in the order of the document."""
    if isinstance(condition, FieldTest):
        yield condition
    elif isinstance(condition, Not):
        yield from tests_of(condition.part)
    else:
        for part in condition.parts:
            yield from tests_of(part)


def fields_of(condition: Condition) -> tuple[str, ...]:
    """The fields that a condition tests, each once, in order."""
    return tuple(dict.fromkeys(test.field for test in tests_of(condition)))


def expected(test: FieldTest) -> str:
    """Say what a test asks of its field: `in [west, east]`, `>= 200`, `known`."""
    if test.op is Op.KNOWN:
        return "known" if test.values[0] else "not known"
    words = [str(value).lower() if isinstance(value, bool) else str(value) for value in test.values]
    if test.op in _SIGNS:
        return f"{_SIGNS[test.op]} {words[0]}"
    listed = words[0] if len(words) == 1 else f"[{', '.join(words)}]"
    if test.op is Op.IN:
        return f"in {listed}" if len(words) != 1 else f"= {listed}"
    return f"{test.op.replace('_', ' ')} {listed}"


def describe(condition: Condition) -> str:
    """Write a condition for a person; `always` where nothing is asked."""
    if isinstance(condition, FieldTest):
        return f"{condition.field} {expected(condition)}"
    if isinstance(condition, Not):
        return f"not ({describe(condition.part)})"
    joiner = " and " if isinstance(condition, All) else " or "
    parts = [describe(part) if isinstance(part, FieldTest | Not) else f"({describe(part)})" for part in condition.parts]
    return joiner.join(parts) or ("always" if isinstance(condition, All) else "never")


class ConditionShape(Shape[Condition]):
    """`{all: […]} | {any: […]} | {not: …} | {FIELD: TEST, …}`; `fields` narrows what may be tested."""

    def __init__(self, fields: tuple[str, ...] = ()) -> None:
        self._fields = fields

    def read(self, node: Node, notes: Notes) -> Condition:
        """Read a condition; commas between fields mean all."""
        if not isinstance(node, MappingNode):
            mend = "write {field: value}, or {} for always"
            raise notes.broken(node, "condition.mapping", f"a condition is expected, not {described(node)}", mend)
        joiner = next((key for key, _ in node.entries if key.text in _JOINERS), None)
        if joiner is None:
            return _all(collected(((_Entry.node(pair), _Entry(self, pair)) for pair in node.entries), notes))
        if len(node.entries) > 1:
            mend = f"put the rest beside it in a list: {{all: [{{{joiner.text}: …}}, {{field: value}}]}}"
            raise notes.broken(joiner, "condition.joined", f"`{joiner.text}` must be the only key here", mend)
        return self._joined(joiner, node.entries[0][1], notes)

    def _joined(self, joiner: Scalar, value: Node, notes: Notes) -> Condition:
        """Read what stands behind all, any or not."""
        if joiner.text == "not":
            return Not(self.read(value, notes))
        parts = ListOf(self, f"`{joiner.text}`").read(value, notes)
        return All(parts) if joiner.text == "all" else AnyOf(parts)

    def test(self, key: Scalar, node: Node, notes: Notes) -> Condition:
        """Read the tests of one field."""
        if self._fields and key.text not in self._fields:
            message = f"`{key.text}` cannot be tested here"
            raise notes.broken(key, "field.place", message, suggestion(key.text, self._fields))
        if not isinstance(node, MappingNode):
            return FieldTest(key.text, Op.IN, _values(key, node, notes), Line(key.line, key.column))
        if not node.entries:
            raise notes.broken(node, "test.empty", f"nothing is asked of `{key.text}`", "write {in: [...]} or {gte: 1}")
        return _all(collected(((_Operator.node(pair), _Operator(key, pair)) for pair in node.entries), notes))

    def schema(self) -> JsonSchema:
        """The grammar, by reference to itself for nesting."""
        fields: JsonSchema = {"$ref": "#/$defs/test"}
        plain: JsonSchema = {"type": "object", "not": {"anyOf": [{"required": [joiner]} for joiner in _JOINERS]}}
        if self._fields:
            plain |= {"properties": dict.fromkeys(self._fields, fields), "additionalProperties": False}
        else:
            plain |= {"additionalProperties": fields}
        itself = {"$ref": "#/$defs/condition"}
        many = {"type": "array", "items": itself}
        joined = {"all": many, "any": many, "not": itself}
        alone = [
            {"type": "object", "properties": {key: value}, "required": [key], "additionalProperties": False}
            for key, value in joined.items()
        ]
        return {"anyOf": [plain, *alone]}


def _all(parts: tuple[Condition, ...]) -> Condition:
    """Join parts; a single one stands for itself."""
    return parts[0] if len(parts) == 1 else All(parts)


@dataclass(frozen=True, slots=True)
class _Entry(Shape[Condition]):
    """One `FIELD: TEST` of a condition."""

    condition: ConditionShape
    pair: tuple[Scalar, Node]

    @staticmethod
    def node(pair: tuple[Scalar, Node]) -> Node:
        """The node that the entry is read from."""
        return pair[1]

    def read(self, node: Node, notes: Notes) -> Condition:
        """Read the field's tests."""
        return self.condition.test(self.pair[0], node, notes)

    def schema(self) -> JsonSchema:
        """Any test."""
        return TEST_SCHEMA


@dataclass(frozen=True, slots=True)
class _Operator(Shape[Condition]):
    """One `OP: VALUES` of a field."""

    field: Scalar
    pair: tuple[Scalar, Node]

    @staticmethod
    def node(pair: tuple[Scalar, Node]) -> Node:
        """The node that the operator's values are read from."""
        return pair[1]

    def read(self, node: Node, notes: Notes) -> Condition:
        """Read one operator with what it compares to."""
        key, field_name = self.pair[0], self.field.text
        if key.text not in set(Op):
            message = f"`{key.text}` is no test"
            raise notes.broken(key, "test.unknown", message, suggestion(key.text, list(Op)))
        op, kind = Op(key.text), kind_of(field_name)
        if op not in _OPS[kind]:
            mend = f"tests for it are {', '.join(sorted(_OPS[kind]))}"
            raise notes.broken(key, "test.kind", f"`{op}` does not fit `{field_name}`, which is a {kind}", mend)
        if op is Op.KNOWN:
            return FieldTest(field_name, op, (Flag().read(node, notes),), Line(key.line, key.column))
        if op in _NUMBER_OPS:
            return FieldTest(field_name, op, (Whole("a number").read(node, notes),), Line(key.line, key.column))
        return FieldTest(field_name, op, _values(self.field, node, notes), Line(key.line, key.column))

    def schema(self) -> JsonSchema:
        """Any test."""
        return TEST_SCHEMA


def _values(key: Scalar, node: Node, notes: Notes) -> tuple[Value, ...]:
    """Read one value or a list, of the kind that the field has."""
    if isinstance(node, Scalar) and node.kind is ScalarKind.NULL:
        mend = f"write {{{key.text}: {{known: false}}}} for an unknown one"
        raise notes.broken(node, "value.blank", f"`{key.text}` is compared to nothing", mend)
    shape = _VALUE_SHAPES[kind_of(key.text)]
    items = node.items if isinstance(node, Sequence) else (node,)
    values: list[Value] = []
    broken = False
    for item in items:
        try:
            values.append(shape.read(item, notes))
        except Broken:
            broken = True
    if broken:
        raise Broken
    return tuple(values)


_VALUE_SHAPES: Final[dict[FieldKind, Shape[str] | Shape[int] | Shape[bool]]] = {
    FieldKind.WORD: Word("a word"),
    FieldKind.NUMBER: Whole("a number"),
    FieldKind.FLAG: Flag(),
}

_VALUE: Final[JsonSchema] = {"type": ["string", "integer", "boolean"]}
_VALUES: Final[JsonSchema] = {"anyOf": [_VALUE, {"type": "array", "items": _VALUE}]}
_BOUND: Final[JsonSchema] = {"type": "integer", "minimum": 0}

TEST_SCHEMA: Final[JsonSchema] = {
    "anyOf": [
        *_VALUES["anyOf"],
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {
                Op.IN: _VALUES,
                Op.NOT_IN: _VALUES,
                Op.STARTS_WITH: _VALUES,
                Op.KNOWN: {"type": "boolean"},
                **dict.fromkeys((Op.GTE, Op.GT, Op.LTE, Op.LT), _BOUND),
            },
        },
    ]
}

ANY_FIELD: Final = ConditionShape()
CONDITION: Final[Reference[Condition]] = Reference("condition", lambda: ANY_FIELD)

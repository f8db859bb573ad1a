"""Conditions joined flat: what reads well, and what can be compared."""

from typing import Final

from shared.policy.condition import All, AnyOf, Condition, FieldTest, Op

ALWAYS: Final = All(())
NEVER: Final = AnyOf(())


def every(*parts: Condition) -> Condition:
    """All parts, flat, each once; one alone stands for itself, and lists of what a field must not be are joined."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, All) else (part,))]
    if NEVER in flat:
        return NEVER
    flat = _merged(flat, Op.NOT_IN)
    return flat[0] if len(flat) == 1 else All(tuple(flat))


def some(*parts: Condition) -> Condition:
    """Any of the parts, flat, each once; one alone stands for itself, and lists of what a field may be are joined."""
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, AnyOf) else (part,))]
    if ALWAYS in flat:
        return ALWAYS
    flat = _merged(flat, Op.IN)
    return flat[0] if len(flat) == 1 else AnyOf(tuple(flat))


def _merged(parts: list[Condition], op: Op) -> list[Condition]:
    """Parts without repeats; the tests of one field by `op` become one, at the place of the first."""
    merged: dict[Condition | str, Condition] = {}
    for part in parts:
        if not isinstance(part, FieldTest) or part.op is not op:
            merged.setdefault(part, part)
            continue
        before = merged.get(part.field)
        values = (*before.values, *part.values) if isinstance(before, FieldTest) else part.values
        merged[part.field] = FieldTest(part.field, op, tuple(dict.fromkeys(values)))
    return list(merged.values())


def unknown(field: str) -> FieldTest:
    """The field has no value."""
    return FieldTest(field, Op.KNOWN, (False,))


def known(field: str) -> FieldTest:
    """The field has a value."""
    return FieldTest(field, Op.KNOWN, (True,))

"""What Salesforce does, said a second time and as plainly as possible: a record, and whether an entry takes it.

A record holds every field; an empty one is a blank text, an empty number None, an empty multi-select picklist nothing.
Words compare without regard to case, and by the same normal forms that leads are brought to.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.fixtures.salesforce_texts import Criterion

Record = Mapping[str, object]

_FORMS = {
    "us": "us", "usa": "us", "united states": "us", "germany": "de", "deutschland": "de", "canada": "ca country",
    "california": "ca", "new york": "ny", "banking": "finance", "hospital": "medical", "healthcare": "medical",
}  # fmt: skip


def same(one: str, other: str) -> bool:
    """Whether two texts are one word."""
    first, second = one.strip().casefold(), other.strip().casefold()
    return _FORMS.get(first, first) == _FORMS.get(second, second)


def takes(record: Record, criterion: Criterion) -> bool:
    """Whether a record meets a criterion."""
    values = (criterion.value or "").split(",")
    found = record[criterion.field]
    opposite = {"notEqual": "equals", "notContain": "contains", "excludes": "includes"}.get(criterion.operation)
    if opposite:
        return not takes(record, Criterion(criterion.field, opposite, criterion.value))
    if isinstance(found, frozenset):
        return any(all(one in found for one in value.split(";")) for value in values)
    if isinstance(found, str):
        return _text(found, criterion.operation, values)
    if isinstance(found, bool):
        return any(found is (value == "True") for value in values)
    return _number(found if isinstance(found, int) else None, criterion.operation, values)


def _text(text: str, operation: str, values: Sequence[str]) -> bool:
    if operation == "equals":
        return any(same(text, value) for value in values)
    if operation == "contains":
        return any(value.casefold() in text.casefold() for value in values)
    return any(text.casefold().startswith(value.casefold()) for value in values)


def _number(found: int | None, operation: str, values: Sequence[str]) -> bool:
    if found is None:
        return operation == "equals" and "" in values
    if operation == "equals":
        return any(value != "" and found == float(value) for value in values)
    compare: dict[str, Callable[[float], bool]] = {
        "lessThan": lambda bound: found < bound,
        "greaterThan": lambda bound: found > bound,
        "lessOrEqual": lambda bound: found <= bound,
        "greaterOrEqual": lambda bound: found >= bound,
    }
    return compare[operation](float(values[0]))


@dataclass(frozen=True)
class Asked:
    """A tree of criteria with the same tree written down, as filter logic or as a formula."""

    text: str
    holds: Callable[[Record], bool]

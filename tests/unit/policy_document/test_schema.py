"""The JSON Schema for editors."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from shared.policy.schema import policy_schema, render_schema

_COMMITTED = Path(__file__).parents[3] / "shared" / "policy" / "policy.schema.json"
_TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value meets a schema, by the keywords that the policy's schema uses."""
    if "$ref" in schema:
        return fits(value, policy_schema()["$defs"][schema["$ref"].rpartition("/")[2]])
    types = schema.get("type", [])
    named = [types] if isinstance(types, str) else types
    if named and not any(isinstance(value, _TYPES[name]) for name in named):
        return False
    checks = (
        "enum" not in schema or value in schema["enum"],
        "const" not in schema or value == schema["const"],
        "anyOf" not in schema or any(fits(value, one) for one in schema["anyOf"]),
        "not" not in schema or not fits(value, schema["not"]),
        not isinstance(value, str) or re.search(schema.get("pattern", ""), value) is not None,
        not isinstance(value, str) or len(value) >= schema.get("minLength", 0),
        not isinstance(value, int | float) or value >= schema.get("minimum", value),
        not isinstance(value, list) or all(fits(item, schema.get("items", {})) for item in value),
        not isinstance(value, dict) or object_fits(value, schema),
    )
    return all(checks)


def object_fits(value: dict[str, Any], schema: dict[str, Any]) -> bool:
    """Whether a mapping has the keys that a schema asks for, and no others."""
    properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    rest = schema.get("additionalProperties", {})
    for key, item in value.items():
        named = [properties[key]] if key in properties else []
        named += [one for pattern, one in patterns.items() if re.search(pattern, key)]
        if not named and rest is False:
            return False
        if not all(fits(item, one) for one in (named or [rest])):
            return False
    return set(schema.get("required", ())) <= set(value) and len(value) >= schema.get("minProperties", 0)


def load(text: str) -> Any:
    """A document as an editor sees it: dates stay words."""
    return YAML(typ="safe", pure=True).load(re.sub(r"\b(\d{4}-\d\d-\d\d)\b", r'"\1"', text))


def test_the_committed_schema_is_current() -> None:
    """The file that editors read is what the shapes say today; `render_schema` of shared.policy.schema writes it."""
    assert _COMMITTED.read_text(encoding="utf-8") == render_schema()


def test_the_example_meets_the_schema(example_text: str) -> None:
    """An editor finds nothing to underline in the example."""
    assert fits(load(example_text), policy_schema())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("strategy: weighted", "strategy: wieghted"),
        ("after: 10m", "after: 10"),
        ("when: {product: GTK 500}", "when: {product: {is: GTK 500}}"),
        ("when: {product: GTK 500}", "when: {all: [], product: GTK 500}"),
        ("to: pool:gtk", "to: pols:gtk"),
        ("precedence:", "precedents:"),
        ("to: pool:gtk", "two: pool:gtk"),
        ("mon-fri", "mon-fry"),
    ],
)
def test_the_schema_refuses_what_reading_refuses(example_text: str, old: str, new: str) -> None:
    """What the reader would refuse, an editor underlines."""
    assert not fits(load(example_text.replace(old, new, 1)), policy_schema())

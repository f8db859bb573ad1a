"""The page on policies: its examples are read by the code, and it names every key, test, target and finding."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from shared.domain.target import TARGET_FORMS
from shared.policy.check import check_policy
from shared.policy.condition import Op
from shared.policy.document import PolicyDocument
from shared.policy.errors import Severity
from shared.policy.fields import FIELDS
from shared.policy.lint.names import EVENTS
from shared.policy.parse import parse_policy
from shared.policy.schema import policy_schema


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    """The page as it is written."""
    return (root / "docs/policy.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def smallest(page: str) -> str:
    """The first example, a policy of its own."""
    return _examples(page)[0]


@pytest.fixture(scope="module")
def whole(page: str) -> str:
    """All further examples, which together are one policy."""
    return "".join(_examples(page)[1:])


def _examples(page: str) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def _section(page: str, heading: str) -> str:
    return page.partition(f"{heading}\n")[2].partition("\n#")[0]


def _first_cells(text: str) -> list[str]:
    """Return the code in the first cell of every row."""
    rows = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    return [code for row in rows for code in re.findall(r"`([^`]+)`", row)]


def test_the_smallest_policy_can_be_activated(smallest: str) -> None:
    """A newcomer's first policy has no finding at all, and less than ten lines."""
    document = parse_policy(smallest)

    assert [str(finding) for finding in check_policy(document)] == []
    assert len(smallest.splitlines()) < 10


def test_the_examples_are_one_policy_without_errors(whole: str) -> None:
    """What the page shows, section by section, is read as one document and refused by nothing."""
    document = parse_policy(whole)

    findings = check_policy(document)

    assert isinstance(document, PolicyDocument)
    assert [str(one) for one in findings if one.severity is Severity.ERROR] == []


def test_every_key_has_an_example(whole: str) -> None:
    """No key of the shape is left to guessing."""
    shown = _keys(YAML(typ="safe", pure=True).load(whole))

    assert _schema_keys(policy_schema()) - shown == set()


def _keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {str(key) for key in value} | {key for item in value.values() for key in _keys(item)}
    return {key for item in value for key in _keys(item)} if isinstance(value, list) else set()


def _schema_keys(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return {key for item in schema for key in _schema_keys(item)}
    if not isinstance(schema, dict):
        return set()
    own = set(schema.get("properties", {}))
    return own | {key for item in schema.values() for key in _schema_keys(item)}


def test_every_field_of_conditions_is_listed(page: str) -> None:
    """The table of fields has each with its kind and tier."""
    rows = re.findall(r"^\| `(\w+)` \| (word|number|flag) \| (\w+) \|$", page, re.MULTILINE)

    assert {field: (str(kind), str(tier)) for field, (kind, tier) in FIELDS.items()} == {
        field: (kind, tier) for field, kind, tier in rows
    }


def test_every_test_of_conditions_is_listed(page: str) -> None:
    """The table of tests has each of them."""
    section = _section(page, "### Conditions").partition("| field |")[0]

    assert {str(op) for op in Op} == set(_first_cells(section))


def test_every_target_is_listed(page: str) -> None:
    """The table of targets has every form."""
    assert set(TARGET_FORMS) == set(_first_cells(_section(page, "### Targets")))


def test_every_finding_is_listed(root: Path, page: str) -> None:
    """Whoever meets a code in the output of the check can look it up, under the severity that it has."""
    sources = [path.read_text(encoding="utf-8") for path in (root / "shared/policy").rglob("*.py")]
    codes = {code for text in sources for code in re.findall(r'"([a-z]+\.[a-z_]+)"', text)} - set(EVENTS)
    warnings = {code for text in sources for code in re.findall(r'\bwarning\(\s*"([a-z]+\.[a-z_]+)"', text)}
    infos = {code for text in sources for code in re.findall(r'\binfo\(\s*"([a-z]+\.[a-z_]+)"', text)}

    listed = _first_cells(page.partition("## Findings")[2])

    assert sorted(codes) == sorted(listed)
    assert warnings == set(_first_cells(_section(page, "### Warnings")))
    assert infos >= set(_first_cells(_section(page, "### Info")))

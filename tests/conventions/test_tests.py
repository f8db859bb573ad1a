"""What every test owes its reader."""

import ast
import re
from typing import Any

#: Written so that this file does not find itself.
_FORBIDDEN = {
    "sleeps": re.compile(r"time\." + r"sleep\("),
    "patches": re.compile(r"mock\." + r"patch|Magic" + r"Mock|monkeypatch\." + r"setattr"),
    "is left out": re.compile(r"pytest\.mark\." + r"(skip|xfail)"),
}


def _tests(source: Any) -> list[ast.FunctionDef]:
    return [function for function in source.functions() if function.name.startswith("test_")]


def test_every_test_says_what_must_be_true(tests: list[Any]) -> None:
    """Its docstring is one sentence or more, with a full stop."""
    silent = [
        f"{source.path}:{test.lineno} {test.name}"
        for source in tests
        for test in _tests(source)
        if not (ast.get_docstring(test) or "").rstrip().endswith(".")
    ]

    assert silent == []


def test_every_test_can_fail(tests: list[Any]) -> None:
    """It asserts, or expects an error, or calls a function of its file that does."""
    harmless = []
    for source in tests:
        judges = "".join(rf"|\b{function.name}\(" for function in source.functions() if _judges(source, function))
        can_fail = re.compile(r"\bassert\b|pytest\.raises|eventually\(" + judges)
        harmless += [
            f"{source.path}:{test.lineno} {test.name}"
            for test in _tests(source)
            if not can_fail.search((ast.get_source_segment(source.text, test) or "").partition("\n")[2])
        ]

    assert harmless == []


def _judges(source: Any, function: ast.FunctionDef) -> bool:
    text = ast.get_source_segment(source.text, function) or ""
    return not function.name.startswith("test_") and bool(re.search(r"\b(assert|raise)\b", text))


def test_tests_wait_on_conditions_and_take_their_fakes_as_parameters(tests: list[Any]) -> None:
    """No sleeping, no patching, nothing skipped by a mark."""
    found = [
        f"{source.path} {what}"
        for source in tests
        for what, pattern in _FORBIDDEN.items()
        if pattern.search(source.text)
    ]

    assert found == []


def test_tests_are_functions(tests: list[Any]) -> None:
    """Fixtures share what tests share; classes would hide it."""
    classes = [
        f"{source.path}:{node.lineno} {node.name}"
        for source in tests
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test")
    ]

    assert classes == []

"""The size and the names of things: what keeps a stranger oriented."""

import ast
import re
import sys
from typing import Any

#: Beyond this a file is a package in disguise.
_FILE_LINES = 400
#: What fits on a screen together with its docstring.
_FUNCTION_LINES = 30
#: A task claims, loads, decides, applies and hands on; whatever is longer does one of these itself.
_TASK_LINES = 15

#: Names that say nothing of what is inside.
_EMPTY_NAMES = re.compile(r"(^|/)(utils?|common|helpers?|managers?|services?|base|misc|tools)(\.py|/)")


def _lines(source: Any, function: ast.FunctionDef) -> int:
    """Count the lines of code of a function from its `def` on: no comments, no docstring, no statement's text."""
    texts = {
        line
        for node in ast.walk(function)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for line in range(node.lineno + 1, (node.end_lineno or node.lineno) + 1)
    }
    all_lines = enumerate(source.text.splitlines(), start=1)
    return sum(
        function.lineno <= number <= (function.end_lineno or number)
        and number not in texts
        and not re.match(r"\s*(#.*)?$", line)
        for number, line in all_lines
    )


def _is_task(function: ast.FunctionDef) -> bool:
    return any("batch_task" in ast.dump(decorator) for decorator in function.decorator_list)


def test_no_file_is_longer_than_a_person_reads(product: list[Any], tests: list[Any]) -> None:
    """A file of more than 400 lines becomes a package of the same name."""
    long = {source.path: len(source.text.splitlines()) for source in [*product, *tests]}

    assert {path: lines for path, lines in long.items() if lines > _FILE_LINES} == {}


def test_every_name_says_what_is_inside(product: list[Any], tests: list[Any]) -> None:
    """No module is called utils, common, helpers, manager, service, base or misc."""
    assert [source.path for source in [*product, *tests] if _EMPTY_NAMES.search(source.path)] == []


def test_no_function_is_longer_than_a_screen(product: list[Any]) -> None:
    """At most 30 lines of code, not counting comments, docstrings and the text of statements."""
    long = {
        f"{source.path}:{function.lineno} {function.name}": _lines(source, function)
        for source in product
        for function in source.functions()
    }

    assert {place: lines for place, lines in long.items() if lines > _FUNCTION_LINES} == {}


def test_a_task_is_thin(product: list[Any]) -> None:
    """A task of at most 15 lines holds no rules and no statements."""
    tasks = {
        f"{source.path}:{function.lineno} {function.name}": _lines(source, function)
        for source in product
        for function in source.functions()
        if _is_task(function)
    }

    assert tasks
    assert {place: lines for place, lines in tasks.items() if lines > _TASK_LINES} == {}


def test_the_nouns_import_the_standard_library_only(product: list[Any]) -> None:
    """The domain can be read, tested and moved without anything else."""
    foreign = {
        (source.path, module)
        for source in product
        if source.path.startswith("shared/domain/")
        for node in ast.walk(source.tree)
        for module in _imported(node)
        if module.partition(".")[0] not in sys.stdlib_module_names
        and not module.startswith(("shared.domain", "shared.errors"))
    }

    assert foreign == set()


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []

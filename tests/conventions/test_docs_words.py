"""Words, decisions and the life of a lead: defined once, listed completely, and as the code has them."""

import re
from pathlib import Path

import pytest

from shared.domain.lead import MOVES, Status
from shared.policy.compile import HeldKind
from shared.routing.policy.place import CLOSED, NO_ONE_AVAILABLE

#: What each of the two teams must mean by the same word (requirement R038).
_AGREED_WORDS = ("qualified", "accepted", "contacted", "rejected", "recycled")

#: The headings of a decision, in order.
_HEADINGS = ["Context", "Decision", "Consequences", "Alternatives", "References"]
#: A decision is one page.
_PAGE_LINES = 70


def _read(root: Path, name: str) -> str:
    return (root / "docs" / name).read_text(encoding="utf-8")


@pytest.fixture
def glossary(root: Path) -> list[tuple[str, str]]:
    """Every word with its definition."""
    parts = re.split(r"^### (.+)$", _read(root, "glossary.md"), flags=re.MULTILINE)[1:]
    return [(word.casefold(), text.strip()) for word, text in zip(parts[::2], parts[1::2], strict=True)]


def test_a_word_is_defined_once_and_in_its_place(glossary: list[tuple[str, str]]) -> None:
    """The glossary is in the order of the alphabet, without repeats."""
    words = [word for word, _ in glossary]

    assert sorted(set(words)) == words


def test_a_word_has_one_definition_of_its_own(glossary: list[tuple[str, str]]) -> None:
    """One paragraph, a sentence or more, and not that of another word."""
    poor = [word for word, text in glossary if "\n\n" in text or len(text.split()) < 3 or not text.endswith(".")]

    assert poor == []
    assert len({text for _, text in glossary}) == len(glossary)


def test_the_agreed_words_and_every_status_are_defined(glossary: list[tuple[str, str]]) -> None:
    """Marketing and sales read the same definition, and nobody has to guess what a status means."""
    words = {word for word, _ in glossary}

    assert {*_AGREED_WORDS, *map(str, Status)} - words == set()


def test_a_word_in_italics_has_an_entry(glossary: list[tuple[str, str]]) -> None:
    """Whoever follows a reference finds it, in the singular or the plural."""
    words = {word for word, _ in glossary}
    used = {found.casefold() for _, text in glossary for found in re.findall(r"\*([^*]+)\*", text)}

    assert {word for word in used if not {word, word.removesuffix("s"), word.replace("ies", "y")} & words} == set()


def test_the_index_of_decisions_is_complete(root: Path) -> None:
    """Every decision stands in the index with its title, in the order of the numbers, none is left out."""
    listed = re.findall(
        r"^\| \[(\d{4})\]\(([\w-]+\.md)\) \| (.+) \|$", _read(root, "decisions/README.md"), re.MULTILINE
    )
    files = sorted(path.name for path in (root / "docs/decisions").glob("[0-9]*.md"))
    titles = [_read(root, f"decisions/{name}").partition("\n")[0] for name in files]

    assert files == [name for _, name, _ in listed]
    assert titles == [f"# {number} {title}" for number, _, title in listed]
    assert [int(number) for number, _, _ in listed] == list(range(1, len(files) + 1))


def test_a_decision_has_the_five_headings(root: Path) -> None:
    """Each says when it was taken, whether it stands, and fits on one page; so does the template."""
    for path in [*(root / "docs/decisions").glob("[0-9]*.md"), root / "docs/decisions/template.md"]:
        text = path.read_text(encoding="utf-8")

        assert (path.name, _HEADINGS) == (path.name, re.findall(r"^## (.+)$", text, re.MULTILINE))
        assert re.search(r"^Date: \S+\. Status: ", text, re.MULTILINE)
        assert len(text.splitlines()) <= _PAGE_LINES


def test_the_diagram_of_a_lead_is_what_the_code_allows(root: Path) -> None:
    """The arrows of the page and `MOVES` are the same; one from a group stands for one from each member."""
    diagram = _read(root, "lead-lifecycle.md").partition("```mermaid\n")[2].partition("```")[0]
    group, inside = re.findall(r"state (\w+) \{\n(.*?)\n    \}", diagram, re.DOTALL)[0]
    members = {word for line in inside.splitlines() for word in line.split() if word != "-->"}
    members -= {word for word in members if f"--> {word}" in inside and f"{word} -->" not in inside}

    arrows = set(re.findall(r"^ +(\w+) --> (\w+)$", diagram, re.MULTILINE))
    drawn = {(one, to) for first, to in arrows for one in (members if first == group else {first})}

    assert {(str(first), str(to)) for first, targets in MOVES.items() for to in targets} == drawn
    assert {str(status) for status, targets in MOVES.items() if not targets} == set(
        re.findall(r"^ +(\w+) --> \[\*\]$", diagram, re.MULTILINE)
    )


def test_every_status_is_explained(root: Path) -> None:
    """The table of statuses has each of them, in the order of the code."""
    rows = _read(root, "lead-lifecycle.md").partition("## The statuses")[2].partition("\n## ")[0]

    assert [str(status) for status in Status] == re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE)


def test_every_reason_to_hold_a_lead_is_explained(root: Path) -> None:
    """Whoever finds a lead in an exception queue can look its reason up."""
    section = _read(root, "lead-lifecycle.md").partition("## Why a lead is held")[2]
    reasons = {found.partition(":")[0] for found in re.findall(r"^\| `([\w:,…]+)` \|", section, re.MULTILINE)}

    assert {*map(str, HeldKind), NO_ONE_AVAILABLE, CLOSED, "owner_departed", "cannot_be_processed"} - reasons == set()

"""What a page is made of, whatever it is written as."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.domain.target import Target
from shared.policy.wording import target_parts


@dataclass(frozen=True, slots=True)
class Code:
    """A name as the policy or a command writes it."""

    text: str


#: A line of text: words and names.
Text = tuple[str | Code, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph."""

    text: Text


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list; `numbered` where the order means something."""

    items: tuple[Text, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table; a cell holds one or more lines."""

    columns: tuple[str, ...]
    rows: tuple[tuple[tuple[Text, ...], ...], ...]
    title: str = ""


Block = Paragraph | Bullets | Table


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of the page under its heading."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page."""

    title: str
    subtitle: str
    chapters: tuple[Chapter, ...]


def place(target: Target) -> Text:
    """Say where a target sends a lead."""
    words, name = target_parts(target)
    return (f"{words} ", Code(name)) if name else (words,)


def joined(texts: Iterable[Text], joiner: str) -> Text:
    """Put lines of text into one."""
    parts: list[str | Code] = []
    for text in texts:
        parts += [joiner, *text] if parts else text
    return tuple(parts)


def paragraph(*parts: str | Code) -> Paragraph:
    """Return a paragraph of words and names."""
    return Paragraph(parts)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> Table:
    """Return a table without its empty columns; a cell is text, a name, a `Text`, or a list of such lines."""
    cells = [[_lines(cell) for cell in row] for row in rows]
    kept = [number for number in range(len(columns)) if number == 0 or any(any(row[number]) for row in cells)]
    return Table(
        tuple(columns[number] for number in kept), tuple(tuple(row[number] for number in kept) for row in cells), title
    )


def _lines(cell: object) -> tuple[Text, ...]:
    if isinstance(cell, list):
        return tuple(line for one in cell for line in _lines(one))
    if isinstance(cell, tuple):
        return (cell,) if cell else ()
    if isinstance(cell, Code):
        return ((cell,),)
    text = "" if cell is None else str(cell)
    return ((text,),) if text else ()

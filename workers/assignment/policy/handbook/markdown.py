"""The page as Markdown that any viewer of tables shows; what the policy says is text and never markup."""

import re

from workers.assignment.policy.handbook.blocks import Block, Bullets, Code, Page, Paragraph, Table, Text

#: Signs that would be taken for markup somewhere in a line; an underscore within a word is none.
_SPECIAL = re.compile(r"([\\`*\[\]<>|~&]|(?<!\w)_|_(?!\w))")
#: Signs that make a heading, a list or a rule at the start of a line.
_AT_START = re.compile(r"^([#+=-]|\d+(?=[.)]))")


def as_markdown(page: Page) -> str:
    """Return the whole page."""
    parts = [f"# {_plain(page.title)}", _start((page.subtitle,))]
    for chapter in page.chapters:
        parts.append(f"## {_plain(chapter.title)}")
        parts += [text for block in chapter.blocks if (text := _block(block))]
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        return _start(block.text)
    if isinstance(block, Bullets):
        signs = [f"{number}." if block.numbered else "-" for number in range(1, len(block.items) + 1)]
        return "\n".join(f"{sign} {_start(item)}" for sign, item in zip(signs, block.items, strict=True))
    return _table(block)


def _table(block: Table) -> str:
    if not block.rows:
        return ""
    lines = [block.columns, tuple("---" for _ in block.columns)]
    lines += [tuple("<br>".join(map(_text, cell)) for cell in row) for row in block.rows]
    title = [f"### {_plain(block.title)}\n"] if block.title else []
    return "\n".join([*title, *(f"| {' | '.join(line)} |" for line in lines)])


def _start(text: Text) -> str:
    """Write text at the start of a line, where it must not look like a heading or a list."""
    return _AT_START.sub(lambda found: f"\\{found[1]}" if found[1] in "#+=-" else f"{found[1]}\\", _text(text).lstrip())


def _text(text: Text) -> str:
    return "".join(_code(part.text) if isinstance(part, Code) else _plain(part) for part in text)


def _code(name: str) -> str:
    """Write a name as code; one with a back-tick or a bar, which would end the span or the cell, as plain text."""
    return _plain(name) if {"`", "|"} & set(name) else f"`{' '.join(name.split())}`"


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", re.sub(r"\s+", " ", text))

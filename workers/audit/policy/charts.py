"""Plots as inline SVG: bars with their values, drawn from names and numbers; pure."""

from collections.abc import Sequence
from html import escape

#: Units of the drawing, which scales to the width of the page.
_WIDTH, _LABEL, _ROW, _VALUE = 780, 250, 26, 130
#: Letters of a name that fit before the bars; the whole name shows when the pointer rests on it.
_LETTERS = 30


def bars(title: str, rows: Sequence[tuple[str, float, str]]) -> str:
    """Return horizontal bars from (name, value, value as people read it); nothing for no rows."""
    if not rows:
        return ""
    most = max(value for _, value, _ in rows) or 1.0
    height = _ROW * len(rows) + 4
    drawn = "".join(_bar(number, row, most) for number, row in enumerate(rows))
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{escape(title, quote=True)}">{drawn}</svg></figure>'
    )


def _bar(number: int, row: tuple[str, float, str], most: float) -> str:
    name, value, words = row
    shown = name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…"
    top, length = number * _ROW + 4, max(0.0, value) / most * (_WIDTH - _LABEL - _VALUE)
    return (
        f"<g><title>{escape(name)}</title>"
        f'<text x="{_LABEL - 10}" y="{top + 14}" text-anchor="end">{escape(shown)}</text></g>'
        f'<rect x="{_LABEL}" y="{top}" width="{length:.1f}" height="{_ROW - 8}" rx="2"/>'
        f'<text x="{_LABEL + length + 8:.1f}" y="{top + 14}">{escape(words)}</text>'
    )

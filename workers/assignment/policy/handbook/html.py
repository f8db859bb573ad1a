"""The page as HTML that needs nothing else: no script, no network, readable by light, by dark and on paper."""

from html import escape

from workers.assignment.policy.handbook.blocks import Block, Bullets, Chapter, Code, Page, Paragraph, Table, Text

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2733;--soft:#5b6b7b;--line:#d9e0e7;--paper:#fff;--tint:#f3f6f9;--mark:#2f6fb2}
@media(prefers-color-scheme:dark){
:root{--ink:#e4eaf0;--soft:#9aa8b6;--line:#35414d;--paper:#151b21;--tint:#1d252d;--mark:#6aa5e0}}
*{box-sizing:border-box}html{scroll-behavior:smooth}
body{font:15px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:0}
.page{display:grid;grid-template-columns:15rem minmax(0,70rem);gap:2.5rem;padding:2rem}
nav{position:sticky;top:2rem;align-self:start;font-size:.9rem}nav ol{list-style:none;margin:0;padding:0}
nav li{margin:.35rem 0}a{color:var(--mark);text-decoration:none}a:hover{text-decoration:underline}
h1{font-size:1.7rem;margin:0}
h2{font-size:1.25rem;margin:2.6rem 0 .6rem;padding-top:.4rem;border-top:2px solid var(--line)}
h3{font-size:1rem;margin:1.4rem 0 .4rem}.soft{color:var(--soft)}
.wide{overflow-x:auto}table{border-collapse:collapse;min-width:min(100%,34rem);font-size:.93rem}
th,td{padding:.4rem .7rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{color:var(--soft);font-weight:600;white-space:nowrap}td p{margin:0 0 .15rem}
tbody tr:hover{background:var(--tint)}
code{font:.9em ui-monospace,monospace;background:var(--tint);padding:.05rem .3rem;border-radius:.25rem}
@media(max-width:60rem){.page{display:block;padding:1rem}nav{position:static;margin-bottom:1.5rem}}
@media print{nav{display:none}.page{display:block;padding:0}.wide{overflow:visible}tr{break-inside:avoid}}
"""


def as_html(page: Page) -> str:
    """Return the whole page."""
    links = "".join(f'<li><a href="#{_anchor(one)}">{escape(one.title)}</a></li>' for one in page.chapters)
    chapters = "".join(map(_chapter, page.chapters))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(page.title)}</title><style>{_STYLE}</style></head><body><div class=page>"
        f"<nav><ol>{links}</ol></nav><main><h1>{escape(page.title)}</h1>"
        f'<p class="soft">{escape(page.subtitle)}</p>{chapters}</main></div></body></html>\n'
    )


def _anchor(chapter: Chapter) -> str:
    return "".join(sign for sign in chapter.title.lower().replace(" ", "-") if sign.isalnum() or sign == "-")


def _chapter(chapter: Chapter) -> str:
    blocks = "".join(map(_block, chapter.blocks))
    return f'<section id="{_anchor(chapter)}"><h2>{escape(chapter.title)}</h2>{blocks}</section>'


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        return f"<p>{_text(block.text)}</p>"
    if isinstance(block, Bullets):
        name = "ol" if block.numbered else "ul"
        return f"<{name}>{''.join(f'<li>{_text(item)}</li>' for item in block.items)}</{name}>"
    return _table(block)


def _table(block: Table) -> str:
    if not block.rows:
        return ""
    title = f"<h3>{escape(block.title)}</h3>" if block.title else ""
    head = "".join(f"<th>{escape(name)}</th>" for name in block.columns)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in block.rows)
    return f'{title}<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _cell(lines: tuple[Text, ...]) -> str:
    inside = _text(lines[0]) if len(lines) == 1 else "".join(f"<p>{_text(line)}</p>" for line in lines)
    return f"<td>{inside}</td>"


def _text(text: Text) -> str:
    return "".join(f"<code>{escape(part.text)}</code>" if isinstance(part, Code) else escape(part) for part in text)

"""The hand-off report as one HTML page: no script, no network, readable by light and by dark; pure."""

from collections.abc import Sequence
from html import escape

from workers.audit.policy.charts import bars
from workers.audit.policy.layout import Section, Table, arrange, key_figures
from workers.audit.policy.measures import NOT_CARRIED, Measure
from workers.audit.policy.words import behind, group_words, words_of

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2733;--soft:#5b6b7b;--line:#d9e0e7;--paper:#fff;--card:#f3f6f9;--bar:#2f6fb2}
@media(prefers-color-scheme:dark){
:root{--ink:#e4eaf0;--soft:#9aa8b6;--line:#35414d;--paper:#151b21;--card:#1e262e;--bar:#6aa5e0}}
body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:64rem;margin:2rem auto}
body{padding:0 1rem}h1{font-size:1.6rem;margin-bottom:0}h2{font-size:1.2rem;margin:2.4rem 0 .4rem}
p,figcaption,small,.note,th i{color:var(--soft);font-style:normal}small,th i{font-size:.8rem;font-weight:400}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.6rem}
dl div{background:var(--card);border-radius:.4rem;padding:.6rem .8rem}dt{color:var(--soft);font-size:.85rem}
dd{margin:0;font-size:1.25rem;font-weight:600}dd small{display:block}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.6rem 0 1.2rem}
th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th i,td small{display:block}td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
td.number,td.rests{white-space:nowrap}figure{margin:1.4rem 0}figcaption{margin-bottom:.3rem}
table.few{width:auto;min-width:26rem}
svg{width:100%;height:auto}svg text{fill:var(--ink);font-size:13px}svg rect{fill:var(--bar)}
"""

#: A table with fewer columns is not drawn over the whole page: the eye would lose the line.
_MANY_COLUMNS = 3
#: The plots: a title and the name of the measures that it shows.
_PLOTS = (
    ("Median time to the first touch by week of arrival", "median first touch", "week"),
    ("Qualified leads by how far they came", "qualified leads that came as far", "stage"),
    ("Delivered leads that nobody worked, by where they stand", "not worked", "place"),
    ("Conversion by response time", "conversion by response time", "response time"),
)


def as_page(measures: Sequence[Measure], title: str, subtitle: str) -> str:
    """Return the whole page."""
    cards = "".join(map(_card, key_figures(measures)))
    plots = "".join(_plot(heading, name, by, measures) for heading, name, by in _PLOTS)
    sections = "".join(map(_section, arrange(measures)))
    missing = "".join(f"<li>{escape(number)}: {escape(why)}</li>" for number, why in NOT_CARRIED)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"<p>{escape(subtitle)}</p><dl>{cards}</dl>{plots}{sections}"
        f"<h2>What the data cannot tell</h2><ul>{missing}</ul></body></html>\n"
    )


def _card(measure: Measure) -> str:
    of = f", {measure.of}" if measure.of not in {"all", "now"} else ""
    return (
        f"<div><dt>{escape(measure.name + of)}</dt>"
        f"<dd>{escape(words_of(measure))}<small>{escape(behind(measure))}</small></dd></div>"
    )


def _plot(heading: str, name: str, by: str, measures: Sequence[Measure]) -> str:
    shown = [one for one in measures if (one.name, one.by) == (name, by) and one.value is not None]
    if by == "place":
        shown.sort(key=lambda one: -(one.value or 0.0))
    # One bar alone compares nothing: its figure stands above and below.
    rows = [(group_words(one.of), one.value or 0.0, words_of(one)) for one in shown]
    return bars(heading, rows) if len(rows) > 1 else ""


def _section(section: Section) -> str:
    figures = "".join(map(_figure, section.figures))
    head = "<th>measure</th><th>of</th><th class=number>value</th><th></th><th>requirement</th>"
    plain = f"<table><thead><tr>{head}</tr></thead><tbody>{figures}</tbody></table>" if figures else ""
    return f"<h2>{escape(section.heading)}</h2>{plain}{''.join(map(_table, section.tables))}"


def _figure(measure: Measure) -> str:
    note = f": {measure.note}" if measure.note else ""
    return (
        f"<tr><td>{escape(measure.name)}</td><td>{escape(measure.of)}</td>"
        f'<td class="number">{escape(words_of(measure))}</td><td class="note rests">{escape(behind(measure))}</td>'
        f'<td class="note">{escape(measure.requirement + note)}</td></tr>'
    )


def _table(table: Table) -> str:
    head = "".join(
        f"<th class=number>{escape(title)}<i>{escape(requirement)}</i></th>" for title, requirement in table.columns
    )
    rows = "".join(
        f"<tr><td>{escape(group_words(group))}</td>{''.join(map(_cell, cells))}</tr>" for group, cells in table.rows
    )
    few = ' class="few"' if len(table.columns) < _MANY_COLUMNS else ""
    return (
        f'<div class="wide"><table{few}><thead><tr><th>{escape(table.title)}</th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _cell(measure: Measure | None) -> str:
    if measure is None or measure.value is None:
        return "<td></td>"
    rests = "; ".join(filter(None, (behind(measure), measure.note)))
    return f'<td class="number">{escape(words_of(measure))}<small>{escape(rests)}</small></td>'

"""The hand-off report as one HTML page: no script, no network, readable by light and by dark; pure."""

from collections.abc import Sequence
from html import escape

from workers.audit.policy.charts import bars
from workers.audit.policy.measures import NOT_CARRIED, Measure

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2733;--soft:#5b6b7b;--line:#d9e0e7;--paper:#fff;--bar:#2f6fb2}
@media(prefers-color-scheme:dark){:root{--ink:#e4eaf0;--soft:#9aa8b6;--line:#35414d;--paper:#151b21;--bar:#6aa5e0}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
body{max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin-bottom:0}h2{font-size:1.15rem;margin-top:2.2rem}p,figcaption,.note{color:var(--soft)}
table{border-collapse:collapse;width:100%}th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);text-align:left}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
figure{margin:1rem 0}svg{width:100%;height:auto}svg text{fill:var(--ink);font-size:13px}svg rect{fill:var(--bar)}
"""

#: The plots: a title and the name of the measures that it shows.
_PLOTS = (
    ("Median time to the first touch by week of arrival", "median first touch"),
    ("Qualified leads by how far they came", "qualified leads that came as far"),
    ("Delivered leads that nobody worked, by where they stand", "not worked"),
    ("Conversion by response time", "conversion by response time"),
)

#: Every table of the page: its heading and the requirements whose measures stand in it.
_SECTIONS = (
    ("Speed", ("R103", "R104", "R066", "R077", "R115", "R105", "R071")),
    ("Delivered against worked", ("R122",)),
    ("Stages and the leak", ("R124", "R127", "R111", "R128", "R126")),
    ("Rates", ("R107", "R113", "R114", "R116", "R117", "R118", "R119", "R120", "R121")),
    ("Sources and paths", ("R109", "R010", "R112", "R123", "R130")),
    ("Reps", ("R108", "R110", "R061")),
    ("Queues, delay and misses", ("R106", "R129")),
    ("Promises of both sides", ("R076",)),
)


def words_of(measure: Measure) -> str:
    """Return the value as people read it."""
    if measure.value is None:
        return "nothing to measure"
    match measure.unit:
        case "share":
            return f"{measure.value:.1%}"
        case "leads":
            return f"{measure.value:,.0f}"
        case _:
            return f"{measure.value:,.1f} {measure.unit}"


def as_page(measures: Sequence[Measure], title: str, subtitle: str) -> str:
    """Return the whole page."""
    plots = "".join(_plot(heading, [one for one in measures if one.name == name]) for heading, name in _PLOTS)
    tables = "".join(
        _section(heading, [one for one in measures if one.requirement in wanted]) for heading, wanted in _SECTIONS
    )
    missing = "".join(f"<li>{escape(number)}: {escape(why)}</li>" for number, why in NOT_CARRIED)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"<p>{escape(subtitle)}</p>{plots}{tables}<h2>What the data cannot tell</h2><ul>{missing}</ul></body></html>\n"
    )


def _plot(heading: str, measures: Sequence[Measure]) -> str:
    shown = [one for one in measures if one.value is not None and not one.of.startswith("arrived")]
    return bars(heading, [(one.of, one.value or 0.0, words_of(one)) for one in shown])


def _section(heading: str, measures: Sequence[Measure]) -> str:
    if not measures:
        return ""
    rows = "".join(
        f"<tr><td>{escape(one.name)}</td><td>{escape(one.of)}</td>"
        f'<td class="number">{escape(words_of(one))}</td><td class="number">{one.n:,}</td>'
        f'<td class="note">{escape(one.requirement)}{escape(": " + one.note if one.note else "")}</td></tr>'
        for one in measures
    )
    return (
        f"<h2>{escape(heading)}</h2><table><thead><tr><th>measure</th><th>of</th><th class=number>value</th>"
        f"<th class=number>n</th><th>requirement</th></tr></thead><tbody>{rows}</tbody></table>"
    )

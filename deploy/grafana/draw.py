"""Draws a dashboard's panels from its own queries, with Vega-Lite: for people who have no Grafana at hand."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from deploy.prometheus.run import Line

#: What a row of Grafana's 24 columns is wide, in pixels, and what a panel is high beside its heading.
_COLUMN = 48
_BESIDE = 64
_HEIGHTS = {"stat": 56, "timeseries": 170, "table": 170}
_COLOURS = {"green": "#37872d", "red": "#c4162a", "orange": "#e0752d", "text": "#3a3f47"}
#: So many lines fit a legend, whether they tell something or not.
_MANY = 4
#: So many letters of a legend fit three times beside each other.
_LONG = 14
#: So many rows of a table are shown.
_ROWS = 8

Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A line of a panel: its name, and its values by instant in seconds."""

    name: str
    points: tuple[tuple[float, float], ...]


#: Answers of a panel, by whoever asks; or the rows of its table.
Asker = Callable[[Spec], list[Answer]]
TableAsker = Callable[[Spec], list[dict[str, Any]]]


def name_of(legend: str, line: Line) -> str:
    """Return what Grafana would call a line."""
    if legend == "__auto":
        return ", ".join(line.labels.values())
    for label, value in line.labels.items():
        legend = legend.replace("{{" + label + "}}", value)
    return legend


def draw(board: Spec, ask: Asker, ask_table: TableAsker) -> Spec:
    """Return the picture of a dashboard, as a Vega-Lite document."""
    rows: list[Spec] = []
    for panel in board["panels"]:
        if panel["type"] == "row":
            rows.append({"heading": panel["title"], "panels": list(panel["panels"])})
        else:
            rows[-1]["panels"].append(panel)
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": "white",
        "padding": 16,
        "title": {
            "text": board["title"],
            "subtitle": board["description"],
            "fontSize": 20,
            "anchor": "start",
            "offset": 12,
        },
        "config": _CONFIG,
        "resolve": {"scale": {"color": "independent"}},
        "vconcat": [_row(row, ask, ask_table) for row in rows],
    }


_CONFIG: Spec = {
    "font": "DejaVu Sans, Arial, sans-serif",
    "view": {"stroke": "#e3e5e8"},
    "axis": {"gridColor": "#eef0f2", "domainColor": "#c7ccd1", "tickColor": "#c7ccd1", "labelColor": "#5a6068"},
    "legend": {"orient": "bottom", "title": None, "columns": 3, "labelLimit": 150, "symbolType": "stroke"},
    "concat": {"spacing": 18},
}


def _row(row: Spec, ask: Asker, ask_table: TableAsker) -> Spec:
    """Return a heading with its panels below it, line by line as Grafana lays them out."""
    lines: dict[int, list[Spec]] = {}
    for panel in row["panels"]:
        lines.setdefault(panel["gridPos"]["y"], []).append(panel)
    drawn = [
        {
            # Placed by their frames: what stands beside and below a frame finds room in the space between.
            "hconcat": [_panel(panel, ask, ask_table) for panel in line],
            "bounds": "flush",
            "spacing": _BESIDE,
            "resolve": {"scale": {"color": "independent"}},
        }
        for line in lines.values()
    ]
    heading = {"text": row["heading"], "fontSize": 14, "color": "#5a6068", "anchor": "start", "offset": 8}
    return {"title": heading, "vconcat": drawn, "resolve": {"scale": {"color": "independent"}}}


def _panel(panel: Spec, ask: Asker, ask_table: TableAsker) -> Spec:
    width = panel["gridPos"]["w"] * _COLUMN - _BESIDE
    title = {"text": _wrapped(panel["title"], width), "fontSize": 12, "anchor": "start"}
    frame = {"title": title, "width": width, "height": _HEIGHTS[panel["type"]]}
    match panel["type"]:
        case "stat":
            return {**frame, **_stat(panel, ask(panel))}
        case "table":
            return {**frame, **_table(ask_table(panel))}
        case _:
            return {**frame, **_lines(panel, ask(panel))}


def _wrapped(text: str, width: int) -> list[str]:
    """Break a title where it would be wider than its panel; a letter is some seven pixels wide."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) + 1 > width / 7:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def say(value: float, unit: str) -> str:
    """Write a value as a person reads it."""
    if math.isnan(value):
        return "no data"
    match unit:
        case "percentunit":
            return f"{value:.2%}" if 0.9 < value < 1 else f"{value:.0%}"
        case "s":
            return _span(value)
        case "ops":
            return f"{value:.3g}/s"
        case _:
            return f"{value:,.0f}" if value >= 100 or value == round(value) else f"{value:.3g}"


def _span(seconds: float) -> str:
    if 0 < seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return (
        f"{seconds:.3g} s"
        if seconds < 120
        else f"{seconds / 60:.3g} min"
        if seconds < 7200
        else f"{seconds / 3600:.3g} h"
    )


def _colour(panel: Spec, value: float) -> str:
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    passed = [step["color"] for step in steps if step["value"] is None or value >= step["value"]]
    return _COLOURS[passed[-1]]


def _stat(panel: Spec, answers: Sequence[Answer]) -> Spec:
    unit = panel["fieldConfig"]["defaults"]["unit"]
    shown = answers or [Answer("", ((0.0, math.nan),))]
    values = [
        {
            "name": one.name,
            "said": say(one.points[-1][1], unit),
            "colour": _colour(panel, one.points[-1][1]),
            "place": place,
        }
        for place, one in enumerate(shown)
    ]
    x = {"field": "place", "type": "ordinal", "axis": None}
    size = 26 if len(shown) <= 3 else 18
    number = {"mark": {"type": "text", "fontSize": size, "fontWeight": "bold"}}
    number["encoding"] = {
        "x": x,
        "text": {"field": "said"},
        "color": {"field": "colour", "type": "nominal", "scale": None},
    }
    below = {"mark": {"type": "text", "dy": 24, "fontSize": 10, "color": "#5a6068"}}
    below["encoding"] = {"x": x, "text": {"field": "name"}}
    return {"data": {"values": values}, "layer": [number, below], "view": {"stroke": "#e3e5e8"}}


def _lines(panel: Spec, answers: Sequence[Answer]) -> Spec:
    defaults = panel["fieldConfig"]["defaults"]
    stacked = defaults["custom"]["stacking"]["mode"] == "normal"
    values = [
        {"at": instant * 1000, "value": value, "line": one.name}
        for one in _telling(answers)
        for instant, value in one.points
        if math.isfinite(value)
    ]
    if not values:
        return _nothing()
    axis = {"title": None, "tickCount": 4, "labelExpr": _LABELS.get(defaults["unit"], _LABELS["short"])}
    scale = {"domainMin": 0} if any(one["value"] for one in values) else {"domain": [0, 1]}
    y: Spec = {"field": "value", "type": "quantitative", "axis": axis, "scale": scale}
    y["stack"] = "zero" if stacked else None
    x = {"field": "at", "type": "temporal", "axis": {"title": None, "format": "%H:%M", "tickCount": 5}}
    mark = {"type": "area", "opacity": 0.55, "line": True} if stacked else {"type": "line", "strokeWidth": 1.6}
    # A name that is long takes the place of two.
    columns = 2 if max(len(str(one["line"])) for one in values) > _LONG else 3
    legend = {"columns": columns}
    colour = {"field": "line", "type": "nominal", "scale": {"scheme": "tableau10"}, "legend": legend}
    return {"data": {"values": values}, "mark": mark, "encoding": {"x": x, "y": y, "color": colour}}


def _telling(answers: Sequence[Answer]) -> Sequence[Answer]:
    """Leave out lines that are zero all the time where there are many: they would fill the legend and tell nothing."""
    telling = [one for one in answers if any(value for _, value in one.points)]
    if len(answers) <= _MANY:
        return answers
    return telling or [Answer("all", answers[0].points)]


#: How axes say their values: expressions of Vega.
_LABELS = {
    "s": "datum.value == 0 ? '0' : datum.value < 1 ? format(datum.value * 1000, '~g') + ' ms' : "
    "datum.value < 120 ? format(datum.value, '~g') + ' s' : datum.value < 7200 ? "
    "format(datum.value / 60, '.2~r') + ' min' : format(datum.value / 3600, '.2~r') + ' h'",
    "percentunit": "format(datum.value, '~%')",
    "ops": "format(datum.value, '~g') + '/s'",
    "short": "datum.value < 10 ? format(datum.value, '~g') : format(datum.value, '~s')",
}


def _nothing() -> Spec:
    return {"data": {"values": [{}]}, "mark": {"type": "text", "text": "nothing in this time", "color": "#5a6068"}}


def _table(rows: Sequence[dict[str, Any]]) -> Spec:
    if not rows:
        return _nothing()
    columns = list(rows[0])
    cells = [{"column": name, "row": 0, "said": name, "weight": 1} for name in columns]
    cells += [
        {"column": name, "row": place, "said": _cell(row[name]), "weight": 0}
        for place, row in enumerate(rows[:_ROWS], start=1)
        for name in columns
    ]
    x = {"field": "column", "type": "ordinal", "sort": columns, "axis": None}
    y = {"field": "row", "type": "ordinal", "axis": None}
    mark = {
        "type": "text",
        "fontSize": 9,
        "limit": 120,
        "fontWeight": {"expr": "datum.weight == 1 ? 'bold' : 'normal'"},
    }
    return {"data": {"values": cells}, "mark": mark, "encoding": {"x": x, "y": y, "text": {"field": "said"}}}


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:%H:%M}" if hasattr(value, "hour") else str(value)

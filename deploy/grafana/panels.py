"""What a dashboard is made of: questions with their queries, laid out in rows, as Grafana's classic JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from prometheus_client.metrics import MetricWrapperBase

from deploy.prometheus.write import RUNBOOK, anchor
from deploy.promql import name
from shared.tallied import Observed, Tallied

#: Grafana's grid is so wide.
_WIDTH = 24
_COLOURS = {"good": "green", "bad": "red", "warn": "orange"}

_PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}
_REPORTS = {"type": "grafana-postgresql-datasource", "uid": "${reports}"}


@dataclass(frozen=True, slots=True)
class Query:
    """A query and what its lines are called; `{{label}}` stands for the label's value."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One question of a dashboard, with what answers it; `bad` is the value from which the answer is a bad one.

    Below it is good, or above it where `low_is_bad`. A `table` has SQL for a query, and asks the reports' data source.
    """

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    kind: Literal["stat", "timeseries", "table"] = "timeseries"
    width: int = 8
    alert: str = ""
    bad: float | None = None
    low_is_bad: bool = False
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading; a closed row asks nothing until somebody opens it."""

    title: str
    panels: tuple[Panel, ...]
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard; its `uid` never changes, for links name it."""

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    asks_reports: bool = False


def pick(metric: MetricWrapperBase | Observed, part: str = "", **labels: str) -> str:
    """Select a metric of the chosen jobs and instances; a label's value is a word, or words with `|` between them."""
    matchers = ['job=~"$job"', 'instance=~"$instance"']
    matchers += [f'{label}{"=~" if set(value) & set("|+") else "="}"{value}"' for label, value in labels.items()]
    return f"{name(metric, part)}{{{', '.join(matchers)}}}"


def rate(metric: MetricWrapperBase | Observed, by: str = "", part: str = "", **labels: str) -> str:
    """Return how much a counter grows per second, by a label or in all."""
    grouping = f" by ({by})" if by else ""
    return f"sum{grouping} (rate({pick(metric, part, **labels)}[$__rate_interval]))"


def quantile(share: float, metric: MetricWrapperBase | Observed, by: str = "", **labels: str) -> str:
    """Return the value that so large a share of a histogram lies below."""
    grouping = f"le, {by}" if by else "le"
    buckets = pick(metric, "bucket", **labels)
    return f"histogram_quantile({share:g}, sum by ({grouping}) (rate({buckets}[$__rate_interval])))"


def spread(metric: Tallied) -> tuple[Query, ...]:
    """Return the median of a histogram, and what 95 and 99 of 100 lie below."""
    return tuple(Query(quantile(share, metric), f"{share:.0%} within") for share in (0.5, 0.95, 0.99))


def as_json(dashboard: Dashboard, runbook: str = RUNBOOK) -> dict[str, Any]:
    """Return a dashboard as Grafana 9 to 13 read it from a file."""
    return {
        "id": None,
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": ["baton"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "time": {"from": "now-3h", "to": "now"},
        "refresh": "30s",
        "timezone": "browser",
        "links": [
            {
                "type": "dashboards",
                "tags": ["baton"],
                "title": "Baton",
                "asDropdown": True,
                "includeVars": True,
                "keepTime": True,
                "icon": "external link",
            }
        ],
        "annotations": {"list": []},
        "templating": {"list": _variables(dashboard)},
        "panels": _laid_out(dashboard.rows, runbook),
    }


def _variables(dashboard: Dashboard) -> list[dict[str, Any]]:
    found = [_source("datasource", "Prometheus", "prometheus")]
    if dashboard.asks_reports:
        found.append(_source("reports", "Reports", str(_REPORTS["type"])))
    return [*found, _choice("job", "Job", ""), _choice("instance", "Instance", 'job=~"$job"')]


def _source(name_: str, label: str, kind: str) -> dict[str, Any]:
    return {"type": "datasource", "name": name_, "label": label, "query": kind, "refresh": 1, "hide": 0}


def _choice(name_: str, label: str, among: str) -> dict[str, Any]:
    query = f"label_values(baton_build_info{{{among}}}, {name_})"
    return {
        "type": "query",
        "name": name_,
        "label": label,
        "datasource": _PROMETHEUS,
        "query": {"query": query, "refId": name_},
        "definition": query,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "current": {"text": ["All"], "value": ["$__all"]},
        # When the time range changes: processes come and go.
        "refresh": 2,
        "sort": 1,
        "hide": 0,
    }


def _laid_out(rows: Sequence[Row], runbook: str) -> list[dict[str, Any]]:
    """Give every panel its number and its place."""
    placed: list[dict[str, Any]] = []
    numbers = iter(range(1, 1000))
    y = 0
    for row in rows:
        heading = {"type": "row", "id": next(numbers), "title": row.title, "collapsed": row.closed, "panels": []}
        placed.append({**heading, "gridPos": {"x": 0, "y": y, "w": _WIDTH, "h": 1}})
        y += 1
        panels, height = _flow(row.panels, y, numbers, runbook)
        if row.closed:
            placed[-1]["panels"] = panels
        else:
            placed += panels
            y += height
    return placed


def _flow(panels: Sequence[Panel], top: int, numbers: Any, runbook: str) -> tuple[list[dict[str, Any]], int]:
    """Lay panels from left to right, and below each other where they do not fit; return them and their height."""
    placed, x, y, tallest = [], 0, top, 0
    for panel in panels:
        height = 4 if panel.kind == "stat" else 8
        if x + panel.width > _WIDTH:
            x, y, tallest = 0, y + tallest, 0
        place = {"x": x, "y": y, "w": panel.width, "h": height}
        placed.append({**_panel(panel, runbook), "id": next(numbers), "gridPos": place})
        x, tallest = x + panel.width, max(tallest, height)
    return placed, y + tallest - top


def _panel(panel: Panel, runbook: str) -> dict[str, Any]:
    links = [{"title": f"Runbook: {panel.alert}", "url": f"{runbook}#{anchor(panel.alert)}", "targetBlank": True}]
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": _REPORTS if panel.kind == "table" else _PROMETHEUS,
        "targets": [_target(panel, place, query) for place, query in enumerate(panel.queries)],
        "links": links if panel.alert else [],
        "fieldConfig": {"defaults": _field(panel), "overrides": []},
        "options": _options(panel),
    }


def _target(panel: Panel, place: int, query: Query) -> dict[str, Any]:
    reference = {"refId": chr(ord("A") + place)}
    if panel.kind == "table":
        return {**reference, "datasource": _REPORTS, "format": "table", "rawQuery": True, "rawSql": query.expr}
    return {
        **reference,
        "datasource": _PROMETHEUS,
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "instant": panel.kind == "stat",
        "range": panel.kind != "stat",
    }


def _field(panel: Panel) -> dict[str, Any]:
    below, above = ("bad", "good") if panel.low_is_bad else ("good", "bad")
    steps = [{"color": _COLOURS[below], "value": None}, {"color": _COLOURS[above], "value": panel.bad}]
    plain = [{"color": "text", "value": None}]
    field: dict[str, Any] = {
        "unit": panel.unit,
        "thresholds": {"mode": "absolute", "steps": plain if panel.bad is None else steps},
        "color": {"mode": "thresholds" if panel.kind == "stat" else "palette-classic"},
    }
    if panel.kind == "timeseries":
        stacking = {"mode": "normal" if panel.stacked else "none", "group": "A"}
        custom = {
            "lineWidth": 1,
            "fillOpacity": 30 if panel.stacked else 5,
            "showPoints": "never",
            "stacking": stacking,
        }
        style = {"thresholdsStyle": {"mode": "line" if panel.bad is not None else "off"}}
        field |= {"min": 0, "custom": {**custom, **style}}
    return field


def _options(panel: Panel) -> dict[str, Any]:
    match panel.kind:
        case "stat":
            reduce = {"calcs": ["lastNotNull"], "fields": "", "values": False}
            return {"reduceOptions": reduce, "colorMode": "value", "graphMode": "none", "textMode": "auto"}
        case "timeseries":
            legend = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
            return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}
        case "table":
            return {"showHeader": True, "cellHeight": "sm"}

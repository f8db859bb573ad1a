"""The dashboards: made from the code, asking for what there is, and kept to the rules of Grafana's dashboard linter."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
from ruamel.yaml import YAML

from deploy.prometheus.alerts import alerts
from deploy.prometheus.write import anchor
from tests.fixtures.queries import complaints, selectors

_BOARDS = sorted((Path(__file__).parents[2] / "deploy/grafana/dashboards").glob("*.json"))
_TITLES = {
    "Baton: overview and SLO",
    "Baton: workers and queues",
    "Baton: routing quality",
    "Baton: bulk reassignment",
}
#: What Grafana puts in before it asks.
_VARIABLES = {"$__rate_interval": "5m", "$__range": "3h", "$job": ".+", "$instance": ".+"}


@pytest.fixture(scope="module", params=_BOARDS, ids=lambda path: path.stem)
def board(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A dashboard as it is committed; that it is what the code makes is tested with the alerts."""
    document: dict[str, Any] = json.loads(request.param.read_text(encoding="utf-8"))
    return document


def _panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every panel that shows something, also those of closed rows."""
    for panel in board["panels"]:
        yield from (one for one in [panel, *panel.get("panels", ())] if one["type"] != "row")


def _queries(board: dict[str, Any]) -> list[str]:
    return [target["expr"] for panel in _panels(board) for target in panel["targets"] if "expr" in target]


def _filled(query: str) -> str:
    for name, value in _VARIABLES.items():
        query = query.replace(name, value)
    return query


def test_there_are_four() -> None:
    """Each with a name of its own that links may use for ever."""
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in _BOARDS]

    assert {board["title"] for board in boards} == _TITLES
    assert [board["uid"] for board in boards] == [path.stem for path in _BOARDS]


def test_nobody_edits_what_is_made(board: dict[str, Any]) -> None:
    """Grafana 9 to 13 read it as it is; what somebody changes there would be lost."""
    assert board["editable"] is False
    assert board["id"] is None
    assert 39 <= board["schemaVersion"] <= 42
    assert len({panel["id"] for panel in _panels(board)}) == len(list(_panels(board)))


def test_whoever_looks_chooses_source_job_and_instance(board: dict[str, Any]) -> None:
    """The source is no name of ours; several jobs and instances can be chosen, and are found anew with the time."""
    variables = {one["name"]: one for one in board["templating"]["list"]}

    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == ("datasource", "prometheus")
    for name in ("job", "instance"):
        one = variables[name]
        assert (one["multi"], one["includeAll"], one["allValue"], one["refresh"]) == (True, True, ".+", 2)
        assert one["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        selector = re.fullmatch(rf"label_values\((.+), {name}\)", one["definition"])
        assert selector
        assert list(complaints(_filled(selector[1]))) == []


def test_every_panel_asks_a_question_and_says_what_it_shows(board: dict[str, Any]) -> None:
    """With a unit, a source that can be chosen, and something to ask it."""
    panels = list(_panels(board))

    assert len(panels) >= 8
    for panel in panels:
        assert panel["title"].endswith("?") or panel["title"].startswith("Which")
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"]["uid"] in {"${datasource}", "${reports}"}
        assert panel["targets"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {panel["datasource"]["uid"]}
        assert {target["refId"] for target in panel["targets"]} == set("ABC"[: len(panel["targets"])])


def test_questions_are_asked_once(board: dict[str, Any]) -> None:
    """Two panels with one title would leave people to guess."""
    titles = [panel["title"] for panel in _panels(board)]

    assert len(titles) == len(set(titles))


def test_every_query_asks_for_metrics_that_there_are(board: dict[str, Any]) -> None:
    """It parses, and its names and labels exist; so a renamed metric is noticed here."""
    queries = _queries(board)

    assert len(queries) >= 10
    assert [problem for query in queries for problem in complaints(_filled(query))] == []


def test_every_query_keeps_to_the_choice_of_whoever_looks(board: dict[str, Any]) -> None:
    """Each selector names the job and the instance, once."""
    for query in _queries(board):
        for selector in selectors(query.replace("$__rate_interval", "5m").replace("$__range", "3h")):
            matchers = {one.name: one.value for one in selector.matchers.matchers}
            assert (matchers["job"], matchers["instance"]) == ("$job", "$instance")


def test_counters_are_shown_as_rates(board: dict[str, Any]) -> None:
    """Over Grafana's own interval, which always holds enough scrapes; whole ranges are for single numbers."""
    for panel in _panels(board):
        for target in (one for one in panel["targets"] if "expr" in one):
            query = target["expr"]
            spans = re.findall(r"(rate|increase)\(\w+\{[^}]*\}\[([^\]]+)\]", query)
            counted = [one for one in selectors(_filled(query)) if re.search(r"_(total|count|sum|bucket)$", one.name)]
            assert len(spans) == len(counted), query
            assert {span for kind, span in spans if kind == "rate"} <= {"$__rate_interval"}
            assert not [span for kind, span in spans if kind == "increase"] or panel["type"] == "stat"


def test_every_query_adds_up_over_processes(board: dict[str, Any]) -> None:
    """No answer comes apart by process: what workers count is one thing, and exporters see the same."""
    for query in _queries(board):
        assert _has_aggregate(promql.parse(_filled(query))), query


def _has_aggregate(node: Any) -> bool:
    text = node.prettify()
    return bool(re.search(r"\b(sum|max|min|count|group)\b", text))


def test_what_alarms_leads_to_the_runbook(board: dict[str, Any]) -> None:
    """The link names a section of an alert that there is."""
    anchors = {anchor(one.name) for one in alerts()}
    links = [link["url"].partition("#")[2] for panel in _panels(board) for link in panel["links"]]

    assert links
    assert set(links) <= anchors


def test_every_alert_has_a_panel() -> None:
    """Whoever follows an alert sees it; what only the audit shows is on the overview's books."""
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in _BOARDS]
    linked = {link["url"].partition("#")[2] for board in boards for panel in _panels(board) for link in panel["links"]}
    beside = {"batonlawbreached", "batonlawsunchecked", "batonclockbudgetburnsslowly"}

    assert {anchor(one.name) for one in alerts()} - linked == beside


def test_panels_lie_beside_each_other(board: dict[str, Any]) -> None:
    """None covers another, and none is wider than the page."""
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken
        taken |= cells


def test_grafana_finds_dashboards_and_sources(root: Path) -> None:
    """The files of provisioning name the types that the dashboards choose from."""
    folder = root / "deploy/grafana/provisioning"
    yaml = YAML(typ="safe")
    sources = yaml.load((folder / "datasources/baton.yaml").read_text(encoding="utf-8"))["datasources"]
    (provider,) = yaml.load((folder / "dashboards/baton.yaml").read_text(encoding="utf-8"))["providers"]

    assert [source["type"] for source in sources] == ["prometheus", "grafana-postgresql-datasource"]
    assert (provider["type"], provider["disableDeletion"], provider["allowUiUpdates"]) == ("file", True, False)

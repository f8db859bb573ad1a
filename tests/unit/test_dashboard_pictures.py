"""Pictures of dashboards: drawn from the boards as they are, whatever the answers are."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import vl_convert

from deploy.grafana.draw import Answer, Spec, draw, name_of, say
from deploy.prometheus.run import Line

_BOARDS = sorted((Path(__file__).parents[2] / "deploy/grafana/dashboards").glob("*.json"))


def _busy(panel: Spec) -> list[Answer]:
    del panel
    points = tuple((1_800_000_000.0 + second, math.sin(second / 9) + 1) for second in range(60))
    return [Answer("a line", points), Answer("another", points[:2])]


def _idle(panel: Spec) -> list[Answer]:
    del panel
    return []


def _rows(panel: Spec) -> list[dict[str, Any]]:
    del panel
    return [{"rep": "ana", "leads": 3}]


@pytest.mark.parametrize("path", _BOARDS, ids=lambda path: path.stem)
@pytest.mark.parametrize(("ask", "table"), [(_busy, _rows), (_idle, lambda _: [])], ids=["busy", "idle"])
def test_every_board_can_be_drawn(path: Path, ask: Any, table: Any) -> None:
    """Also one whose queries have no answer: its panels say that there is nothing."""
    board = json.loads(path.read_text(encoding="utf-8"))

    spec = draw(board, ask, table)

    text = json.dumps(spec)
    picture = vl_convert.vegalite_to_png(text, scale=1)
    assert picture.startswith(b"\x89PNG")
    assert all(panel["title"].split()[0] in text for panel in board["panels"])
    assert ("nothing in this time" in text) is (ask is _idle)


def test_a_line_is_called_what_grafana_calls_it() -> None:
    """By its legend, or by its labels where it has none."""
    line = Line({"queue": "timers", "process": "exporter"}, ())

    assert name_of("{{queue}} of {{process}}", line) == "timers of exporter"
    assert name_of("__auto", Line({"queue": "timers"}, ())) == "timers"


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.9987, "percentunit", "99.87%"),
        (1, "percentunit", "100%"),
        (0.25, "s", "250 ms"),
        (90, "s", "90 s"),
        (600, "s", "10 min"),
        (7200, "s", "2 h"),
        (12.5, "ops", "12.5/s"),
        (12_345, "short", "12,345"),
        (math.nan, "short", "no data"),
    ],
)
def test_values_are_said_as_people_say_them(value: float, unit: str, said: str) -> None:
    """With their units."""
    assert say(value, unit) == said

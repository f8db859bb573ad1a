"""The alerts: each fires when it should and alone, speaks plainly, and has its section in the runbook."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from deploy.prometheus.alerts import alerts
from deploy.prometheus.write import anchor
from deploy.write import files
from tests.fixtures.alert_cases import CASES, WELL, Case, Series
from tests.fixtures.programs import promtool
from tests.fixtures.queries import complaints

_RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "rules.yml"


@pytest.fixture(scope="module")
def rules() -> list[dict[str, Any]]:
    """The rules as Prometheus reads them."""
    document = YAML(typ="safe").load(_RULES.read_text(encoding="utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


@pytest.fixture(scope="module")
def runbook(root: Path) -> str:
    """The runbook."""
    return (root / "deploy/runbook.md").read_text(encoding="utf-8")


def test_what_is_made_is_what_is_committed() -> None:
    """`python -m deploy.write` would change nothing."""
    stale = [
        path.name for path, text in files().items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]

    assert stale == []


def test_every_rule_asks_for_metrics_that_there_are(rules: list[dict[str, Any]]) -> None:
    """With labels that they have; a record that an alert names is recorded."""
    records = {rule["record"] for rule in rules if "record" in rule}

    found = [problem for rule in rules for problem in complaints(rule["expr"], records)]

    assert len(rules) > 20
    assert found == []


def test_every_alert_says_what_whoever_is_woken_needs(rules: list[dict[str, Any]]) -> None:
    """How bad it is, what it is, and where it is written what to do."""
    spoken = [rule for rule in rules if "alert" in rule]

    assert len(spoken) == len(alerts())
    for rule in spoken:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"][-1] not in ".!"
        assert rule["annotations"]["description"].endswith(".")
        assert rule["annotations"]["runbook_url"].endswith(f"#{anchor(rule['alert'])}")


@pytest.mark.parametrize("alert", [one.name for one in alerts()])
def test_every_alert_has_its_section_in_the_runbook(alert: str, runbook: str) -> None:
    """What it means, where to look first, and what to do, with commands to copy."""
    section = runbook.partition(f"\n### {alert}\n")[2].partition("\n### ")[0].partition("\n## ")[0]

    assert [word for word in ("**Meaning.**", "**First look.**", "**Actions.**") if word not in section] == []
    assert re.search(r"^```sh\n.+?^```$", section, re.MULTILINE | re.DOTALL), f"{alert} has no command to copy"


def test_the_runbook_knows_no_alert_that_there_is_not(runbook: str) -> None:
    """An alert that went takes its section with it."""
    told = set(re.findall(r"^### (Baton\w+)$", runbook, re.MULTILINE))

    assert told == {one.name for one in alerts()}


def test_every_alert_has_a_case() -> None:
    """One that fires, and one that comes close."""
    assert [case.alert for case in CASES] == [one.name for one in alerts()]


def _document(series: Series, at: str, firing: list[str]) -> dict[str, Any]:
    expected = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in firing]
    query = 'group by (alertname) (ALERTS{alertstate="firing"})'
    return {
        "rule_files": [str(_RULES)],
        # An alert reads what was recorded at the same instant; without this the groups come in any order.
        "group_eval_order": ["baton-objectives", "baton-alerts"],
        # Days are replayed in longer steps.
        "evaluation_interval": "10m" if at in {"25h", "26h", "27h"} else "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items() if values],
                "promql_expr_test": [{"expr": query, "eval_time": at, "exp_samples": expected}],
            }
        ],
    }


def _replay(folder: Path, document: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    path = folder / "case.yml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(document, file)
    return subprocess.run([promtool(), "test", "rules", str(path)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.alert)
def test_an_alert_fires_and_no_other_does(case: Case, tmp_path: Path) -> None:
    """Prometheus' own tool replays the series of its case."""
    done = _replay(tmp_path, _document({**WELL, **case.fires}, case.at, [case.alert]))

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.alert)
def test_what_comes_close_wakes_nobody(case: Case, tmp_path: Path) -> None:
    """The same series just below what would fire it."""
    done = _replay(tmp_path, _document({**WELL, **case.close}, case.quiet_at, []))

    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_the_rules(root: Path) -> None:
    """Expressions and templates parse; so does the configuration beside them."""
    done = subprocess.run(
        [promtool(), "check", "config", str(root / "deploy/prometheus/prometheus.yml")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr

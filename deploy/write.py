"""Writes everything that is made from the code: `python -m deploy.write`; a test says when it was forgotten."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from deploy.grafana.dashboards import DASHBOARDS
from deploy.grafana.panels import as_json
from deploy.prometheus.write import RUNBOOK, as_yaml, rules

_FOLDER = Path(__file__).parent


def files(runbook: str = RUNBOOK) -> Mapping[Path, str]:
    """Return every file that is made, with its text."""
    boards = {
        _FOLDER / "grafana" / "dashboards" / f"{one.uid}.json": json.dumps(as_json(one, runbook), indent=2) + "\n"
        for one in DASHBOARDS
    }
    return {_FOLDER / "prometheus" / "rules.yml": as_yaml(rules(runbook=runbook)), **boards}


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description="Write alert rules and dashboards.")
    parser.add_argument("--runbook", default=RUNBOOK, help="where your people read deploy/runbook.md, as a URL")
    for path, text in files(parser.parse_args().runbook).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

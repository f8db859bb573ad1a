"""Writes everything that is made from the code: `python -m deploy.write`; a test says when it was forgotten."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from deploy.prometheus.write import RUNBOOK, as_yaml, rules

_FOLDER = Path(__file__).parent


def files(runbook: str = RUNBOOK) -> Mapping[Path, str]:
    """Return every file that is made, with its text."""
    return {_FOLDER / "prometheus" / "rules.yml": as_yaml(rules(runbook=runbook))}


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description="Write alert rules and dashboards.")
    parser.add_argument("--runbook", default=RUNBOOK, help="where your people read deploy/runbook.md, as a URL")
    for path, text in files(parser.parse_args().runbook).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

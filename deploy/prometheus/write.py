"""Writes the rules as Prometheus reads them."""

import io
import re
from typing import Any

from ruamel.yaml import YAML

from deploy.prometheus.alerts import Alert, alerts, recordings
from deploy.promql import REAL, SCRAPE_SECONDS, Pace

#: Where the runbook lies unless whoever writes the rules says better; a section is an anchor of it.
RUNBOOK = "deploy/runbook.md"

_HEAD = "# Written by `python -m deploy.write` from deploy/prometheus/alerts.py: change it there.\n"


def anchor(alert: str) -> str:
    """Return the anchor of an alert's section."""
    return re.sub(r"[^a-z0-9-]", "", alert.lower())


def rules(pace: Pace = REAL, runbook: str = RUNBOOK) -> dict[str, Any]:
    """Return the document of rules."""
    every = f"{SCRAPE_SECONDS}s" if pace.times == 1 else "1s"
    return {
        "groups": [
            {"name": "baton-objectives", "interval": every, "rules": recordings(pace)},
            {"name": "baton-alerts", "interval": every, "rules": [_rule(one, runbook) for one in alerts(pace)]},
        ]
    }


def _rule(alert: Alert, runbook: str) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expr,
        "for": alert.waits,
        "labels": {"severity": alert.severity, "service": "baton"},
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": f"{runbook}#{anchor(alert.name)}",
        },
    }


def as_yaml(document: dict[str, Any]) -> str:
    """Write a document of rules, one expression a line."""
    yaml = YAML()
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    yaml.dump(document, text)
    return _HEAD + text.getvalue()

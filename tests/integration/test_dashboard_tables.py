"""The dashboards' tables ask the report views, with the rights of a reader and nothing more."""

import json
import re
from pathlib import Path

from tests.fixtures.pipeline import Pipeline, lead_event, rep
from tests.fixtures.policy_texts import OPEN_POLICY

_BOARDS = Path(__file__).parents[2] / "deploy/grafana/dashboards"


def test_a_reader_gets_every_table(pipeline: Pipeline) -> None:
    """By rep, campaign, reason, team and pool; what Grafana puts in is put in here."""
    pipeline.activate(OPEN_POLICY)
    pipeline.sync("reps", [rep("ana"), rep("bob")])
    pipeline.route(*[lead_event(campaign="q4-brand") for _ in range(3)], lead_event(), lead_event(test=True))
    pipeline.sync("reps", [rep(one, capacity="0") for one in ("ana", "bob")])
    pipeline.route(lead_event(campaign="too-late"))
    statements = [
        target["rawSql"]
        for path in _BOARDS.glob("*.json")
        for row in json.loads(path.read_text(encoding="utf-8"))["panels"]
        for panel in row.get("panels", ())
        for target in panel["targets"]
    ]

    answers = []
    for sql in statements:
        with pipeline.context.engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL ROLE baton_reader")
            filled = re.sub(r"\$__timeFilter\((\w+)\)", r"\1 > now() - interval '1 hour'", sql)
            answers.append([dict(row) for row in connection.exec_driver_sql(filled).mappings()])

    reps, campaigns, reasons, teams, pools = answers
    assert [row["rep"] for row in reps] == ["ana", "bob"]
    assert [(row["campaign"], row["leads"], row["assigned"]) for row in campaigns] == [
        ("q4-brand", 3, 3),
        ("none", 1, 1),
        ("too-late", 1, 0),
    ]
    assert [(row["hold_reason"], row["leads"]) for row in reasons] == [("no_one_available", 1)]
    assert pools == [{"pool": "pool:all", "why": "no_one_available", "leads": 1}]
    assert [(row["reps"], row["leads"], row["least"], row["most"]) for row in teams] == [(2, 5, 2, 3)]

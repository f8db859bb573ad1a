"""Every way in gives the same decisions for the same data."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.fixtures.pipeline import Pipeline, lead_event
from tests.fixtures.policy_texts import FULL_POLICY, FULL_TEAM
from workers.cli import main
from workers.intake.tasks import submit

#: Facts as people write them in every form; each row is decided by another rule.
_ROWS: tuple[dict[str, str], ...] = (
    {
        "email": "Ana+x@Acme.example",
        "last_name": "Lima",
        "phone": "020 7946 0958",
        "country": "UK",
        "employees": "200-500",
    },
    {"email": "ana@acme.example", "country": "UK", "employees": "200-500", "campaign": "again"},
    {"email": "jo@known.example", "company": "Known", "country": "Italia", "employees": "c.250"},
    {"email": "bo@big.example", "country": "Spain", "employees": "3,167 (average, 2021)"},
    {"email": "cy@small.example", "country": "GB", "employees": "3"},
    {"email": "di@odd.example", "country": "Narnia", "employees": "50"},
    {"email": "ed@odd.example", "country": "GB", "employees": "50", "product": "Catapult"},
    {"email": "flo@help.example", "country": "GB", "employees": "50", "lead_type": "support_request"},
    {"phone": "+47 22 12 34 56", "last_name": "Hansen", "country": "Norge", "employees": "50", "product": "the anvil"},
    {"email": "gus@gmail.com", "company": "Knwon Industries", "country": "GB", "employees": "50"},
)
_EVERYWHERE = {"lead_type": "demo_request", "hand_raise": "true", "original_source": "organic", "channel": "form"}


def _events(**changes: Any) -> list[dict[str, Any]]:
    """Return the rows as events."""
    rows = [{**_EVERYWHERE, **row, "hand_raise": True, **changes} for row in _ROWS]
    return [lead_event(f"e-{number}", source="/parity", **row) for number, row in enumerate(rows)]


def _by_stream(pipeline: Pipeline, _folder: Path) -> None:
    pipeline.publish(*_events())


def _by_celery_list(pipeline: Pipeline, _folder: Path) -> None:
    submit(pipeline.context, _events())


def _by_celery_one_by_one(pipeline: Pipeline, _folder: Path) -> None:
    for event in _events():
        submit(pipeline.context, orjson.dumps(event).decode())


def _by_json_lines(_pipeline: Pipeline, folder: Path) -> None:
    path = folder / "leads.jsonl"
    path.write_bytes(b"\n".join(orjson.dumps(event) for event in _events()))
    assert main(["publish", str(path)]) == 0


def _by_table(_pipeline: Pipeline, folder: Path) -> None:
    path = folder / "leads.csv"
    columns = sorted({name for row in _ROWS for name in row} | set(_EVERYWHERE))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["source", "id", *columns], restval="")
        writer.writeheader()
        writer.writerows(
            {"source": "/parity", "id": f"e-{number}", **_EVERYWHERE, **row} for number, row in enumerate(_ROWS)
        )
    assert main(["publish", str(path)]) == 0


@pytest.fixture
def full(pipeline: Pipeline, environment: None) -> Pipeline:
    """A pipeline with the full policy, on the servers that commands use as well."""
    del environment
    pipeline.activate(FULL_POLICY)
    return pipeline


def _decided(pipeline: Pipeline, send: Callable[[], object]) -> list[Any]:
    """Start afresh, send the rows, and return everything that was decided about them."""
    pipeline.clear()
    pipeline.sync("reps", FULL_TEAM)
    pipeline.sync(
        "accounts",
        [
            {
                "account_id": "known",
                "name": "Known Industries",
                "domain": "known.example",
                "status": "customer",
                "owner_rep_id": "nora",
            }
        ],
    )
    send()
    pipeline.capture()
    pipeline.run_all()
    return [
        pipeline.rows(
            "SELECT event_source, event_id, status, owner, rule, hold_reason, intent FROM report.lead ORDER BY lead_id"
        ),
        pipeline.rows("SELECT lead_id, stage, outcome, rule, detail FROM decision ORDER BY lead_id, sequence"),
        pipeline.rows("SELECT lead_id, sheet -> 'facts' AS facts FROM fact_sheet ORDER BY lead_id"),
    ]


@pytest.mark.parametrize("way", [_by_celery_list, _by_celery_one_by_one, _by_json_lines, _by_table])
def test_every_way_in_gives_the_same_decisions(
    full: Pipeline, tmp_path: Path, way: Callable[[Pipeline, Path], None]
) -> None:
    """Stream, Celery and files of both kinds: the same facts, the same owners, the same records."""
    by_stream = _decided(full, lambda: _by_stream(full, tmp_path))

    assert _decided(full, lambda: way(full, tmp_path)) == by_stream
    assert [lead["status"] for lead in by_stream[0]] == [
        *("offered", "merged", "offered", "offered", "nurturing", "held", "held", "diverted", "offered", "offered")
    ]
    assert full.breaches() == []


@pytest.mark.parametrize("channel", ["chat", "scheduler", "import", "partner_referral", "offline_upload"])
def test_every_entry_point_goes_through_the_one_workflow(full: Pipeline, channel: str) -> None:
    """Where a lead came in is context; while no rule asks for it, it decides nothing."""
    form, other = (
        _decided(full, lambda word=word: full.publish(*_events(channel=word)))  # type: ignore[misc]
        for word in ("form", channel)
    )

    assert other[:2] == form[:2]
    assert {row["facts"]["channel"] for row in other[2]} == {channel}

"""The benchmarks as a program of their own, with sizes that measure nothing: they run, and their numbers have names."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[2]
_TINY = (
    "--leads",
    "60",
    "--naive",
    "5",
    "--noop",
    "5",
    "--low-rate",
    "10",
    "--low-seconds",
    "1",
    "--long",
    "--rules",
    "20",
)
_TINY_TIMERS = ("--deadlines", "2000", "--due-rate", "20", "--due-seconds", "2")
_TINY_BULK = ("--open-leads", "60")
_STAGES = {"intake", "enrichment.enrich", "deduplication.deduplicate", "assignment.assign", "escalation.arm"}


# Four starts of workers and servers: a minute on an idle machine, more beside other tests.
@pytest.mark.timeout(400)
def test_the_benchmarks_print_a_table_and_write_their_numbers(home: Path) -> None:
    """Every section has its fields, a batch costs the same statements whatever its size, and the servers are gone."""
    target = home.parent / "bench.json"

    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", *_TINY, *_TINY_TIMERS, *_TINY_BULK, "--json", str(target)],
        cwd=_ROOT,
        env={**os.environ, "BATON_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    document = json.loads(target.read_text())
    sections = document["sections"]
    assert {"started_at", "machine", "versions", "ratios"} <= set(document)
    assert {"pipeline", "naive", "noop_chain", "low_load", "memory", "statements", "growth"} <= set(sections)
    assert all(sections[name]["leads_per_second"] > 0 for name in ("pipeline", "naive", "noop_chain"))
    assert sections["low_load"]["publish_to_owner_ms"]["p99"] >= sections["low_load"]["publish_to_owner_ms"]["p50"] > 0
    assert set(sections["statements"]) == _STAGES
    assert all(len(set(costs.values())) == 1 for costs in sections["statements"].values())
    assert sections["growth"]["leads_after"] > 10 * sections["pipeline"]["leads"]
    assert sections["rehearsal"]["unchanged"]["differs"] == 0
    assert sections["rehearsal"]["unchanged"]["leads"] > 60
    _check_timers(sections["timers"])
    _check_bulk(sections["bulk"])
    assert "naive pipeline" in done.stdout
    assert "deadlines that are hours away" in done.stdout
    assert not (home / "bench").exists()


def _check_bulk(bulk: dict[str, Any]) -> None:
    """A territory is split, put together again and split beside new leads; nothing is left behind or wrong."""
    assert bulk["alone"]["leads"] == bulk["undo"]["leads"] >= 60
    assert bulk["beside"]["leads"] + bulk["beside"]["left"] >= 60
    assert (bulk["everything_back"], bulk["breaches"]) == (True, [])


def _check_timers(timers: dict[str, Any]) -> None:
    """Deadlines that are hours away are no messages, and are found in the index alone; what is due fires."""
    assert [one["deadlines"] for one in timers["outstanding"]] == [1000, 2000]
    for one in timers["outstanding"]:
        assert one["broker"]["messages"] == 0
        assert all(used is None or used > 0 for used in one["memory_mb"].values())
        for look in ("arm", "find_late"):
            assert one[look]["scans"] == ["Index Only Scan on deadline_open, 0 heap fetches"]
    assert (timers["lateness"]["fired"], timers["lateness"]["never_early"]) == (40, True)

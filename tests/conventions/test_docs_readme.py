"""The files that the README asks a newcomer to write: they are understood, and the lead goes where the text says."""

import csv
import re
from pathlib import Path

import pytest

from shared.policy.check import check_policy
from shared.policy.parse import parse_policy
from tests.fixtures.pipeline import open_pipeline


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    """The page as it is written."""
    return (root / "README.md").read_text(encoding="utf-8")


def _block(readme: str, language: str) -> str:
    """Return the one block of code in that language."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    return str(block)


def test_the_first_policy_has_ten_lines_and_no_finding(readme: str) -> None:
    """It can be activated without a yes to anything."""
    policy = _block(readme, "yaml")

    assert [str(finding) for finding in check_policy(parse_policy(policy))] == []
    assert len(policy.splitlines()) <= 10


def test_the_first_lead_goes_to_one_of_the_two_reps(readme: str, database_url: str, redis_url: str) -> None:
    """Policy, reps and lead as they stand in the README lead to an owner by the one rule; the same event adds none."""
    reps = list(csv.DictReader(_block(readme, "csv").splitlines()))
    event = _block(readme, "json").strip().encode()
    with open_pipeline(database_url, redis_url) as pipeline:
        pipeline.activate(_block(readme, "yaml"))
        pipeline.sync("reps", reps)

        (lead_id,) = pipeline.route(event)
        again = pipeline.route(event)
        lead = pipeline.lead(lead_id)

    assert (lead["status"], lead["rule"]) == ("offered", "everyone")
    assert lead["owner"] in {row["rep_id"] for row in reps}
    assert again == []

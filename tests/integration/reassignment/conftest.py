"""What the tests of bulk moves share."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.fixtures.pipeline import Pipeline, lead_event, open_pipeline
from tests.fixtures.territory_texts import BEFORE, PEOPLE
from workers.reassignment.asking import Named, ask
from workers.reassignment.control import Said, say_to_plan
from workers.reassignment.planning import make_plan
from workers.reassignment.policy.states import Word

Plan = Callable[..., int]
Say = Callable[..., dict[str, Any]]


@pytest.fixture
def company(database_url: str, redis_url: str) -> Iterator[Pipeline]:
    """Two territories with two reps each, six leads in Britain, six in Norway and four in Italy, all offered.

    Plans move in batches of four leads: a tenth, for the leads have just come.
    """
    with open_pipeline(database_url, redis_url, reassignment_batch_size=40) as pipeline:
        pipeline.activate(BEFORE)
        pipeline.sync("reps", PEOPLE)
        countries = ["GB"] * 6 + ["NO"] * 6 + ["IT"] * 4
        pipeline.route(*(lead_event(country=country, lead_type="demo_request") for country in countries))
        yield pipeline


@pytest.fixture
def plan(company: Pipeline) -> Plan:
    """Make a plan from the words of the command line; `leads` are (key, owner) lines."""

    def make(leads: list[tuple[str, str | None]] | None = None, **words: Any) -> int:
        named = None if leads is None else [Named(n, key, owner) for n, (key, owner) in enumerate(leads, start=2)]
        return make_plan(company.context, ask(company.context, {"by": "test", **words}, named).order)

    return make


@pytest.fixture
def say(company: Pipeline) -> Say:
    """Say a word to a plan, let the workers run until nothing is left, and return the plan."""

    def tell(plan_id: int, word: str, *, run: bool = True, rate: float | None = None) -> dict[str, Any]:
        say_to_plan(company.context, plan_id, Said(Word(word), "test", rate))
        if run:
            company.run_all()
        return company.rows("SELECT * FROM report.plan WHERE plan_id = :id", id=plan_id)[0]

    return tell


@pytest.fixture
def moves(company: Pipeline) -> Callable[[int], list[dict[str, Any]]]:
    """Return the leads of a plan."""
    return lambda plan_id: company.rows(
        "SELECT * FROM report.plan_move WHERE plan_id = :id ORDER BY lead_id", id=plan_id
    )

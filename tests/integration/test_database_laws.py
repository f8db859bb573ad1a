"""What the database refuses by itself, whatever the code does."""

import itertools
from typing import Any

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from shared.domain.lead import MOVES, Status
from tests.fixtures.pipeline import Pipeline, lead_event, rep
from tests.fixtures.policy_texts import OPEN_POLICY

#: What a status demands of the row besides itself.
_WITH: dict[Status, dict[str, Any]] = {
    Status.HELD: {"hold_reason": "rule"},
    Status.MERGED: {"merged_into": 999_999},
    Status.NURTURING: {"track": "long_term"},
}


@pytest.fixture
def offered(pipeline: Pipeline) -> int:
    """A lead that a rep has been offered."""
    pipeline.activate(OPEN_POLICY)
    pipeline.sync("reps", [rep("ana")])
    return pipeline.route(lead_event())[0]


def _insert(pipeline: Pipeline, status: Status) -> int:
    """Make a lead that stands in a status."""
    columns = {"status": status.value, "event_source": "test", "event_id": status.value, **_WITH.get(status, {})}
    names = ", ".join(columns)
    values = ", ".join(f":{name}" for name in columns)
    return int(pipeline.value(f"INSERT INTO lead ({names}) VALUES ({values}) RETURNING lead_id", **columns))


def _move(pipeline: Pipeline, lead_id: int, to: Status) -> bool:
    """Move a lead and say whether the database allows it."""
    wanted = {"hold_reason": None, "merged_into": None, "track": None, **_WITH.get(to, {})}
    sets = ", ".join(f"{name} = :{name}" for name in wanted)
    try:
        pipeline.rows(
            f"UPDATE lead SET status = :status, {sets} WHERE lead_id = :id", status=to.value, id=lead_id, **wanted
        )
    except IntegrityError as error:
        if isinstance(error.orig, psycopg.Error) and error.orig.diag.constraint_name == "lead_status_moves":
            return False
        raise
    return True


def test_the_database_allows_exactly_the_legal_moves(pipeline: Pipeline) -> None:
    """For every pair of statuses the trigger says what `shared.domain.lead.MOVES` says."""
    allowed = {
        (before, after)
        for before, after in itertools.permutations(Status, 2)
        if _move(pipeline, _insert(pipeline, before), after)
    }

    assert allowed == {(before, after) for before, afters in MOVES.items() for after in afters if before != after}


def test_the_table_of_moves_agrees_with_the_domain(pipeline: Pipeline) -> None:
    """Reports and the audit read the same moves."""
    rows = pipeline.rows("SELECT from_status, to_status FROM lead_move")

    assert {(row["from_status"], row["to_status"]) for row in rows} == {
        (before.value, after.value) for before, afters in MOVES.items() for after in afters
    }


def test_a_refused_move_names_the_lead_and_both_statuses(pipeline: Pipeline, offered: int) -> None:
    """Whoever reads the log knows which lead it was and what was tried."""
    with pytest.raises(IntegrityError, match=f"lead {offered} cannot move from offered to received"):
        pipeline.rows("UPDATE lead SET status = 'received' WHERE lead_id = :id", id=offered)


@pytest.mark.parametrize(
    ("sql", "constraint"),
    [
        (
            """
            INSERT INTO assignment (lead_id, epoch, owner_kind, owner, reason, policy_version)
            VALUES (:id, 2, 'rep', 'bo', 'manual', 1)
            """,
            "assignment_active",
        ),
        (
            """
            INSERT INTO assignment (lead_id, epoch, owner_kind, owner, reason, policy_version, ended_at, end_reason)
            VALUES (:id, 1, 'rep', 'bo', 'manual', 1, now(), 'over')
            """,
            "assignment_epoch",
        ),
        ("UPDATE assignment SET ended_at = now() WHERE lead_id = :id", None),
        ("UPDATE lead SET status = 'held' WHERE lead_id = :id", None),
        ("UPDATE lead SET status = 'merged' WHERE lead_id = :id", None),
        ("UPDATE lead SET status = 'merged', merged_into = :id WHERE lead_id = :id", None),
        ("UPDATE lead SET status = 'nurturing' WHERE lead_id = :id", None),
        ("UPDATE lead SET status = 'lost' WHERE lead_id = :id", None),
        ("UPDATE deadline SET fired_at = now(), fired_by = 'keeper' WHERE lead_id = :id", None),
        ("UPDATE deadline SET due_at = due_at + interval '1 millisecond' WHERE lead_id = :id", None),
        (
            "UPDATE deadline SET fired_at = due_at, fired_by = 'keeper', cancelled_at = now() WHERE lead_id = :id",
            None,
        ),
        (
            """
            INSERT INTO deadline (lead_id, epoch, ladder, step, action, due_at, policy_version)
            SELECT lead_id, epoch, ladder, step, action, due_at, 1 FROM deadline WHERE lead_id = :id
            """,
            "deadline_pkey",
        ),
    ],
)
def test_what_a_law_forbids_cannot_be_written(
    pipeline: Pipeline, offered: int, sql: str, constraint: str | None
) -> None:
    """A second custody, a custody without an end's reason, a status without what it demands, a step fired early."""
    with pytest.raises(IntegrityError) as caught:
        pipeline.rows(sql, id=offered)

    assert isinstance(caught.value.orig, psycopg.Error)
    assert constraint is None or caught.value.orig.diag.constraint_name == constraint


def test_a_person_has_one_lead(pipeline: Pipeline, offered: int) -> None:
    """A second lead cannot take the key of a person who has one."""
    with pytest.raises(IntegrityError):
        pipeline.rows(
            "INSERT INTO person_key SELECT key, :other FROM person_key WHERE lead_id = :id", id=offered, other=7
        )

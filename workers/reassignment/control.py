"""What people say to a plan: apply, pause, resume, cancel, undo; each word is on the record and may be said twice."""

from dataclasses import dataclass
from typing import Any

from shared.bus.context import Context
from shared.bus.queues import TaskName
from shared.db.transaction import Transaction, transaction
from shared.errors import RefusedError
from workers.reassignment.policy.order import PlanState
from workers.reassignment.policy.states import Word, answer
from workers.reassignment.queries import plans

#: Words that set leads moving.
_MOVING = frozenset({PlanState.APPLYING, PlanState.UNDOING})


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says to a plan; `rate` is in leads per second, None for as fast as it goes."""

    word: Word
    made_by: str
    rate: float | None = None


def say_to_plan(context: Context, plan_id: int, said: Said) -> dict[str, Any]:
    """Bring a plan into the state that a word leads to and return it; raises RefusedError with the reason and the mend.

    A word that was said before changes nothing; a plan that is to move is handed on once more, which does no harm.
    """
    with transaction(context.engine, context.publisher) as tx:
        if plans.lock_plan(tx, plan_id) is None:
            raise RefusedError(f"There is no plan {plan_id}: `baton reassign status` lists them.")
        row = plans.load_plan(tx, plan_id) or {}
        found = answer(said.word, PlanState(row["state"]), expired=row["expired"], going_back=bool(row["undone_at"]))
        if found.refusal:
            raise RefusedError(f"Plan {plan_id} cannot be told to {said.word}: {found.refusal}.")
        if found.state is not None:
            _change(context, tx, row, found.state, said)
        row = plans.load_plan(tx, plan_id) or {}
        tx.hand_on(TaskName.MOVE, [plan_id] if row["state"] in _MOVING else [])
    return row


def _change(context: Context, tx: Transaction, row: dict[str, Any], state: PlanState, said: Said) -> None:
    plan_id = row["plan_id"]
    rate = said.rate if said.rate is not None or said.word is not Word.RESUME else row["rate"]
    if state is PlanState.APPLYING:
        if said.word is Word.APPLY:
            _check_policy(context, tx, row)
        plans.start_applying(tx, plan_id, said.made_by, rate)
    elif state is PlanState.UNDOING:
        plans.start_undoing(tx, plan_id, said.made_by, rate)
    else:
        plans.set_state(tx, plan_id, state)


def _check_policy(context: Context, tx: Transaction, row: dict[str, Any]) -> None:
    active = context.policies.active(tx)
    if active is None or active.number != row["policy_version"]:
        now = f"version {active.number}" if active else "none"
        raise RefusedError(
            f"Plan {row['plan_id']} was made under policy version {row['policy_version']}, and {now} is in force: "
            "plan again, and look at it again."
        )

"""A rep who departs loses every living lead in the transaction that also closes the door to new ones (law 4)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.custody.apply import apply_moves, write_notices
from shared.custody.move import Move
from shared.custody.queue import alerts, hold
from shared.custody.reps import lock
from shared.db.policies import Version
from shared.db.transaction import Transaction
from shared.domain.lead import Stage, Status


@dataclass(frozen=True, slots=True)
class _Held:
    lead_id: int
    status: Status
    owner: str
    test: bool


def close_doors(tx: Transaction, rep_ids: Sequence[str]) -> None:
    """Lock what the reps hold, then the reps: from here on nothing can be given to them.

    A lead that came to them between the two locks is locked late, by `take_back`; should that ever close a circle, the
    server ends one of the transactions and the batch is tried again.
    """
    if rep_ids:
        tx.run(
            "INSERT INTO rep_load (rep_id) SELECT unnest(%(ids)s::text[]) ON CONFLICT DO NOTHING", ids=sorted(rep_ids)
        )
        _load_held(tx, rep_ids)
        lock(tx, rep_ids)


def take_back(tx: Transaction, policy: Version | None, rep_ids: Sequence[str]) -> list[int]:
    """Take every lead from departed reps into the policy's exception queue, to be decided again at once."""
    if not rep_ids or policy is None:
        return []
    held = _load_held(tx, rep_ids)
    apply_moves(tx, [_to_queue(row, policy, tx.started_at) for row in held])
    queue = policy.policy.queues[policy.last_queue]
    write_notices(tx, alerts(queue, [row.lead_id for row in held if not row.test]))
    return [row.lead_id for row in held]


def _to_queue(row: _Held, policy: Version, now: datetime) -> Move:
    queue = policy.policy.queues[policy.last_queue]
    return replace(
        hold(queue, policy.number, now, row.lead_id, row.status, "owner_departed"),
        stage=Stage.ASSIGNMENT,
        outcome="taken_back",
        next_attempt_at=now,
        detail={"former_owner": row.owner},
    )


def _load_held(tx: Transaction, rep_ids: Sequence[str]) -> list[_Held]:
    """Lock and return the living leads of reps, by id."""
    rows = tx.rows(
        """
        SELECT lead.lead_id, lead.status, lead.test, assignment.owner
        FROM assignment JOIN lead USING (lead_id)
        WHERE assignment.ended_at IS NULL AND assignment.owner_kind = 'rep' AND assignment.owner = ANY(%(ids)s::text[])
        ORDER BY lead.lead_id FOR UPDATE OF lead
        """,
        ids=sorted(rep_ids),
    )
    return [_Held(row.lead_id, Status(row.status), row.owner, row.test) for row in rows]

"""Takes leads out of an exception queue and lets the assignment decide them again."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.custody.apply import apply_moves
from shared.custody.move import Move
from shared.db.transaction import Transaction
from shared.domain.lead import Stage, Status


def retry(
    tx: Transaction,
    lead_ids: Sequence[int],
    *,
    made_by: str,
    end_reason: str = "retried",
    detail: Mapping[str, Any] | None = None,
) -> list[int]:
    """Move held leads back to matched and return those that moved; the caller hands them on to the assignment."""
    rows = tx.rows(
        """
        SELECT lead_id, policy_version, hold_reason FROM lead
        WHERE lead_id = ANY(%(ids)s::bigint[]) AND status = 'held' ORDER BY lead_id FOR UPDATE
        """,
        ids=list(lead_ids),
    )
    return sorted(apply_moves(tx, [_back(row, made_by, end_reason, detail or {}) for row in rows]))


def _back(row: Any, made_by: str, end_reason: str, detail: Mapping[str, Any]) -> Move:
    return Move(
        lead_id=row.lead_id,
        from_status=Status.HELD,
        status=Status.MATCHED,
        stage=Stage.OPS,
        outcome=end_reason,
        policy_version=row.policy_version,
        end_reason=end_reason,
        made_by=made_by,
        detail={"hold_reason": row.hold_reason, **detail},
    )

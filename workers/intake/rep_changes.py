"""One rep changed by hand, through the same code as files and events."""

from shared.bus.context import Context
from shared.db.transaction import Transaction, transaction
from shared.errors import RefusedError, UsageError
from workers.intake.policy.columns import nearest
from workers.intake.policy.records import KINDS, RecordError, read_record
from workers.intake.queries import rep as queries
from workers.intake.reference import apply_records


def depart(context: Context, rep_id: str, *, made_by: str) -> int:
    """Let a rep depart as of now; return how many leads the rep held, which are decided again."""
    with transaction(context.engine, context.publisher) as tx:
        known = queries.load_rep(tx, rep_id)
        if known is None:
            raise _unknown(tx, rep_id)
        held = queries.count_held(tx, rep_id)
        record = read_record(KINDS["reps"], known | {"status": "departed"})
        apply_records(tx, context.policies, KINDS["reps"], [(record, tx.started_at)], made_by=made_by)
    return held


def send_away(context: Context, row: dict[str, str | None], *, made_by: str) -> str:
    """Record the absence of a rep, columns as in the file; return inserted, updated or unchanged."""
    try:
        record = read_record(KINDS["absences"], row)
    except RecordError as error:
        raise UsageError(f"{error}.") from error
    with transaction(context.engine, context.publisher) as tx:
        for rep_id in filter(None, (record["rep_id"], record["cover_rep_id"])):
            if queries.load_rep(tx, rep_id) is None:
                raise _unknown(tx, rep_id)
        pair = (record, tx.started_at)
        return apply_records(tx, context.policies, KINDS["absences"], [pair], made_by=made_by)[0]


def _unknown(tx: Transaction, rep_id: str) -> RefusedError:
    near = nearest(rep_id, queries.load_rep_ids(tx))
    return RefusedError(
        f"There is no rep {rep_id}{f': did you mean {near}?' if near else '; baton sync reps adds one.'}"
    )

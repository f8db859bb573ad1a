"""One rep changed by hand, through the same code as files and events."""

from typing import Any

from shared.bus.context import Context
from shared.db.transaction import Transaction, transaction
from shared.errors import RefusedError, UsageError
from workers.intake.departing import DepartureReport, departure_report
from workers.intake.policy.columns import nearest
from workers.intake.policy.records import KINDS, RecordError, read_record
from workers.intake.queries import rep as queries
from workers.intake.reference import apply_records


def depart(context: Context, rep_id: str, *, made_by: str) -> DepartureReport:
    """Let a rep depart as of now, and return what hung on them; the leads they hold are decided again."""
    with transaction(context.engine, context.publisher) as tx:
        known = _known(tx, rep_id)
        report = departure_report(tx, context, rep_id)
        record = read_record(KINDS["reps"], known | {"status": "departed"})
        apply_records(tx, context.policies, KINDS["reps"], [(record, tx.started_at)], made_by=made_by)
    return report


def look_at_departure(context: Context, rep_id: str) -> DepartureReport:
    """Return what would change if a rep departed now; nothing is locked or written."""
    with transaction(context.engine) as tx:
        tx.run("SET TRANSACTION READ ONLY")
        _known(tx, rep_id)
        return departure_report(tx, context, rep_id)


def _known(tx: Transaction, rep_id: str) -> dict[str, Any]:
    known = queries.load_rep(tx, rep_id)
    if known is None:
        raise _unknown(tx, rep_id)
    return known


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

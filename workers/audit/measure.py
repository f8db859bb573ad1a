"""Puts the hand-off report together: statements, the policy's hours and promises, and the arithmetic."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from shared.db.policies import Version
from shared.db.transaction import Transaction
from shared.domain.calendar import OpenHours
from workers.audit.policy.measures import Loaded, Measure, measure_all
from workers.audit.queries.handoff import load_apart, load_cells, load_offers, load_stages
from workers.audit.queries.people import load_queues

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


def measure_handoff(tx: Transaction, version: Version, since: timedelta) -> list[Measure]:
    """Return every measure of the leads received since then; none when there are no such leads.

    Business hours are those of the policy's first calendar; without a calendar nothing is told of them.
    """
    promised = version.policy.document.commitments
    hours = next(iter(version.calendars(tx.started_at).values()), None)
    spans = [] if hours is None else list(_open_spans(hours, tx.started_at - since, tx.started_at))
    within = {"accept": promised.sales.accepted_within, "touch": promised.sales.first_touch_within}
    seconds = {name: one.total_seconds() for name, one in within.items() if one is not None}
    cells = load_cells(tx, since, spans, seconds)
    loaded = Loaded(
        days=since / _DAY,
        cells=cells if hours else [cell for cell in cells if cell["kind"] != "hours"],
        stages=load_stages(tx, since),
        offers=load_offers(tx, since),
        queues=load_queues(tx),
        apart=load_apart(tx, since),
    )
    return measure_all(loaded, promised)


def _open_spans(hours: OpenHours, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    for day in range((begin - _EPOCH).days, (end - _EPOCH).days + 1):
        for opening, closing in hours.stretches(day):
            yield _EPOCH + timedelta(microseconds=opening), _EPOCH + timedelta(microseconds=closing)

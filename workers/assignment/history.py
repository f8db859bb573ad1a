"""Reads a period back, batch by batch, and lets a draft decide it again; nothing is written, memory stays bounded."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.db.policies import PolicyShelf, Version
from shared.db.transaction import Transaction
from shared.errors import RefusedError
from shared.policy.compile import Policy
from shared.routing.policy.past import Past, PastBatch, Rosters, recorded_case, recorded_verdict
from shared.routing.policy.record import CoverageRecord
from shared.routing.policy.rehearse import Draft, People, Rehearsal, Rehearsed
from shared.routing.queries import past as queries

#: What ends a custody because its owner has answered.
_ANSWERS = frozenset({"recycled", "given_up", "converted"})
#: How targets begin behind which somebody was asked, so that it must be on record who.
_PEOPLE = ("pool:", "rep:", "owner:", "team:")


@dataclass(frozen=True, slots=True)
class Period:
    """The decisions that are looked at: from `since` on, until before `until`."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class LeadName:
    """What people call a lead."""

    lead_id: int
    event_source: str
    event_id: str
    email: str | None


@dataclass(slots=True)
class History:
    """The decisions of a period by batches; `without_record` counts those that cannot be made again.

    They asked somebody, and who was there was not kept: a release before this one has made them.
    """

    tx: Transaction
    period: Period
    #: The policies of the period by version, and how many decisions it has.
    policies: Mapping[int, Policy]
    decisions: int
    with_sheet: bool
    without_record: int = 0
    _records: dict[int, CoverageRecord] = field(default_factory=dict)

    def batches(self) -> Iterator[tuple[PastBatch, list[LeadName]]]:
        """Yield the batches in the order in which they were decided, with the names of their leads."""
        rows: list[Any] = []
        key: tuple[datetime, int | None] | None = None
        for row in self._rows():
            own = (row.decided_at, row.detail.get("coverage"))
            if own != key and rows:
                yield self._batch(rows)
                rows = []
            key = own
            rows.append(row)
        if rows:
            yield self._batch(rows)

    def _rows(self) -> Iterator[Any]:
        period = self.period
        for portion in queries.stream_decisions(self.tx, period.since, period.until, with_sheet=self.with_sheet):
            kept = [row for row in portion if _is_complete(row.detail)]
            self.without_record += len(portion) - len(kept)
            wanted = {row.detail["coverage"] for row in kept if "coverage" in row.detail}
            self._records |= queries.load_records(self.tx, wanted - self._records.keys())
            yield from kept
            # The last batch of a portion may end in the next one.
            last = kept[-1].detail.get("coverage") if kept else None
            self._records = {one: record for one, record in self._records.items() if one == last}

    def _batch(self, rows: Sequence[Any]) -> tuple[PastBatch, list[LeadName]]:
        first = rows[0]
        record = self._records.get(first.detail.get("coverage", 0))
        names = [LeadName(row.lead_id, row.event_source, row.event_id, row.email) for row in rows]
        return PastBatch(first.decided_at, record, tuple(self._past(row) for row in rows)), names

    def _past(self, row: Any) -> Past:
        case = recorded_case(
            row.lead_id,
            row.received_at,
            row.detail,
            row.facts or {},
            self.policies[row.policy_version].used_facts,
            test=row.test,
        )
        return Past(
            case=case,
            version=row.policy_version,
            was=recorded_verdict(row.outcome, row.rule, row.detail),
            counts=row.counts,
            custody_ended_at=row.ended_at,
            answered_at=_answered_at(row),
            overdue=row.overdue,
        )


def _is_complete(detail: Mapping[str, Any]) -> bool:
    return "coverage" in detail or not any(one["target"].startswith(_PEOPLE) for one in detail["tried"])


def _answered_at(row: Any) -> datetime | None:
    accepted: datetime | None = row.accepted_at
    ended: datetime | None = row.ended_at
    if accepted is not None and accepted >= row.decided_at and (ended is None or accepted <= ended):
        return accepted
    return ended if row.end_reason in _ANSWERS else None


def open_history(tx: Transaction, policies: PolicyShelf, draft: Version, period: Period) -> History:
    """Return the history of a period as a draft needs it; RefusedError when decisions of it were dropped.

    With some of its leads missing, a batch would give the others to whom it never did.
    """
    queries.take_time(tx)
    whole = queries.decisions_whole_since(tx)
    if whole is not None and period.since < whole:
        raise RefusedError(f"Decisions from before {whole:%Y-%m-%d} were dropped: --since {whole:%Y-%m-%d}, or later.")
    versions = queries.load_versions(tx, period.since, period.until)
    known = {number: policies.version(tx, number).policy for number, _ in versions}
    asks_more = any(draft.policy.used_facts - one.used_facts for one in known.values())
    return History(tx, period, known, sum(decisions for _, decisions in versions), asks_more)


def open_rehearsal(tx: Transaction, policies: PolicyShelf, draft: Version, period: Period) -> Rehearsal:
    """Return a rehearsal of a draft that begins where the period does."""
    people = People(
        Rosters(queries.load_rep_history(tx)),
        queries.load_loads_at(tx, period.since),
        queries.load_absences_since(tx, period.since),
        queries.load_usual_hold(tx, period.since, period.until),
    )
    return Rehearsal(
        Draft(draft.policy, draft.last_queue, draft.calendars),
        people,
        lambda number: policies.version(tx, number).policy,
    )


def rehearse(
    history: History,
    rehearsal: Rehearsal,
    take: Callable[[Rehearsed, LeadName, datetime], None],
    tell: Callable[[int], None],
) -> None:
    """Decide every batch again; `take` gets each decision with its lead and instant, `tell` the size of each batch."""
    for batch, names in history.batches():
        named = {one.lead_id: one for one in names}
        for one in rehearsal.decide(batch):
            take(one, named[one.past.lead_id], batch.at)
        tell(len(names))

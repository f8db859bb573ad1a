"""What the demonstration asks the database: how it stands, and what became of the leads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.db.transaction import Transaction
from shared.domain.lead import MOVING


@dataclass(frozen=True, slots=True)
class Standing:
    """How many events were read, and how many leads stand in each status."""

    read: int
    by_status: Mapping[str, int]

    @property
    def moving(self) -> int:
        """How many leads are under way."""
        return sum(self.by_status.get(status, 0) for status in MOVING)


def load_standing(tx: Transaction) -> Standing:
    """Return how it stands, in one snapshot of the tallies."""
    rows = tx.rows(
        """
        SELECT NULL AS status, (SELECT coalesce(sum(received), 0)::bigint FROM intake_batch) AS leads
        UNION ALL
        SELECT status, sum(leads)::bigint FROM status_tally GROUP BY status
        """
    )
    by_status = {row.status: row.leads for row in rows if row.status}
    return Standing(next(row.leads for row in rows if row.status is None), by_status)


def load_outcomes(tx: Transaction) -> list[tuple[str, str, int]]:
    """Return (what decided, status, leads): the rule, or what decided before any rule was asked."""
    rows = tx.rows(
        """
        SELECT CASE WHEN status = 'merged' THEN '(same person as another lead)' WHEN rule IS NOT NULL THEN rule
            WHEN status = 'nurturing' THEN '(not qualified)' ELSE '(a fact is not clear)' END AS decided_by,
            status, count(*) AS leads
        FROM report.lead GROUP BY decided_by, status ORDER BY decided_by, status
        """
    )
    return [(row.decided_by, row.status, row.leads) for row in rows]


def load_held(tx: Transaction) -> list[tuple[str, int]]:
    """Return (reason, leads) of what the exception queue holds, the most frequent first."""
    rows = tx.rows(
        """
        SELECT hold_reason, count(*) AS leads FROM report.lead WHERE status = 'held'
        GROUP BY hold_reason ORDER BY leads DESC, hold_reason
        """
    )
    return [(row.hold_reason, row.leads) for row in rows]


def load_reps(tx: Transaction) -> list[Mapping[str, Any]]:
    """Return each rep with weight, capacity, what is the matter with the rep, and from where the leads came."""
    rows = tx.rows(
        """
        WITH given AS (
            SELECT owner, coalesce(pool, replace(reason, '_', ' ')) AS way, count(*) AS leads
            FROM assignment WHERE owner_kind = 'rep' GROUP BY owner, way
        )
        SELECT rep.name, rep.team, rep.weight::float AS weight, rep.capacity,
            CASE WHEN rep.status = 'departed' THEN 'departed'
                WHEN EXISTS (SELECT FROM absence WHERE absence.rep_id = rep.rep_id AND now() >= starts_at - stop_before
                    AND now() < ends_at) THEN 'away'
                WHEN open_leads >= capacity THEN 'full' END AS note,
            open_leads AS leads,
            (SELECT string_agg(format('%%s %%s', way, leads), ', ' ORDER BY way) FROM given WHERE owner = rep.rep_id)
                AS "from"
        FROM rep LEFT JOIN rep_load USING (rep_id) ORDER BY rep.team, rep.weight DESC, rep.name
        """
    )
    return [dict(row._mapping) for row in rows]  # noqa: SLF001  SQLAlchemy's public name for it


def load_times(tx: Transaction) -> Mapping[str, float | None]:
    """Return median and 95th percentile in seconds, from the event to the owner, and from the buffer's end to there."""
    row = tx.row(
        """
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM assigned_at - received_at)) AS median,
            percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM assigned_at - received_at)) AS p95,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM assigned_at - release_at)) AS routing_median,
            percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM assigned_at - release_at)) AS routing_p95
        FROM lead WHERE assigned_at IS NOT NULL
        """
    )
    return dict(row._mapping) if row else {}  # noqa: SLF001  as above


def load_conservation(tx: Transaction) -> Mapping[str, Any]:
    """Return the one row of the report that says where every event went."""
    row = tx.row("SELECT * FROM report.conservation")
    return dict(row._mapping) if row else {}  # noqa: SLF001  as above


def load_quarantine(tx: Transaction) -> list[tuple[str, int]]:
    """Return (reason, events) of what could not be read; the numbers in a reason do not make another one."""
    rows = tx.rows(
        r"""
        SELECT regexp_replace(reason, '\d[\d,]*\M', '…', 'g') AS reason, count(*) AS events FROM report.quarantine
        GROUP BY 1 ORDER BY events DESC, 1
        """
    )
    return [(row.reason, row.events) for row in rows]


def load_clocks(tx: Transaction) -> int:
    """Return how many clocks run for leads that have an owner."""
    return int(
        tx.value(
            """
            SELECT count(DISTINCT (lead_id, epoch)) FROM report.deadline
            WHERE fired_at IS NULL AND cancelled_at IS NULL
            """
        )
    )


def find_example(tx: Transaction) -> int | None:
    """Return a lead that shows most: facts that were added, a submission that joined it, a choice among many."""
    return tx.value(  # type: ignore[no-any-return]  # a bigint or nothing
        """
        SELECT lead.lead_id FROM lead JOIN assignment ON assignment.lead_id = lead.lead_id AND ended_at IS NULL
        WHERE status = 'offered' AND pool IS NOT NULL
        ORDER BY lead.decisions DESC, lead.account_id IS NULL, lead.lead_id LIMIT 1
        """
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """A lead and where it stands."""

    lead_id: int
    status: str


def find_lead_of_event(tx: Transaction, source: str, event_id: str) -> Seen | None:
    """Return the lead that an event became."""
    row = tx.row(
        """
        SELECT lead.lead_id, status FROM event_key JOIN lead USING (lead_id)
        WHERE source = %(source)s AND id = %(id)s
        """,
        source=source,
        id=event_id,
    )
    return None if row is None else Seen(row.lead_id, row.status)


def find_claimant(tx: Transaction, lead_id: int) -> str | None:
    """Return a colleague who is here, of the team of the rep who let the lead go."""
    found: str | None = tx.value(
        """
        SELECT colleague.rep_id FROM assignment AS former
        JOIN rep AS owner ON owner.rep_id = former.owner
        JOIN rep AS colleague ON colleague.team = owner.team AND colleague.rep_id <> owner.rep_id
        WHERE former.lead_id = %(id)s AND former.owner_kind = 'rep' AND colleague.status = 'active'
            AND NOT EXISTS (SELECT FROM absence WHERE absence.rep_id = colleague.rep_id AND ends_at > now())
        ORDER BY former.epoch DESC, colleague.rep_id LIMIT 1
        """,
        id=lead_id,
    )
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened to a lead: when, how long after it came, and what."""

    at: datetime
    after_seconds: float
    what: str
    detail: str


def load_story(tx: Transaction, lead_id: int) -> list[Told]:
    """Return everything that happened to a lead, custody, clock and notices, in order."""
    rows = tx.rows(
        """
        WITH story AS (
            SELECT started_at AS at, 1 AS place, owner_kind || ' ' || owner AS what, 'by ' || reason AS detail
            FROM assignment WHERE lead_id = %(id)s
            UNION ALL
            SELECT fired_at, 0, replace(action, '_', ' '),
                'due ' || to_char(due_at, 'HH24:MI:SS') || ', fired by ' || fired_by
            FROM deadline WHERE lead_id = %(id)s AND fired_at IS NOT NULL
            UNION ALL
            SELECT created_at, 2, 'notice: ' || kind, 'to ' || recipient || ', ' || coalesce(outcome, 'waiting')
            FROM notice WHERE %(id)s = ANY(lead_ids)
        )
        SELECT at, extract(epoch FROM at - lead.received_at)::float8 AS after_seconds, what, detail
        FROM story, lead WHERE lead.lead_id = %(id)s ORDER BY at, place, what
        """,
        id=lead_id,
    )
    return [Told(row.at, row.after_seconds, row.what, row.detail) for row in rows]


@dataclass(frozen=True, slots=True)
class Offer:
    """A lead that waits for the answer of its owner."""

    lead_id: int
    owner: str


def load_offers(tx: Transaction, limit: int) -> list[Offer]:
    """Return the first leads that wait for an answer, in the order in which they came."""
    rows = tx.rows(
        """
        SELECT lead_id, owner FROM lead JOIN assignment USING (lead_id)
        WHERE lead.status = 'offered' AND ended_at IS NULL AND NOT test ORDER BY lead_id LIMIT %(limit)s
        """,
        limit=limit,
    )
    return [Offer(row.lead_id, row.owner) for row in rows]


def count_unsettled(tx: Transaction) -> int:
    """Return how many captured events nobody has settled yet."""
    return int(tx.value("SELECT count(*) FROM event WHERE outcome = 'open'"))


def load_answers(tx: Transaction, source: str) -> list[tuple[str, str, int]]:
    """Return (what was said, what became of it, leads) of the answers that came from there."""
    rows = tx.rows(
        """
        SELECT replace(split_part(type, '.', 2), '_', ' ') AS said, outcome, count(*) AS leads,
            min(event_number) AS first
        FROM event WHERE source = %(source)s AND type LIKE 'lead.%%' GROUP BY type, outcome ORDER BY first
        """,
        source=source,
    )
    return [(row.said, row.outcome, row.leads) for row in rows]

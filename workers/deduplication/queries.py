"""Every statement of deduplication: claim, persons, accounts, and what was decided."""

from collections.abc import Collection, Mapping, Sequence

from shared.db.arrays import rows_as_json
from shared.db.transaction import Transaction
from shared.domain.lead import Status
from workers.deduplication.policy.account import AccountCandidate
from workers.deduplication.policy.outcome import Joining, Settled, Waiting
from workers.deduplication.policy.person import EMAIL, Living


def load_released(tx: Transaction, lead_ids: Sequence[int]) -> list[Waiting]:
    """Return those of the leads that stand in the buffer and may leave it; nothing is locked yet."""
    rows = tx.rows(
        """
        SELECT lead_id, sheet -> 'facts' AS facts, sheet -> 'bad' AS bad FROM lead JOIN fact_sheet USING (lead_id)
        WHERE lead_id = ANY(%(ids)s::bigint[]) AND status = 'buffering' AND release_at <= now() ORDER BY lead_id
        """,
        ids=list(lead_ids),
    )
    return [Waiting(row.lead_id, row.facts, row.bad) for row in rows]


def load_holders(tx: Transaction, keys: Collection[str]) -> dict[str, int]:
    """Return which lead holds each key."""
    rows = tx.rows("SELECT key, lead_id FROM person_key WHERE key = ANY(%(keys)s::text[])", keys=sorted(keys))
    return {row.key: row.lead_id for row in rows}


def load_living(tx: Transaction, lead_ids: Collection[int]) -> dict[int, Living]:
    """Return how leads stand, without any lock."""
    rows = tx.rows(
        "SELECT lead_id, status, track FROM lead WHERE lead_id = ANY(%(ids)s::bigint[])", ids=sorted(lead_ids)
    )
    return {row.lead_id: Living(row.lead_id, Status(row.status), track=row.track) for row in rows}


def claim(tx: Transaction, lead_ids: Collection[int]) -> dict[int, Living]:
    """Lock leads in order, those of the batch and those of the same persons, and return how they stand."""
    rows = tx.rows(
        """
        SELECT lead_id, status, track FROM lead
        WHERE lead_id = ANY(%(ids)s::bigint[]) ORDER BY lead_id FOR UPDATE
        """,
        ids=sorted(lead_ids),
    )
    return {row.lead_id: Living(row.lead_id, Status(row.status), track=row.track) for row in rows}


def claim_keys(tx: Transaction, keys: Mapping[str, int]) -> dict[str, int]:
    """Take every key that nobody holds for its lead; return who holds each key now.

    Sorted, so that two batches with common keys wait for each other in one order.
    """
    tx.run(
        """
        INSERT INTO person_key (key, lead_id)
        SELECT key, lead_id FROM json_to_recordset(%(rows)s) AS row(key text, lead_id bigint) ORDER BY key
        ON CONFLICT (key) DO NOTHING
        """,
        rows=rows_as_json({"key": key, "lead_id": lead_id} for key, lead_id in keys.items()),
    )
    return load_holders(tx, keys)


def load_email_keys(tx: Transaction, lead_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """Return the e-mail keys of each lead that stands for a person."""
    rows = tx.rows(
        """
        SELECT lead_id, array_agg(key) AS keys FROM person_key
        WHERE lead_id = ANY(%(ids)s::bigint[]) GROUP BY lead_id
        """,
        ids=sorted(lead_ids),
    )
    # Chosen here: a condition on the key would let the planner read every e-mail key there is.
    return {row.lead_id: frozenset(key for key in row.keys if key.startswith(EMAIL)) for row in rows}


def give_keys(tx: Transaction, keys: Mapping[str, int]) -> None:
    """Let keys that this batch took point at another lead, which stands for the person."""
    tx.run(
        """
        UPDATE person_key SET lead_id = row.lead_id
        FROM json_to_recordset(%(rows)s) AS row(key text, lead_id bigint) WHERE person_key.key = row.key
        """,
        rows=rows_as_json({"key": key, "lead_id": lead_id} for key, lead_id in sorted(keys.items())),
    )


def load_candidates(tx: Transaction, domains: Collection[str], account_ids: Collection[str]) -> list[AccountCandidate]:
    """Return accounts by registrable domain or by id, with what ties are broken by."""
    if not domains and not account_ids:
        return []
    rows = tx.rows(
        """
        SELECT account.account_id, account.company_key, account.domain, account.created_at, account.status,
            account.owner_rep_id, coalesce(rep.status = 'active', false) AS owner_active,
            EXISTS (SELECT FROM opportunity WHERE opportunity.account_id = account.account_id AND is_open)
                AS has_open_opportunity
        FROM account LEFT JOIN rep ON rep.rep_id = account.owner_rep_id
        WHERE account.domain = ANY(%(domains)s::text[]) OR account.account_id = ANY(%(ids)s::text[])
        ORDER BY account.account_id
        """,
        domains=sorted(domains),
        ids=sorted(account_ids),
    )
    return [AccountCandidate(**row._mapping) for row in rows]  # noqa: SLF001  SQLAlchemy's public name for it


def load_account_names(tx: Transaction, since: str | None) -> tuple[list[tuple[str, str | None]], str]:
    """Return (account id, match key) of accounts written since a snapshot, and the snapshot to ask from next time."""
    horizon = str(tx.value("SELECT pg_snapshot_xmin(pg_current_snapshot())::text"))
    rows = tx.rows(
        "SELECT account_id, company_key FROM account WHERE revision >= coalesce(%(since)s::text, '0')::xid8",
        since=since,
    )
    return [(row.account_id, row.company_key) for row in rows], horizon


def apply_settled(tx: Transaction, settled: Sequence[Settled]) -> list[tuple[int, Status]]:
    """Move the leads of the batch that still stand in the buffer, with their decisions; return who moved where."""
    rows = tx.rows(
        """
        WITH decided AS (
            SELECT * FROM jsonb_to_recordset(%(rows)s) AS row(lead_id bigint, status text, outcome text, detail jsonb,
                account_id text, merged_into bigint, policy_version integer)
        ), moved AS (
            UPDATE lead SET status = decided.status, account_id = decided.account_id,
                merged_into = decided.merged_into, decisions = lead.decisions + 1, next_attempt_at = NULL
            FROM decided WHERE lead.lead_id = decided.lead_id AND lead.status = 'buffering'
            RETURNING lead.decisions, decided.*
        ), recorded AS (
            INSERT INTO decision (lead_id, sequence, stage, outcome, policy_version, detail)
            SELECT lead_id, decisions, 'deduplication', outcome, policy_version, detail FROM moved
        )
        SELECT lead_id, status FROM moved ORDER BY lead_id
        """,
        rows=rows_as_json(settled),
    )
    return [(row.lead_id, Status(row.status)) for row in rows]


def record_joinings(tx: Transaction, joinings: Sequence[Joining]) -> list[int]:
    """Write on each living lead who joined it; wake the nurtured ones whose track says so, and return those.

    A lead that wakes goes on with what the person said last; facts that were not said again stay.
    """
    if not joinings:
        return []
    rows = tx.rows(
        """
        WITH joining AS (
            SELECT * FROM jsonb_to_recordset(%(rows)s) AS row(lead_id bigint, joined jsonb, wakes boolean, facts jsonb,
                bad jsonb)
        ), moved AS (
            UPDATE lead SET decisions = lead.decisions + 1,
                status = CASE WHEN wakes THEN 'buffering' ELSE lead.status END,
                track = CASE WHEN wakes THEN NULL ELSE lead.track END,
                recycle_reason = CASE WHEN wakes THEN NULL ELSE lead.recycle_reason END,
                release_at = CASE WHEN wakes THEN now() ELSE lead.release_at END
            FROM joining WHERE lead.lead_id = joining.lead_id
            RETURNING lead.decisions, joining.*
        ), refreshed AS (
            UPDATE fact_sheet SET sheet = sheet
                || jsonb_build_object('facts', (sheet -> 'facts') || joining.facts, 'bad', joining.bad)
            FROM joining WHERE fact_sheet.lead_id = joining.lead_id AND wakes
        ), cancelled AS (
            UPDATE deadline SET cancelled_at = now()
            FROM joining WHERE deadline.lead_id = joining.lead_id AND wakes AND ladder = 'track'
                AND fired_at IS NULL AND cancelled_at IS NULL
        ), recorded AS (
            INSERT INTO decision (lead_id, sequence, stage, outcome, detail)
            SELECT lead_id, decisions, 'deduplication', CASE WHEN wakes THEN 'woken' ELSE 'joined' END,
                jsonb_build_object('joined', joined)
            FROM moved
        )
        SELECT lead_id FROM moved WHERE wakes ORDER BY lead_id
        """,
        rows=rows_as_json(joinings),
    )
    return [row.lead_id for row in rows]

"""Which leads a plan is about, and how they stand."""

from collections.abc import Mapping, Sequence

from shared.db.arrays import rows_as_json
from shared.db.transaction import Transaction
from shared.domain.lead import OwnerKind
from shared.routing.queries.cases import cases_of
from workers.reassignment.policy.order import Scope
from workers.reassignment.policy.planning import Candidate


def load_scope(tx: Transaction, scope: Scope, *, pool: str | None, from_version: int | None) -> list[int]:
    """Return the leads that somebody or something holds and that the columns of the scope name, by id.

    `pool` is the territory where that is a pool; `from_version` the one policy version whose leads cannot differ.
    """
    conditions = {
        "holder.owner_kind = 'rep' AND holder.owner = %(rep)s": scope.rep,
        "holder.owner_kind = 'rep' AND holder.owner IN (SELECT rep_id FROM rep WHERE team = %(team)s)": scope.team,
        "holder.pool = %(pool)s": pool,
        "lead.rule = %(rule)s": scope.rule,
        "lead.received_at < %(before)s": scope.created_before,
        "lead.received_at < now() - make_interval(secs => %(older)s)": scope.older_than,
        "lead.lead_id = ANY(%(leads)s::bigint[])": scope.leads,
        "holder.policy_version <> %(version)s": from_version,
    }
    wanted = " AND ".join(text for text, given in conditions.items() if given is not None)
    rows = tx.rows(
        f"""
        SELECT lead.lead_id FROM lead JOIN assignment AS holder USING (lead_id)
        WHERE holder.ended_at IS NULL AND lead.status = ANY(%(statuses)s::text[]) {f"AND {wanted}" if wanted else ""}
        ORDER BY lead.lead_id
        """,  # noqa: S608  conditions of this module
        statuses=[str(one) for one in scope.statuses],
        rep=scope.rep,
        team=scope.team,
        pool=pool,
        rule=scope.rule,
        before=scope.created_before,
        older=scope.older_than.total_seconds() if scope.older_than else None,
        leads=sorted(scope.leads or ()),
        version=from_version,
    )
    return [row.lead_id for row in rows]


def load_candidates(tx: Transaction, lead_ids: Sequence[int]) -> list[Candidate]:
    """Return the leads with their facts and the custody that runs, by id; nothing is locked."""
    rows = tx.rows(
        """
        SELECT lead.lead_id, lead.status, lead.received_at, coalesce(lead.release_at, lead.received_at) AS released_at,
            lead.account_id, lead.test, NULL::jsonb AS directive, lead.hold_reason, lead.epoch,
            holder.owner_kind, holder.owner, holder.policy_version,
            coalesce(fact_sheet.sheet -> 'facts', '{}') AS facts, coalesce(fact_sheet.sheet -> 'bad', '{}') AS bad
        FROM lead JOIN assignment AS holder ON holder.lead_id = lead.lead_id AND holder.ended_at IS NULL
        LEFT JOIN fact_sheet ON fact_sheet.lead_id = lead.lead_id
        WHERE lead.lead_id = ANY(%(ids)s::bigint[]) ORDER BY lead.lead_id
        """,
        ids=list(lead_ids),
    )
    return [
        Candidate(case, row.epoch, OwnerKind(row.owner_kind), row.owner, row.policy_version)
        for case, row in zip(cases_of(tx, rows), rows, strict=True)
    ]


def load_versions_of(tx: Transaction, lead_ids: Sequence[int]) -> list[int]:
    """Return the policy versions under which the custodies of these leads run."""
    rows = tx.rows(
        """
        SELECT DISTINCT policy_version FROM assignment
        WHERE ended_at IS NULL AND lead_id = ANY(%(ids)s::bigint[]) ORDER BY policy_version
        """,
        ids=list(lead_ids),
    )
    return [row.policy_version for row in rows]


def resolve_keys(tx: Transaction, keys: Mapping[str, str | None]) -> dict[str, int]:
    """Return which lead each key names: an id, the e-mail of a person whose lead somebody holds, or SOURCE:ID.

    `keys` are what was written, each with the e-mail address in normal form that it may be.
    """
    rows = tx.rows(
        """
        WITH named AS (SELECT key, email FROM json_to_recordset(%(rows)s) AS named(key text, email text))
        SELECT key, lead_id FROM named JOIN lead ON lead.lead_id = CASE WHEN key ~ '^[0-9]{1,18}$' THEN key::bigint END
        UNION ALL
        SELECT key, fact_sheet.lead_id FROM named JOIN fact_sheet USING (email)
        JOIN assignment ON assignment.lead_id = fact_sheet.lead_id AND ended_at IS NULL
        UNION ALL
        SELECT key, event_key.lead_id FROM named JOIN event_key
            ON event_key.source = substring(key FROM '^(.*):[^:]*$') AND event_key.id = substring(key FROM '([^:]*)$')
        WHERE event_key.lead_id IS NOT NULL
        """,
        rows=rows_as_json({"key": key, "email": email} for key, email in keys.items()),
    )
    return {row.key: row.lead_id for row in rows}


def load_known_names(tx: Transaction) -> dict[str, set[str]]:
    """Return the reps, active ones apart, and the teams that there are, to say what a wrong name may have meant."""
    rows = tx.rows("SELECT rep_id, team, status FROM rep")
    return {
        "reps": {row.rep_id for row in rows},
        "active": {row.rep_id for row in rows if row.status == "active"},
        "teams": {row.team for row in rows if row.team},
    }

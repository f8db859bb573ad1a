"""Law 8: the decisions of a lead, in order, tell how it came to stand where it stands.

A decision that moves the lead says so: its outcome is the status, or its detail has the status under that name; one
that starts a custody names the owner in its detail. Of a lead that has ended, the decisions of old months may have been
dropped: then its first ones are not there, and how many those are, over all leads, is counted.
"""

from workers.audit.laws import EXPLAINED, Check

#: The decisions that move a lead, with the status that each says.
_TOLD = """
    SELECT lead_id, sequence, detail ->> 'owner' AS owner,
        CASE WHEN detail ? 'status' THEN detail ->> 'status' WHEN outcome = 'woken' THEN 'buffering' ELSE outcome END
            AS status
    FROM decision
    WHERE outcome = ANY(%(statuses)s::text[]) OR outcome = 'woken' OR detail ? 'status'
"""

#: Whether the first decisions of a lead may be gone.
_MAY_BE_SHORT = "(lead.status <> ALL(%(living)s::text[]) AND lead.received_at < decisions_whole_since())"

CHECKS = (
    Check(
        EXPLAINED,
        "the decisions of a lead are numbered from 1 without gap or repeat, as many as the lead counts",
        f"""
        SELECT lead_id AS id
        FROM lead FULL JOIN (
            SELECT lead_id, count(*) AS rows, count(DISTINCT sequence) AS numbers, min(sequence) AS first,
                max(sequence) AS last
            FROM decision GROUP BY lead_id
        ) AS made USING (lead_id)
        WHERE CASE WHEN made.rows IS NULL THEN lead.decisions <> 0 AND NOT {_MAY_BE_SHORT}
            ELSE (made.rows, numbers, last) IS DISTINCT FROM (decisions - first + 1, decisions - first + 1, decisions)
                OR first <> 1 AND NOT {_MAY_BE_SHORT} END
        """,  # noqa: S608  a constant of this module
    ),
    Check(
        EXPLAINED,
        "as many decisions were dropped as leads count and do not have",
        """
        SELECT format('%%s carried, %%s found', carried, counted - there) AS id
        FROM (SELECT coalesce(sum(decisions), 0) AS carried FROM dropped_decisions) AS dropped,
            (SELECT coalesce(sum(decisions), 0) AS counted FROM lead) AS leads,
            (SELECT count(*) AS there FROM decision) AS made
        WHERE carried <> counted - there
        """,
    ),
    Check(
        EXPLAINED,
        "each decision moves the lead from where the one before left it, by a legal move, to where it stands",
        f"""
        WITH told AS ({_TOLD}), walked AS (
            SELECT lead_id, told.status, lead(told.status) OVER lead_ IS NULL AS is_last,
                -- Where a lead stood before decisions that are gone, nobody knows, and NULL is in no list.
                coalesce(lag(told.status) OVER lead_, CASE WHEN NOT {_MAY_BE_SHORT} THEN 'received' END) AS from_status
            FROM told JOIN lead USING (lead_id) WINDOW lead_ AS (PARTITION BY lead_id ORDER BY sequence)
        )
        SELECT lead_id AS id FROM walked
        WHERE (from_status, status) NOT IN (SELECT from_status, to_status FROM lead_move)
        UNION
        SELECT lead_id FROM lead LEFT JOIN walked USING (lead_id)
        WHERE coalesce(is_last, true) AND lead.status <> coalesce(walked.status, 'received')
            AND NOT (walked.status IS NULL AND {_MAY_BE_SHORT})
        """,  # noqa: S608  a constant of this module
    ),
    Check(
        EXPLAINED,
        "the last decision that names an owner names the one who holds the lead",
        f"""
        SELECT lead_id AS id
        FROM assignment LEFT JOIN (
            SELECT DISTINCT ON (lead_id) lead_id, told.owner
            FROM ({_TOLD}) AS told WHERE told.owner IS NOT NULL ORDER BY lead_id, sequence DESC
        ) AS named USING (lead_id)
        WHERE ended_at IS NULL AND named.owner IS DISTINCT FROM assignment.owner
        """,  # noqa: S608  as above
    ),
)

"""Laws 2 and 4: who holds each lead, and that somebody is there to act."""

from workers.audit.laws import CUSTODY, VOID, Check

CHECKS = (
    Check(
        CUSTODY,
        "offered and accepted leads are held by one rep, pooled and held ones by one queue, all others by nobody",
        """
        SELECT lead_id AS id
        FROM lead FULL JOIN (
            SELECT lead_id, count(*) AS holders, min(owner_kind) AS owner_kind
            FROM assignment WHERE ended_at IS NULL GROUP BY lead_id
        ) AS holding USING (lead_id)
        WHERE CASE WHEN status IN ('offered', 'accepted') THEN holders IS DISTINCT FROM 1 OR owner_kind <> 'rep'
            WHEN status IN ('pooled', 'held') THEN holders IS DISTINCT FROM 1 OR owner_kind <> 'queue'
            ELSE holders IS NOT NULL END
        """,
    ),
    Check(
        CUSTODY,
        "a lead's epoch counts its custodies, and the last of them is the one that runs",
        """
        SELECT lead_id AS id
        FROM lead FULL JOIN (
            SELECT lead_id, count(*) AS custodies,
                coalesce(max(epoch) FILTER (WHERE ended_at IS NULL), max(epoch)) AS last
            FROM assignment GROUP BY lead_id
        ) AS history USING (lead_id)
        WHERE lead.epoch IS DISTINCT FROM coalesce(custodies, 0) OR last <> custodies
        """,
    ),
    Check(
        VOID,
        "no living lead belongs to a rep who has departed or is not known",
        """
        SELECT lead_id AS id FROM assignment LEFT JOIN rep ON rep.rep_id = assignment.owner
        WHERE ended_at IS NULL AND owner_kind = 'rep' AND rep.status IS DISTINCT FROM 'active'
        """,
    ),
    Check(
        VOID,
        "no lead stands in a moving status longer than all attempts of the sweep take",
        """
        SELECT lead_id AS id
        FROM lead, (
            SELECT min(effective_at) AS first_policy FROM policy_activation WHERE effective_at <= now()
        ) AS since
        WHERE moving
            AND greatest(status_at, release_at, first_policy) < now() - make_interval(secs => %(allowed_seconds)s)
            AND first_policy IS NOT NULL
        """,
    ),
    Check(
        VOID,
        "every lead in a queue has an owner by name: the queue's, in the policy of the case",
        """
        SELECT lead_id AS id
        FROM assignment JOIN json_to_recordset(%(unowned_queues)s) AS unowned(policy_version integer, owner text)
            USING (policy_version, owner)
        WHERE ended_at IS NULL AND owner_kind = 'queue'
        """,
    ),
)

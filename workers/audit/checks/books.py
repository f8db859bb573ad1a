"""What we count beside the leads, because counting it again for every decision would cost too much."""

from workers.audit.laws import BOOKS, Check

CHECKS = (
    Check(
        BOOKS,
        "a rep's load is the number of leads the rep holds",
        """
        SELECT rep_id AS id
        FROM rep_load FULL JOIN (
            SELECT owner AS rep_id, count(*) AS leads FROM assignment
            WHERE ended_at IS NULL AND owner_kind = 'rep' GROUP BY owner
        ) AS held USING (rep_id)
        WHERE open_leads IS DISTINCT FROM coalesce(leads, 0)
        """,
    ),
    Check(
        BOOKS,
        "a person's key belongs to a lead that lives or is suppressed",
        """
        SELECT key AS id FROM person_key LEFT JOIN lead USING (lead_id)
        WHERE lead.status IS NULL OR lead.status IN ('merged', 'diverted', 'converted')
        """,
    ),
    Check(
        BOOKS,
        "a lead in a queue has the clock that the queue's policy promises",
        """
        SELECT lead_id AS id
        FROM assignment JOIN json_to_recordset(%(clocked_queues)s) AS clocked(policy_version integer, owner text)
            USING (policy_version, owner)
        WHERE ended_at IS NULL AND owner_kind = 'queue' AND NOT EXISTS (
            SELECT FROM deadline WHERE deadline.lead_id = assignment.lead_id AND deadline.epoch = assignment.epoch
                AND ladder = 'queue')
        """,
    ),
)

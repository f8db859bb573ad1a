"""Laws 3 and 5: what fires, when, and by which policy; as far as the tables can tell."""

from workers.audit.laws import CLOCK, PINNED, Check

CHECKS = (
    Check(
        CLOCK,
        "no step fires before it is due",
        "SELECT lead_id AS id FROM deadline WHERE fired_at < due_at",
    ),
    Check(
        CLOCK,
        "a step of a custody is there once",
        """
        SELECT lead_id AS id FROM deadline GROUP BY lead_id, epoch, ladder, step HAVING count(*) > 1
        """,
    ),
    Check(
        CLOCK,
        "a step that fired is on the lead's record once",
        """
        SELECT lead_id AS id FROM decision
        WHERE stage = 'escalation' AND outcome IN ('remind', 'flag_overdue', 'escalate') AND detail ? 'epoch'
        GROUP BY lead_id, detail -> 'epoch', detail -> 'ladder', detail -> 'step' HAVING count(*) > 1
        """,
    ),
    Check(
        CLOCK,
        "no step fires after its custody ended",
        """
        SELECT deadline.lead_id AS id FROM deadline JOIN assignment USING (lead_id, epoch)
        WHERE ladder IN ('accept', 'first_touch', 'queue') AND fired_at > ended_at
        """,
    ),
    Check(
        CLOCK,
        "a ladder that has ended leaves no step open",
        """
        SELECT deadline.lead_id AS id FROM deadline LEFT JOIN lead USING (lead_id)
        WHERE fired_at IS NULL AND cancelled_at IS NULL AND CASE ladder
            WHEN 'buffer' THEN lead.status IS DISTINCT FROM 'buffering'
            WHEN 'track' THEN lead.status IS DISTINCT FROM 'nurturing'
            WHEN 'accept' THEN lead.status IS DISTINCT FROM 'offered' OR lead.epoch <> deadline.epoch
            WHEN 'first_touch' THEN lead.status IS DISTINCT FROM 'accepted' OR lead.epoch <> deadline.epoch
            WHEN 'queue' THEN coalesce(lead.status NOT IN ('pooled', 'held'), true) OR lead.epoch <> deadline.epoch
            END
        """,
    ),
    Check(
        CLOCK,
        "every due step is fired, cancelled, or deferred",
        """
        SELECT lead_id AS id FROM deadline
        WHERE fire_at < now() - make_interval(secs => %(late_seconds)s)
        """,
    ),
    Check(
        PINNED,
        "a running clock has the policy version of its custody",
        """
        SELECT deadline.lead_id AS id FROM deadline JOIN assignment USING (lead_id, epoch)
        WHERE fired_at IS NULL AND cancelled_at IS NULL AND ended_at IS NULL
            AND ladder IN ('accept', 'first_touch', 'queue') AND deadline.policy_version <> assignment.policy_version
        """,
    ),
    Check(
        PINNED,
        "the policy of every custody that runs is known",
        """
        SELECT lead_id AS id FROM assignment
        WHERE ended_at IS NULL AND policy_version NOT IN (SELECT version FROM policy_version)
        """,
    ),
)

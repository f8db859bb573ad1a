"""Law 6: what reps may answer."""

from workers.audit.laws import ANSWER, Check

CHECKS = (
    Check(
        ANSWER,
        "every recycling carries a reason that the policy of the case lists",
        """
        SELECT lead_id AS id
        FROM decision JOIN json_to_recordset(%(unlisted_reasons)s) AS unlisted(policy_version integer, reason text)
            ON decision.policy_version = unlisted.policy_version
                AND detail ->> 'recycle_reason' IS NOT DISTINCT FROM unlisted.reason
        WHERE stage = 'answer' AND outcome = 'recycled'
        """,
    ),
    Check(
        ANSWER,
        "an accepted lead carries the instant of its acceptance",
        "SELECT lead_id AS id FROM lead WHERE status = 'accepted' AND accepted_at IS NULL",
    ),
)

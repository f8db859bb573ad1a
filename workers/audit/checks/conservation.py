"""Law 1: every event that was read is in exactly one place."""

from workers.audit.laws import CONSERVATION, Check

CHECKS = (
    Check(
        CONSERVATION,
        "the tally of what was read equals what it became, and what is stored",
        """
        WITH tally AS (
            SELECT coalesce(sum(received), 0) AS received, coalesce(sum(leads), 0) AS leads,
                coalesce(sum(captured), 0) AS captured, coalesce(sum(duplicates), 0) AS duplicates,
                coalesce(sum(quarantined), 0) AS quarantined
            FROM intake_batch
        )
        SELECT format('%%s: %%s tallied, %%s found', kind, tallied, found) AS id
        FROM tally, LATERAL (VALUES
            ('events', received, leads + captured + duplicates + quarantined),
            ('leads', leads, (SELECT count(*) FROM lead)),
            ('other events', captured, (SELECT count(*) FROM event WHERE outcome <> 'lead')
                + (SELECT coalesce(sum(applied + refused), 0) FROM dropped_month)),
            ('unreadable events', quarantined, (SELECT count(*) FROM quarantine))
        ) AS line(kind, tallied, found)
        WHERE tallied <> found
        """,
    ),
    Check(
        CONSERVATION,
        "every batch of the tally adds up, and counts each entry of the stream once",
        """
        SELECT format('batch %%s', batch_id) AS id FROM intake_batch
        WHERE received <> leads + captured + duplicates + quarantined OR received <> cardinality(entries)
        UNION ALL
        SELECT format('entry %%s', entry) FROM intake_batch, unnest(entries) AS entry GROUP BY entry HAVING count(*) > 1
        """,
    ),
    Check(
        CONSERVATION,
        "every key has one event, and every event its key",
        """
        SELECT concat_ws(':', source, id) AS id
        FROM event_key FULL JOIN (
            SELECT source, id, count(*) AS copies FROM event GROUP BY source, id
        ) AS captured USING (source, id)
        WHERE (copies IS DISTINCT FROM 1 OR event_key.received_at IS NULL)
            AND (event_key.received_at >= events_kept_since() OR copies IS NOT NULL)
        """,
    ),
    Check(
        CONSERVATION,
        "every submission is the lead that it says, and every lead was submitted",
        """
        SELECT lead_id AS id
        FROM lead FULL JOIN (
            SELECT lead_id, source, id FROM event WHERE outcome = 'lead'
        ) AS submitted USING (lead_id)
        WHERE (lead.event_source, lead.event_id) IS DISTINCT FROM (submitted.source, submitted.id)
            AND (lead.received_at >= events_kept_since() OR submitted.source IS NOT NULL)
        """,
    ),
    Check(
        CONSERVATION,
        "what was dropped is counted: as many keys and as many leads as the dropped months had",
        """
        SELECT format('%%s: %%s carried, %%s found', kind, carried, found) AS id
        FROM (SELECT coalesce(sum(leads), 0) AS leads, coalesce(sum(applied + refused), 0) AS others
            FROM dropped_month) AS dropped,
            LATERAL (VALUES
                ('keys', leads + others, (SELECT count(*) FROM event_key WHERE received_at < events_kept_since())),
                ('leads', leads, (SELECT count(*) FROM lead WHERE received_at < events_kept_since()))
            ) AS line(kind, carried, found)
        WHERE carried <> found
        """,
    ),
    Check(
        CONSERVATION,
        "every status is a word of the closed list, so that the statuses sum to the leads",
        "SELECT lead_id AS id FROM lead WHERE status <> ALL(%(statuses)s::text[])",
    ),
    Check(
        CONSERVATION,
        "the tally of the statuses says how many leads stand in each",
        """
        SELECT format('%%s: %%s tallied, %%s found', status, coalesce(tallied, 0), coalesce(found, 0)) AS id
        FROM (SELECT status, sum(leads) AS tallied FROM status_tally GROUP BY status) AS tally
        FULL JOIN (SELECT status, count(*) AS found FROM lead GROUP BY status) AS counted USING (status)
        WHERE coalesce(tallied, 0) <> coalesce(found, 0)
        """,
    ),
)

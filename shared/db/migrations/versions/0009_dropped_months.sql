-- What a dropped partition of `event` held, so that the books balance without it.

CREATE TABLE dropped_month (
    month date PRIMARY KEY CHECK (month = date_trunc('month', month)::date),
    leads bigint NOT NULL,
    applied bigint NOT NULL,
    refused bigint NOT NULL,
    dropped_at timestamptz NOT NULL DEFAULT now(),
    dropped_by text NOT NULL
);
COMMENT ON TABLE dropped_month IS 'Months whose events were dropped, the oldest first and without a gap, with how many there were of each outcome.';

CREATE FUNCTION events_kept_since() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT coalesce((max(month) + interval '1 month') AT TIME ZONE 'UTC', '-infinity') FROM dropped_month);
COMMENT ON FUNCTION events_kept_since IS 'The instant from which on every event is there.';

-- The columns and their meaning stay; what was dropped is added.
CREATE OR REPLACE VIEW report.conservation AS
WITH counted AS (
    SELECT (SELECT coalesce(sum(received), 0)::bigint FROM intake_batch) AS received_events,
        (SELECT count(*) FROM lead) AS leads,
        (SELECT count(*) FROM event WHERE outcome IN ('applied', 'open'))
            + (SELECT coalesce(sum(applied), 0)::bigint FROM dropped_month) AS applied,
        (SELECT count(*) FROM event WHERE outcome = 'refused')
            + (SELECT coalesce(sum(refused), 0)::bigint FROM dropped_month) AS refused,
        (SELECT coalesce(sum(duplicates), 0)::bigint FROM intake_batch) AS duplicates,
        (SELECT count(*) FROM quarantine) AS quarantined,
        (SELECT coalesce(jsonb_object_agg(status, leads), '{}') FROM (
            SELECT status, count(*) AS leads FROM lead GROUP BY status) AS by_status) AS by_status
)
SELECT received_events, leads, applied, refused, duplicates, quarantined, by_status,
    received_events - leads - applied - refused - duplicates - quarantined AS delta
FROM counted;

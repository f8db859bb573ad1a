-- Tallies behind the metrics: exact whatever is killed, and cheap to read with ten million leads.

CREATE TABLE metric_tally (
    metric text NOT NULL,
    labels text[] NOT NULL DEFAULT '{}',
    edge double precision,
    amount bigint NOT NULL
);
COMMENT ON TABLE metric_tally IS 'Insert-only differences of the counters and histograms that agree with the rows; the keeper adds them up now and then.';
COMMENT ON COLUMN metric_tally.edge IS 'Upper edge of the bucket of a histogram; NULL for a counter, and for the sum of a histogram in microseconds.';

-- Events, by the way in --------------------------------------------------------------------------------------------

ALTER TABLE intake_batch ADD COLUMN channel text NOT NULL DEFAULT 'stream';

-- By the database itself, so that the books of conservation balance while two releases write beside each other.
CREATE FUNCTION count_read_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO metric_tally (metric, labels, amount)
    SELECT 'baton_events_received', ARRAY[NEW.channel, outcome], events
    FROM (VALUES ('leads', NEW.leads), ('captured', NEW.captured), ('duplicates', NEW.duplicates),
        ('quarantined', NEW.quarantined)) AS became(outcome, events)
    WHERE events <> 0
    UNION ALL SELECT 'events_read', '{}', NEW.received;
    RETURN NULL;
END $$;

LOCK TABLE intake_batch, lead IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO metric_tally (metric, labels, amount)
WITH tally AS (
    SELECT coalesce(sum(received), 0) AS received, coalesce(sum(leads), 0) AS leads,
        coalesce(sum(captured), 0) AS captured, coalesce(sum(duplicates), 0) AS duplicates,
        coalesce(sum(quarantined), 0) AS quarantined
    FROM intake_batch
)
SELECT 'events_read', '{}'::text[], received FROM tally
UNION ALL
SELECT 'baton_events_received', ARRAY['stream', outcome], events
FROM tally, LATERAL (VALUES ('leads', leads), ('captured', captured), ('duplicates', duplicates),
    ('quarantined', quarantined)) AS became(outcome, events);

CREATE TRIGGER count_read_events AFTER INSERT ON intake_batch FOR EACH ROW EXECUTE FUNCTION count_read_events();

-- How long leads have stood where they stand ------------------------------------------------------------------------

CREATE TABLE status_age (
    status text NOT NULL,
    since timestamptz NOT NULL,
    leads bigint NOT NULL
);
COMMENT ON TABLE status_age IS 'Insert-only differences of how many leads have stood in a status since when, for statuses that leads leave.';

CREATE FUNCTION age_step(since timestamptz) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN since > now() - interval '1 day' THEN date_trunc('minute', since, 'UTC')
    WHEN since > now() - interval '30 days' THEN date_trunc('hour', since, 'UTC')
    ELSE date_trunc('day', since, 'UTC') END;
COMMENT ON FUNCTION age_step IS 'To the minute for a day, to the hour for a month: a status has a few thousand steps at most, however many leads.';

CREATE OR REPLACE FUNCTION count_new_leads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH change AS (
        SELECT status, date_trunc('minute', status_at, 'UTC') AS since, count(*) AS leads FROM arrived GROUP BY 1, 2
    ), aged AS (
        INSERT INTO status_age SELECT status, since, leads FROM change
        WHERE status NOT IN ('diverted', 'suppressed', 'merged', 'converted')
    )
    INSERT INTO status_tally SELECT status, sum(leads) FROM change GROUP BY status;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION count_moved_leads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH change AS (
        SELECT status, date_trunc('minute', status_at, 'UTC') AS since, sum(change) AS leads FROM (
            SELECT status, status_at, 1 AS change FROM after_move
            UNION ALL SELECT status, status_at, -1 FROM before_move) AS moved
        GROUP BY 1, 2 HAVING sum(change) <> 0
    ), aged AS (
        INSERT INTO status_age SELECT status, since, leads FROM change
        WHERE status NOT IN ('diverted', 'suppressed', 'merged', 'converted')
    )
    INSERT INTO status_tally SELECT status, sum(leads) FROM change GROUP BY status HAVING sum(leads) <> 0;
    RETURN NULL;
END $$;

INSERT INTO status_age
SELECT status, age_step(status_at), count(*) FROM lead
WHERE status NOT IN ('diverted', 'suppressed', 'merged', 'converted') GROUP BY 1, 2;

-- Marked overdue and running: the exporter counts what this index holds and nothing else.
CREATE INDEX assignment_overdue ON assignment (overdue_at) WHERE ended_at IS NULL AND overdue_at IS NOT NULL;

-- What the checks of the laws found ---------------------------------------------------------------------------------

CREATE TABLE law_finding (
    holds text PRIMARY KEY,
    law text NOT NULL,
    breaches bigint NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE law_finding IS 'The last result of each check of a law, by `baton audit` or by the exporter on its budget; the metrics read it.';

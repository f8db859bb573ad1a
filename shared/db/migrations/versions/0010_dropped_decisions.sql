-- What was dropped of the decisions of old months, so that the books balance without them.

CREATE TABLE dropped_decisions (
    month date PRIMARY KEY CHECK (month = date_trunc('month', month)::date),
    decisions bigint NOT NULL CHECK (decisions > 0),
    dropped_at timestamptz NOT NULL DEFAULT now(),
    dropped_by text NOT NULL
);
COMMENT ON TABLE dropped_decisions IS 'Months of which the decisions of leads that had ended were dropped, with how many they were.';

CREATE FUNCTION decisions_whole_since() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT coalesce((max(month) + interval '1 month') AT TIME ZONE 'UTC', '-infinity') FROM dropped_decisions);
COMMENT ON FUNCTION decisions_whole_since IS 'The instant from which on every decision is there; of what is older, those of leads that live.';

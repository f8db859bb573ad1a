-- What a rehearsal needs to decide history again: who could take the leads of a batch, and the reps as they were.

CREATE TABLE coverage_snapshot (
    coverage_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    taken_at timestamptz NOT NULL DEFAULT now(),
    roster bigint NOT NULL,
    reps jsonb NOT NULL,
    pools jsonb NOT NULL
);
COMMENT ON TABLE coverage_snapshot IS 'Everybody who could get a lead of a batch as they stood when it was decided, once per batch; decisions refer to it (detail.coverage).';
COMMENT ON COLUMN coverage_snapshot.roster IS 'The revision of the roster that the batch was decided with; rep_history has the reps of it.';
COMMENT ON COLUMN coverage_snapshot.reps IS 'What each rep held, who was away with whose cover, who had departed since that revision.';
COMMENT ON COLUMN coverage_snapshot.pools IS 'The ledger of each pool that was asked: given, and by rep credit, turns, owed, present, last given; what the cap''s window had.';

CREATE TABLE rep_history (
    rep_id text NOT NULL,
    roster bigint NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    status text NOT NULL,
    team text,
    seniority text NOT NULL,
    segments text[] NOT NULL,
    languages text[] NOT NULL,
    skills text[] NOT NULL,
    weight numeric NOT NULL,
    capacity integer,
    calendar text,
    PRIMARY KEY (rep_id, roster)
);
COMMENT ON TABLE rep_history IS 'What pools and rules see of each rep, by the revision of the roster from which it was true.';

INSERT INTO rep_history
SELECT rep_id, roster.revision, now(), status, team, seniority, segments, languages, skills, weight, capacity, calendar
FROM rep, roster;

-- Reps are written first and the revision is raised after them, in one transaction: what it wrote is what has changed.
CREATE FUNCTION keep_rep_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rep_history
    SELECT rep_id, NEW.revision, now(), status, team, seniority, segments, languages, skills, weight, capacity, calendar
    FROM rep WHERE updated_at = now()
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_rep_history AFTER UPDATE OF revision ON roster FOR EACH ROW EXECUTE FUNCTION keep_rep_history();

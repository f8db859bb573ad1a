-- Who looked a version through and left it as it is; who changed it has an activation.
CREATE TABLE policy_review (
    review_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version integer NOT NULL REFERENCES policy_version,
    reviewed_at timestamptz NOT NULL DEFAULT now(),
    reviewed_by text NOT NULL,
    note text
);
COMMENT ON TABLE policy_review IS 'Who looked the version in force through, when, and what they noted.';

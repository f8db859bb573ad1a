-- Plans that were cancelled, and the two promises of versions: what a version says never changes, and neither does what
-- was in force at an instant that is past.

-- A cancelled plan leaves policy_activation, so that whoever asks that table for the version in force, the release
-- before this one as well, needs to know nothing of cancellations.
CREATE TABLE policy_cancellation (
    activation_id bigint PRIMARY KEY,
    version integer NOT NULL REFERENCES policy_version,
    effective_at timestamptz NOT NULL,
    requested_at timestamptz NOT NULL,
    requested_by text NOT NULL,
    approved_by text,
    note text,
    overridden jsonb NOT NULL,
    cancelled_at timestamptz NOT NULL,
    cancelled_by text NOT NULL,
    cancel_note text,
    CHECK (cancelled_at < effective_at)
);
COMMENT ON TABLE policy_cancellation IS 'Activations that were taken back before they took effect, as they were asked for, and who took them back.';

-- Asked at the commit and a second early: whoever reads after the minute has come finds the plan, or finds it gone, and
-- so does everybody else.
CREATE FUNCTION policy_history_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.effective_at <= clock_timestamp() + interval '1 second' THEN
        RAISE EXCEPTION 'activation % of policy version % has taken effect at %', OLD.activation_id, OLD.version,
            OLD.effective_at USING ERRCODE = 'check_violation', CONSTRAINT = 'policy_history_stays';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER policy_history_stays AFTER DELETE ON policy_activation
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION policy_history_stays();

CREATE FUNCTION policy_version_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'policy version % cannot change: store another one', OLD.version
        USING ERRCODE = 'check_violation', CONSTRAINT = 'policy_version_stays';
END $$;
CREATE TRIGGER policy_version_stays BEFORE DELETE OR UPDATE OF version, name, document, sha256, created_by
    ON policy_version FOR EACH ROW EXECUTE FUNCTION policy_version_stays();

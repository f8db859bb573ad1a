-- Bulk reassignment: a plan is rows that people review, and what became of each of them.

COMMENT ON TABLE pool_ledger IS 'How far each member is behind its share; the units are explained in shared/routing/policy/balance.py.';

CREATE TABLE reassignment_plan (
    plan_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state text NOT NULL DEFAULT 'planning' CHECK (state IN (
        'planning', 'planned', 'applying', 'paused', 'applied', 'cancelled', 'undoing', 'undone')),
    scope jsonb NOT NULL,
    target text NOT NULL,
    clock text NOT NULL CHECK (clock IN ('keep', 'restart')),
    accepted text NOT NULL CHECK (accepted IN ('offer', 'keep')),
    policy_version integer NOT NULL REFERENCES policy_version,
    request_id text UNIQUE,
    note text,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    applied_by text,
    applied_at timestamptz,
    undone_by text,
    undone_at timestamptz,
    finished_at timestamptz,
    rate double precision CHECK (rate > 0),
    next_at timestamptz,
    told_at timestamptz,
    unchanged integer NOT NULL DEFAULT 0,
    pending integer NOT NULL DEFAULT 0,
    blocked integer NOT NULL DEFAULT 0,
    moved integer NOT NULL DEFAULT 0,
    skipped integer NOT NULL DEFAULT 0,
    undone integer NOT NULL DEFAULT 0,
    kept integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE reassignment_plan IS 'Who is to get which leads, reviewed before anything moves; its tallies are written with each batch.';
COMMENT ON COLUMN reassignment_plan.request_id IS 'The message that asked for it: delivered twice, it makes one plan.';
COMMENT ON COLUMN reassignment_plan.next_at IS 'When the next batch is due; the keeper hands on a plan whose batch nobody took.';
COMMENT ON COLUMN reassignment_plan.told_at IS 'Reps know of what was settled until then: they get one notice for many leads, not one per batch.';
-- The keeper asks which plans move and nobody moves.
CREATE INDEX reassignment_plan_running ON reassignment_plan (next_at) WHERE state IN ('applying', 'undoing');

CREATE TABLE reassignment_move (
    plan_id bigint NOT NULL REFERENCES reassignment_plan,
    lead_id bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'blocked', 'moved', 'skipped', 'undone', 'kept')),
    reason text,
    epoch integer NOT NULL,
    from_status text NOT NULL,
    from_kind text NOT NULL,
    from_owner text NOT NULL,
    to_kind text,
    to_owner text,
    pool text,
    rule text,
    ladder smallint,
    former jsonb,
    new_epoch integer,
    settled_at timestamptz,
    PRIMARY KEY (plan_id, lead_id),
    CHECK ((state IN ('blocked', 'skipped', 'kept')) = (reason IS NOT NULL)),
    CHECK ((state IN ('moved', 'undone', 'kept')) = (new_epoch IS NOT NULL)),
    CHECK (state = 'blocked' OR to_owner IS NOT NULL)
) WITH (fillfactor = 70);
COMMENT ON COLUMN reassignment_move.epoch IS 'The custody that the plan saw; a lead with another one has moved on and is skipped.';
COMMENT ON COLUMN reassignment_move.ladder IS 'Which entry of the plan''s policy holds the new owner to the clock; NULL: none does.';
COMMENT ON COLUMN reassignment_move.former IS 'What the lead had when it was moved and is to have again: hold reason, mark, next attempt.';
-- The next batch of a plan, forwards and back.
CREATE INDEX reassignment_move_next ON reassignment_move (plan_id, lead_id) WHERE state = 'pending';
CREATE INDEX reassignment_move_back ON reassignment_move (plan_id, lead_id) WHERE state = 'moved';

CREATE VIEW report.plan AS
SELECT plan_id, state, scope, target, clock, accepted, policy_version, note, made_by, made_at, expires_at, applied_by,
    applied_at, undone_by, undone_at, finished_at, unchanged, pending, blocked, moved, skipped, undone, kept
FROM reassignment_plan;

CREATE VIEW report.plan_move AS
SELECT plan_id, lead_id, state, reason, from_status, from_kind, from_owner, to_kind, to_owner, pool, rule, settled_at
FROM reassignment_move;

DO $$
BEGIN
    GRANT SELECT ON report.plan, report.plan_move TO baton_reader;
EXCEPTION
    WHEN undefined_object OR insufficient_privilege THEN
        RAISE NOTICE 'the role baton_reader could not be given the views report.plan and report.plan_move';
END $$;

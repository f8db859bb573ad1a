-- The foundation: what was captured, who the lead is, who holds it, on which clock, and why.
-- Instants are timestamptz, names are the words of CONTRACTS and the glossary, ids of reference data are the CRM's own text.

-- Intake ------------------------------------------------------------------------------------------------------------

CREATE TABLE event_key (
    source text NOT NULL,
    id text NOT NULL,
    lead_id bigint,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, id)
);
COMMENT ON TABLE event_key IS 'The idempotency key of every event that was read: small, never partitioned, so that a repeat is known for good.';

CREATE TABLE event (
    source text NOT NULL,
    id text NOT NULL,
    type text NOT NULL,
    time timestamptz,
    data jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    lead_id bigint,
    outcome text NOT NULL CHECK (outcome IN ('lead', 'open', 'applied', 'refused')),
    reason text,
    event_number bigint GENERATED ALWAYS AS IDENTITY,
    CHECK ((outcome = 'refused') = (reason IS NOT NULL))
) PARTITION BY RANGE (received_at);
COMMENT ON COLUMN event.outcome IS 'lead: became a lead row; open: captured, not yet settled; applied or refused: settled.';
CREATE INDEX event_of_lead ON event (lead_id) WHERE lead_id IS NOT NULL;
CREATE INDEX event_open ON event (event_number) WHERE outcome = 'open';

CREATE TABLE intake_batch (
    batch_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT now(),
    first_entry bigint NOT NULL,
    last_entry bigint NOT NULL,
    entries bigint[] NOT NULL,
    received integer NOT NULL,
    leads integer NOT NULL,
    captured integer NOT NULL,
    duplicates integer NOT NULL,
    quarantined integer NOT NULL
);
COMMENT ON TABLE intake_batch IS 'The insert-only tally of what was read, and which stream entries it counted, so that an entry delivered twice counts once.';
CREATE INDEX intake_batch_range ON intake_batch (last_entry, first_entry);

CREATE TABLE quarantine (
    quarantine_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256 bytea NOT NULL UNIQUE,
    body bytea NOT NULL,
    event_source text,
    event_id text,
    reason text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    resolved_at timestamptz,
    resolution text CHECK (resolution IN ('replayed', 'discarded')),
    resolved_by text,
    CHECK ((resolved_at IS NULL) = (resolution IS NULL))
);
CREATE INDEX quarantine_open ON quarantine (received_at) WHERE resolved_at IS NULL;

-- Reference data ----------------------------------------------------------------------------------------------------

CREATE TABLE rep (
    rep_id text PRIMARY KEY,
    name text NOT NULL,
    email text,
    manager_email text,
    manager_channel text,
    team text,
    timezone text,
    status text NOT NULL CHECK (status IN ('active', 'departed')),
    seniority text NOT NULL DEFAULT 'regular' CHECK (seniority IN ('junior', 'regular', 'senior')),
    segments text[] NOT NULL DEFAULT '{}',
    languages text[] NOT NULL DEFAULT '{}',
    skills text[] NOT NULL DEFAULT '{}',
    weight numeric NOT NULL DEFAULT 1 CHECK (weight >= 0),
    capacity integer CHECK (capacity >= 0),
    calendar text,
    slack_id text,
    as_of timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE roster (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    revision bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE roster IS 'Counts the changes of reps, so that a process knows when to read them again.';
INSERT INTO roster DEFAULT VALUES;

CREATE TABLE rep_load (
    rep_id text PRIMARY KEY,
    open_leads integer NOT NULL DEFAULT 0,
    assigned_total bigint NOT NULL DEFAULT 0,
    overdue_total bigint NOT NULL DEFAULT 0,
    missed_total bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON TABLE rep_load IS 'What a rep holds now (offered and accepted) and ever held; written only by custody, compared with the assignments by the audit.';

CREATE TABLE absence (
    rep_id text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    cover_rep_id text,
    stop_before interval NOT NULL DEFAULT '0',
    as_of timestamptz NOT NULL,
    handled_at timestamptz,
    PRIMARY KEY (rep_id, starts_at),
    CHECK (starts_at < ends_at)
);
COMMENT ON COLUMN absence.handled_at IS 'When the keeper gave away what the rep held as the absence began.';
CREATE INDEX absence_by_end ON absence (ends_at);
CREATE INDEX absence_to_come ON absence (starts_at) WHERE handled_at IS NULL;

CREATE TABLE account (
    account_id text PRIMARY KEY,
    name text NOT NULL,
    company_key text,
    domain text,
    country text,
    state text,
    postal_code text,
    employees integer,
    employees_upper integer,
    industry text,
    status text NOT NULL DEFAULT 'prospect' CHECK (status IN ('prospect', 'customer', 'former')),
    owner_rep_id text,
    named boolean NOT NULL DEFAULT false,
    parent_account_id text,
    as_of timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    revision xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX account_by_domain ON account (domain) WHERE domain IS NOT NULL;
CREATE INDEX account_by_company ON account (company_key) WHERE company_key IS NOT NULL;
CREATE INDEX account_by_revision ON account (revision);
COMMENT ON COLUMN account.revision IS 'The transaction that last wrote the row: readers fetch what is not older than the snapshot they saw last.';

CREATE TABLE opportunity (
    opportunity_id text PRIMARY KEY,
    account_id text,
    name text,
    stage text,
    is_open boolean NOT NULL,
    owner_rep_id text,
    amount numeric,
    opened_at timestamptz,
    closed_at timestamptz,
    as_of timestamptz NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX opportunity_open ON opportunity (account_id) WHERE is_open AND account_id IS NOT NULL;

CREATE TABLE reference_change (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    inserted integer NOT NULL,
    updated integer NOT NULL
);
COMMENT ON TABLE reference_change IS 'Who changed reference data by file or command, and how much of it; events name themselves in the table event.';

CREATE TABLE engagement (
    email text NOT NULL,
    signal text NOT NULL,
    times integer NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (email, signal)
);

CREATE TABLE vendor_answer (
    provider text NOT NULL,
    domain text NOT NULL,
    answer jsonb,
    asked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, domain)
);
COMMENT ON TABLE vendor_answer IS 'The cache of the enrichment vendors; a NULL answer means the vendor does not know the domain.';

-- Policy ------------------------------------------------------------------------------------------------------------

CREATE TABLE policy_version (
    version integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    document text NOT NULL,
    sha256 text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL
);

CREATE TABLE policy_activation (
    activation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version integer NOT NULL REFERENCES policy_version,
    effective_at timestamptz NOT NULL DEFAULT now(),
    requested_at timestamptz NOT NULL DEFAULT now(),
    requested_by text NOT NULL,
    approved_by text,
    note text,
    overridden jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX policy_activation_latest ON policy_activation (effective_at DESC, activation_id DESC);

-- Leads -------------------------------------------------------------------------------------------------------------

CREATE TABLE lead (
    lead_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    status text NOT NULL DEFAULT 'received' CHECK (status IN (
        'received', 'buffering', 'matched', 'offered', 'pooled', 'accepted', 'held',
        'nurturing', 'diverted', 'suppressed', 'merged', 'converted')),
    status_at timestamptz NOT NULL DEFAULT now(),
    moving boolean GENERATED ALWAYS AS (status IN ('received', 'buffering', 'matched')) STORED,
    epoch integer NOT NULL DEFAULT 0,
    decisions integer NOT NULL DEFAULT 0,
    attempts smallint NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    release_at timestamptz,
    received_at timestamptz NOT NULL DEFAULT now(),
    qualified_at timestamptz,
    assigned_at timestamptz,
    accepted_at timestamptz,
    first_touch_at timestamptz,
    meeting_booked_at timestamptz,
    converted_at timestamptz,
    policy_version integer,
    intent smallint,
    test boolean NOT NULL DEFAULT false,
    event_source text NOT NULL,
    event_id text NOT NULL,
    account_id text,
    segment text,
    product text,
    rule text,
    hold_reason text,
    recycle_reason text,
    track text,
    merged_into bigint,
    directive jsonb,
    opportunity_id text,
    amount numeric,
    CHECK ((status = 'held') = (hold_reason IS NOT NULL)),
    CHECK ((status = 'merged') = (merged_into IS NOT NULL)),
    CHECK (status <> 'nurturing' OR track IS NOT NULL),
    CHECK (merged_into <> lead_id)
    -- A batch updates every row of its pages at once: a second version of each finds room beside the first.
) WITH (fillfactor = 50);
COMMENT ON COLUMN lead.epoch IS 'How many custodies the lead has had; the fence of every deadline and every stale hint.';
COMMENT ON COLUMN lead.directive IS 'Where the next assignment is to look instead of the rules: {targets, without, reason}, left by a clock or an answer.';
COMMENT ON COLUMN lead.attempts IS 'How often the sweep handed the lead on in its present status.';
COMMENT ON COLUMN lead.moving IS 'Whether the pipeline owns the lead; what seeks such leads asks this column, what names its leads asks their status.';
-- Only the sweep looks here. No index names the status itself: the moves from stage to stage stay heap-only, and a batch
-- that names its leads cannot be led to read all that move.
CREATE INDEX lead_moving ON lead (received_at) WHERE moving;
-- Leads that wait for somebody to be there: the keeper decides them again, oldest first.
CREATE INDEX lead_retry ON lead (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- Who joined a lead: its later submissions.
CREATE INDEX lead_merged ON lead (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE fact_sheet (
    lead_id bigint PRIMARY KEY,
    email text,
    domain text,
    sheet jsonb NOT NULL
);
COMMENT ON TABLE fact_sheet IS 'What is known about a lead: facts, where each came from, what was blank, what was not understood, what contradicts.';
CREATE INDEX fact_sheet_by_email ON fact_sheet (email) WHERE email IS NOT NULL;

CREATE TABLE person_key (
    key text PRIMARY KEY,
    lead_id bigint NOT NULL
);
COMMENT ON TABLE person_key IS 'One lead per person: every key belongs to at most one lead that lives or is suppressed. Always written in sorted order.';
CREATE INDEX person_key_of_lead ON person_key (lead_id);

CREATE TABLE decision (
    lead_id bigint NOT NULL,
    sequence integer NOT NULL,
    stage text NOT NULL,
    outcome text NOT NULL,
    rule text,
    policy_version integer,
    detail jsonb NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    made_by text
) PARTITION BY RANGE (decided_at);
CREATE INDEX decision_of_lead ON decision (lead_id, sequence);

-- Pools -------------------------------------------------------------------------------------------------------------

CREATE TABLE pool (
    pool text PRIMARY KEY,
    given bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON TABLE pool IS 'The lock of a pool''s ledger, and how many leads the pool has given.';

CREATE TABLE pool_ledger (
    pool text NOT NULL REFERENCES pool,
    rep_id text NOT NULL,
    credit bigint NOT NULL DEFAULT 0,
    turns bigint NOT NULL DEFAULT 0,
    owed integer NOT NULL DEFAULT 0,
    present boolean NOT NULL DEFAULT false,
    last_given bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (pool, rep_id)
) WITH (fillfactor = 50);
COMMENT ON TABLE pool_ledger IS 'How far each member is behind its share; the units are explained in workers/assignment/policy/balance.py.';

CREATE TABLE pool_adjustment (
    adjustment_id text PRIMARY KEY,
    pool text NOT NULL,
    rep_id text NOT NULL,
    leads integer NOT NULL,
    note text NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE pool_snapshot (
    snapshot_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pool text NOT NULL,
    policy_version integer NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT now(),
    seats jsonb NOT NULL
);
COMMENT ON TABLE pool_snapshot IS 'A pool as it stood when a batch was decided, once per batch and pool; decisions refer to it.';

-- Custody -----------------------------------------------------------------------------------------------------------

CREATE TABLE assignment (
    assignment_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lead_id bigint NOT NULL,
    epoch integer NOT NULL,
    owner_kind text NOT NULL CHECK (owner_kind IN ('rep', 'queue')),
    owner text NOT NULL,
    reason text NOT NULL CHECK (reason IN (
        'rule', 'open_opportunity', 'account_owner', 'claim', 'reassignment', 'escalation', 'manual')),
    rule text,
    policy_version integer NOT NULL,
    pool text,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    end_reason text,
    overdue_at timestamptz,
    seen_at timestamptz,
    touched_at timestamptz,
    plan_id bigint,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
    CHECK (ended_at >= started_at)
) WITH (fillfactor = 80);
COMMENT ON COLUMN assignment.pool IS 'The pool whose ledger this assignment was debited to; NULL for direct owners.';
CREATE UNIQUE INDEX assignment_epoch ON assignment (lead_id, epoch);
-- Law 2: no lead has two custodies at a time.
CREATE UNIQUE INDEX assignment_active ON assignment (lead_id) WHERE ended_at IS NULL;
CREATE INDEX assignment_of_owner ON assignment (owner_kind, owner) WHERE ended_at IS NULL;
-- Limits count what a rep claimed in a window.
CREATE INDEX assignment_claims ON assignment (owner, started_at) WHERE reason = 'claim';
-- Caps count what a pool gave in a window.
CREATE INDEX assignment_of_pool ON assignment (pool, started_at) WHERE pool IS NOT NULL;

CREATE TABLE deadline (
    lead_id bigint NOT NULL,
    epoch integer NOT NULL,
    ladder text NOT NULL CHECK (ladder IN ('accept', 'first_touch', 'queue', 'buffer', 'track')),
    step smallint NOT NULL,
    action text NOT NULL CHECK (action IN ('remind', 'flag_overdue', 'move_to', 'release', 'escalate', 're_engage')),
    due_at timestamptz NOT NULL,
    policy_version integer NOT NULL,
    detail jsonb,
    fired_at timestamptz,
    fired_by text CHECK (fired_by IN ('countdown', 'keeper', 'answer')),
    cancelled_at timestamptz,
    deferred_until timestamptz,
    -- When it is to fire, as long as it is open; a plain column, so that the keeper reads the index alone.
    fire_at timestamptz GENERATED ALWAYS AS (
        CASE WHEN fired_at IS NULL AND cancelled_at IS NULL THEN greatest(due_at, deferred_until) END) STORED,
    PRIMARY KEY (lead_id, epoch, ladder, step),
    CHECK (due_at = date_trunc('second', due_at)),
    CHECK (fired_at IS NULL OR cancelled_at IS NULL),
    CHECK ((fired_at IS NULL) = (fired_by IS NULL)),
    -- Law 3: never before it is due.
    CHECK (fired_at >= due_at)
) WITH (fillfactor = 80);
-- For what seeks by time. What names its leads says `fired_at IS NULL AND cancelled_at IS NULL`, which is not the index's
-- condition: a planner without statistics would read every open deadline for a handful of leads.
CREATE INDEX deadline_open ON deadline (fire_at, lead_id) WHERE fire_at IS NOT NULL;

-- The cap after an outage counts the moves of the last minutes.
CREATE INDEX deadline_moved ON deadline (fired_at) WHERE action = 'move_to' AND fired_at IS NOT NULL;

CREATE TABLE escalation_pause (
    pause_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    paused_at timestamptz NOT NULL DEFAULT now(),
    paused_by text NOT NULL,
    note text,
    resumed_at timestamptz,
    resumed_by text
);
COMMENT ON TABLE escalation_pause IS 'While a row is open, moves wait (deferred); marks and notices do not.';
CREATE UNIQUE INDEX escalation_paused ON escalation_pause ((true)) WHERE resumed_at IS NULL;

CREATE TABLE notice (
    notice_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN (
        'reminder', 'overdue', 'shark_tank', 'unclaimed', 'priority', 'exception', 'reassigned', 'vocabulary',
        'nurture', 'signal')),
    recipient text NOT NULL,
    addressee text NOT NULL CHECK (addressee IN ('rep', 'manager', 'queue', 'ops', 'track')),
    channel text NOT NULL CHECK (channel IN ('slack', 'webhook', 'none')),
    lead_ids bigint[] NOT NULL,
    body jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    message_id bigint,
    address text,
    sent_at timestamptz,
    outcome text CHECK (outcome IN ('sent', 'failed', 'not_configured')),
    reason text,
    receipt text,
    CHECK ((sent_at IS NOT NULL) = (outcome IS NOT DISTINCT FROM 'sent'))
);
COMMENT ON TABLE notice IS 'The outbox: what is to be told, written in the transaction of what it speaks of; it is kept when it is told.';
COMMENT ON COLUMN notice.addressee IS 'Who the recipient is: a rep, the manager of a rep, a queue''s or an owner''s address, the receiver of a track.';
COMMENT ON COLUMN notice.channel IS 'Over what it is told; none: nothing was configured, and nothing left.';
COMMENT ON COLUMN notice.next_attempt_at IS 'Not before; while it is being sent this is the end of the sender''s lease.';
COMMENT ON COLUMN notice.attempts IS 'Counted before each attempt, and so the fence of every sender.';
COMMENT ON COLUMN notice.message_id IS 'The idempotency key of the message that told it: the first notice of the message, the same at every attempt.';
COMMENT ON COLUMN notice.receipt IS 'What the receiver answered: Slack''s channel and time stamp, or an HTTP status.';
CREATE INDEX notice_unsent ON notice (next_attempt_at) WHERE outcome IS NULL;
CREATE INDEX notice_on_its_way ON notice (message_id) WHERE outcome IS NULL AND message_id IS NOT NULL;
CREATE INDEX notice_of_lead ON notice USING gin (lead_ids);

CREATE TABLE notice_line (
    channel text NOT NULL,
    address text NOT NULL,
    busy_until timestamptz NOT NULL DEFAULT to_timestamp(0),
    free_at timestamptz NOT NULL DEFAULT to_timestamp(0),
    PRIMARY KEY (channel, address)
) WITH (fillfactor = 50);
COMMENT ON TABLE notice_line IS 'One line per address: its row is the lock of who sends there, and says how long the receiver wants to be left alone.';

-- Laws the database keeps by itself -----------------------------------------------------------------------------------

CREATE TABLE lead_move (
    from_status text NOT NULL,
    to_status text NOT NULL,
    PRIMARY KEY (from_status, to_status)
);
COMMENT ON TABLE lead_move IS 'The legal moves as data, for reports and the audit; a test compares them with shared.domain.lead.MOVES.';
INSERT INTO lead_move VALUES
    ('received', 'buffering'), ('received', 'held'),
    ('buffering', 'matched'), ('buffering', 'merged'), ('buffering', 'suppressed'), ('buffering', 'held'),
    ('matched', 'offered'), ('matched', 'pooled'), ('matched', 'held'), ('matched', 'nurturing'),
    ('matched', 'diverted'), ('matched', 'suppressed'),
    ('offered', 'accepted'), ('offered', 'offered'), ('offered', 'pooled'), ('offered', 'held'),
    ('offered', 'nurturing'), ('offered', 'diverted'), ('offered', 'suppressed'), ('offered', 'merged'),
    ('offered', 'converted'),
    ('pooled', 'accepted'), ('pooled', 'offered'), ('pooled', 'held'), ('pooled', 'nurturing'),
    ('pooled', 'diverted'), ('pooled', 'suppressed'), ('pooled', 'merged'), ('pooled', 'converted'),
    ('accepted', 'accepted'), ('accepted', 'offered'), ('accepted', 'pooled'), ('accepted', 'held'),
    ('accepted', 'nurturing'), ('accepted', 'diverted'), ('accepted', 'suppressed'), ('accepted', 'merged'),
    ('accepted', 'converted'),
    ('held', 'matched'), ('held', 'offered'), ('held', 'pooled'), ('held', 'nurturing'), ('held', 'diverted'),
    ('held', 'suppressed'), ('held', 'merged'), ('held', 'converted'),
    ('nurturing', 'buffering'), ('nurturing', 'suppressed'), ('nurturing', 'merged'), ('nurturing', 'converted');

-- A constant expression and not a look-up: it runs for every row that every stage moves.
CREATE FUNCTION lead_status_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (CASE OLD.status
        WHEN 'received' THEN NEW.status IN ('buffering', 'held')
        WHEN 'buffering' THEN NEW.status IN ('matched', 'merged', 'suppressed', 'held')
        WHEN 'matched' THEN NEW.status IN ('offered', 'pooled', 'held', 'nurturing', 'diverted', 'suppressed')
        WHEN 'offered' THEN NEW.status NOT IN ('received', 'buffering', 'matched')
        WHEN 'accepted' THEN NEW.status NOT IN ('received', 'buffering', 'matched')
        WHEN 'pooled' THEN NEW.status NOT IN ('received', 'buffering', 'matched', 'pooled')
        WHEN 'held' THEN NEW.status NOT IN ('received', 'buffering', 'accepted', 'held')
        WHEN 'nurturing' THEN NEW.status IN ('buffering', 'suppressed', 'merged', 'converted')
        ELSE false END) THEN
        RAISE EXCEPTION 'lead % cannot move from % to %', OLD.lead_id, OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lead_status_moves';
    END IF;
    NEW.status_at := now();
    NEW.attempts := 0;
    RETURN NEW;
END $$;
CREATE TRIGGER lead_status_moves BEFORE UPDATE OF status ON lead
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION lead_status_moves();

-- Tallies: what dashboards ask every few seconds must not count tables ------------------------------------------------

CREATE TABLE status_tally (
    status text NOT NULL,
    leads bigint NOT NULL
);
COMMENT ON TABLE status_tally IS 'Insert-only differences of how many leads stand in each status; the keeper adds them up now and then.';

-- Once per statement, however many leads it moves: no counter row that every batch would wait for.
CREATE FUNCTION count_new_leads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO status_tally SELECT status, count(*) FROM arrived GROUP BY status;
    RETURN NULL;
END $$;
CREATE TRIGGER count_new_leads AFTER INSERT ON lead
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION count_new_leads();

CREATE FUNCTION count_moved_leads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO status_tally
    SELECT status, sum(change) FROM (
        SELECT status, 1 AS change FROM after_move UNION ALL SELECT status, -1 FROM before_move) AS moved
    GROUP BY status HAVING sum(change) <> 0;
    RETURN NULL;
END $$;
CREATE TRIGGER count_moved_leads AFTER UPDATE ON lead
    REFERENCING OLD TABLE AS before_move NEW TABLE AS after_move
    FOR EACH STATEMENT EXECUTE FUNCTION count_moved_leads();

-- Partitions ----------------------------------------------------------------------------------------------------------

CREATE FUNCTION ensure_partitions(first date, months integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    parent text;
    month date;
    made integer := 0;
BEGIN
    FOREACH parent IN ARRAY ARRAY['event', 'decision'] LOOP
        FOR i IN 0 .. months - 1 LOOP
            month := (date_trunc('month', first) + make_interval(months => i))::date;
            IF to_regclass(format('%I', parent || to_char(month, '_YYYYMM'))) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                    parent || to_char(month, '_YYYYMM'), parent, month, (month + interval '1 month')::date);
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
COMMENT ON FUNCTION ensure_partitions IS 'Makes the monthly partitions that are missing; the keeper calls it daily, a year ahead would do.';
SELECT ensure_partitions(current_date, 3);
CREATE TABLE event_other PARTITION OF event DEFAULT;
CREATE TABLE decision_other PARTITION OF decision DEFAULT;

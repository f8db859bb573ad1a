-- What reports read: CONTRACTS 6. The role baton_reader sees these views and nothing else.

CREATE SCHEMA report;

CREATE VIEW report.lead AS
SELECT lead.lead_id, lead.event_source, lead.event_id,
    fact_sheet.sheet -> 'facts' ->> 'email' AS email,
    fact_sheet.sheet -> 'facts' ->> 'company' AS company,
    fact_sheet.domain,
    lead.account_id,
    fact_sheet.sheet -> 'facts' ->> 'lead_type' AS lead_type,
    fact_sheet.sheet -> 'facts' ->> 'channel' AS channel,
    fact_sheet.sheet -> 'facts' ->> 'original_source' AS original_source,
    fact_sheet.sheet -> 'facts' ->> 'campaign' AS campaign,
    fact_sheet.sheet -> 'facts' ->> 'country' AS country,
    fact_sheet.sheet -> 'facts' ->> 'state' AS state,
    lead.segment,
    coalesce(lead.product, fact_sheet.sheet -> 'facts' ->> 'product') AS product,
    lead.intent,
    lead.status, lead.hold_reason, lead.recycle_reason,
    holder.owner_kind, holder.owner,
    lead.rule, lead.policy_version,
    lead.received_at, lead.qualified_at, lead.assigned_at, lead.accepted_at, lead.first_touch_at,
    lead.meeting_booked_at, lead.converted_at, lead.opportunity_id, lead.amount,
    holder.overdue_at IS NOT NULL AS overdue,
    lead.merged_into, lead.test
FROM lead
LEFT JOIN fact_sheet USING (lead_id)
LEFT JOIN assignment AS holder ON holder.lead_id = lead.lead_id AND holder.ended_at IS NULL;

CREATE VIEW report.assignment AS
SELECT assignment_id, lead_id, epoch, owner_kind, owner, reason, rule, policy_version, started_at, ended_at, end_reason,
    overdue_at, plan_id
FROM assignment;

CREATE VIEW report.deadline AS
SELECT lead_id, epoch, ladder, step, action, due_at, fired_at, fired_by, cancelled_at, deferred_until
FROM deadline;

CREATE VIEW report.decision AS
SELECT lead_id, sequence, stage, outcome, rule, policy_version, detail, decided_at
FROM decision;

CREATE VIEW report.notification AS
SELECT notice_id AS notification_id, kind, recipient, channel, lead_ids, created_at, sent_at, attempts, outcome,
    addressee, address, reason, message_id, receipt
FROM notice;

CREATE VIEW report.quarantine AS
SELECT event_source, event_id, reason, received_at, resolved_at
FROM quarantine;

CREATE VIEW report.rep AS
SELECT rep.rep_id, rep.team, rep.status,
    coalesce(rep_load.open_leads, 0) AS open_leads,
    rep.capacity,
    coalesce(rep_load.assigned_total, 0) AS assigned_total,
    coalesce(rep_load.overdue_total, 0) AS overdue_total,
    coalesce(rep_load.missed_total, 0) AS missed_total
FROM rep
LEFT JOIN rep_load USING (rep_id);

-- received_events and duplicates come from the tally; every other column counts its own table.
CREATE VIEW report.conservation AS
WITH counted AS (
    SELECT (SELECT coalesce(sum(received), 0)::bigint FROM intake_batch) AS received_events,
        (SELECT count(*) FROM lead) AS leads,
        (SELECT count(*) FROM event WHERE outcome IN ('applied', 'open')) AS applied,
        (SELECT count(*) FROM event WHERE outcome = 'refused') AS refused,
        (SELECT coalesce(sum(duplicates), 0)::bigint FROM intake_batch) AS duplicates,
        (SELECT count(*) FROM quarantine) AS quarantined,
        (SELECT coalesce(jsonb_object_agg(status, leads), '{}') FROM (
            SELECT status, count(*) AS leads FROM lead GROUP BY status) AS by_status) AS by_status
)
SELECT received_events, leads, applied, refused, duplicates, quarantined, by_status,
    received_events - leads - applied - refused - duplicates - quarantined AS delta
FROM counted;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'baton_reader') THEN
        CREATE ROLE baton_reader NOLOGIN;
    END IF;
    GRANT USAGE ON SCHEMA report TO baton_reader;
    GRANT SELECT ON ALL TABLES IN SCHEMA report TO baton_reader;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'the role baton_reader could not be made: ask an administrator to create it and to grant SELECT on schema report';
    WHEN duplicate_object OR unique_violation THEN
        -- Two databases of one server migrated at the same moment.
        GRANT USAGE ON SCHEMA report TO baton_reader;
        GRANT SELECT ON ALL TABLES IN SCHEMA report TO baton_reader;
END $$;

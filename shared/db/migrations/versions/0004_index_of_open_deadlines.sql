-- Finding what is due reads the index alone: what is late is told from what the buffer holds by the ladder's name, which
-- now stands in the index beside the lead. Writers of deadlines wait while it is built, as long as one look at the table
-- takes; only open deadlines are in it.
DROP INDEX deadline_open;
-- For what seeks by time. What names its leads says `fired_at IS NULL AND cancelled_at IS NULL`, which is not the index's
-- condition: a planner without statistics would read every open deadline for a handful of leads.
CREATE INDEX deadline_open ON deadline (fire_at, lead_id) INCLUDE (ladder) WHERE fire_at IS NOT NULL;

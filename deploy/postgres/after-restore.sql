-- After a restore, before any process of Baton starts: psql -f after-restore.sql
--
-- Numbers that were given out after the backup would be given again, to other leads, batches and messages. Others remember
-- them: the CRM the ids of leads, receivers the keys of messages that they have seen. Jump over them, by more than a year
-- of leads takes.
DO $$
DECLARE
    numbers record;
BEGIN
    FOR numbers IN
        SELECT format('%I.%I', schemaname, sequencename)::regclass AS sequence, last_value
        FROM pg_sequences WHERE schemaname = 'public' AND data_type = 'bigint'::regtype AND last_value IS NOT NULL
    LOOP
        PERFORM setval(numbers.sequence, numbers.last_value + 1000000000);
    END LOOP;
END $$;
-- A restored database has no statistics, and would plan its first statements blindly.
ANALYZE;

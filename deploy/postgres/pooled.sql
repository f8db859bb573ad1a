-- Behind a pooler the role carries what Baton otherwise asks for at each connection (shared/db/engine.py).
-- psql -v role=baton -f pooled.sql, once, as an administrator.
ALTER ROLE :"role" SET timezone = 'UTC';
ALTER ROLE :"role" SET statement_timeout = '30s';
ALTER ROLE :"role" SET lock_timeout = '5s';
ALTER ROLE :"role" SET idle_in_transaction_session_timeout = '30s';

"""One function per statement: scopes, plans, and the batches in which they are moved."""

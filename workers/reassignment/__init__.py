"""Many leads are moved at once: planned, reviewed, applied in batches, and undone."""
